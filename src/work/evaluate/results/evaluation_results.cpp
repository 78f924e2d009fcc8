#include "work/evaluate/results/evaluation_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/error.h"
#include "base/parallel_pieces.h"
#include "base/sha256.h"
#include "validation/sharpe.h"
#include "validation/trial_clusters.h"
#include "work/evaluate/results/synthetic_notes.h"
#include "work/evaluate/results/trading_results.h"
#include "work/evaluate/rows/label_reach.h"
#include "work/evaluate/rows/shared_training.h"
#include "work/evaluate/rows/telling_features.h"

namespace moola::work {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kEquityPoints = 600, kCostCurves = 6;

bool is_alone(const LoadedEvaluateConfig& config) {
  return std::ranges::count(config.configurations, false, &Configuration::baseline) == 1;
}

class Assembly {
 public:
  Assembly(const LoadedEvaluateConfig& config, const EvaluationData& data, const std::optional<Prices>& prices,
           const std::vector<const EvaluationSplits*>& splits, const std::vector<std::vector<const FoldResult*>>& folds,
           unsigned threads)
      : config_(config), data_(data), prices_(prices), splits_(splits), folds_(folds), threads_(threads) {
    if (prices) out_.clock = return_clock(data, *prices);
    if (!prices || out_.clock.empty()) return;
    out_.periods_per_year = prices->periods_per_year;
    const auto [begin, end] = tested_clock();
    const std::size_t points = std::min(kEquityPoints, end - begin);
    for (std::size_t i = 1; i <= points; ++i) out_.equity_at.push_back(begin + (end - begin) * i / points - 1);
  }

  EvaluationResults run() {
    const std::size_t count = config_.configurations.size();
    out_.configurations.resize(count);
    forecasts_.resize(count);
    for_each_piece(count, threads_, [&](std::size_t c) { one(c); });
    out_.tested = tested_rows();
    if (prices_) {
      const PathReturns held = hold_path(data_, *prices_, out_.clock, splits_.front()->paths.front());
      out_.hold_returns = held.net;
      out_.hold = validation::summarise_path(finite(held.net));
    }
    intervals();
    if (prices_) {
      never_traded();
      overfitting();
      sharpe_family();
    }
    choose_best();
    look_closer();
    gates();
    say();
    return std::move(out_);
  }

 private:
  // The numbers of the clock from the first row that is tested until the last one's label is known.
  std::pair<std::size_t, std::size_t> tested_clock() const {
    std::int64_t first = INT64_MAX, last = INT64_MIN;
    for (const EvaluationSplits::Part& part : splits_.front()->paths.front()) {
      for (std::size_t row = part.rows.begin; row < part.rows.end; ++row) {
        first = std::min(first, data_.time[row]);
        last = std::max(last, data_.intervals().end(row));
      }
    }
    const auto number = [&](auto at) { return static_cast<std::size_t>(at - out_.clock.begin()); };
    return {number(std::ranges::lower_bound(out_.clock, first)), number(std::ranges::upper_bound(out_.clock, last))};
  }

  static std::vector<double> finite(const std::vector<double>& returns) {
    std::vector<double> out;
    for (const double x : returns) {
      if (!std::isnan(x)) out.push_back(x);
    }
    return out;
  }

  TradingInputs trading() const { return {config_.values, data_, *prices_, out_.clock, out_.equity_at}; }

  void one(std::size_t c) {
    ConfigurationResult& result = out_.configurations[c];
    result.configuration = c;
    std::size_t importances = 0;
    for (std::size_t s = 0; s < folds_[c].size(); ++s) {
      if (!splits_[c]->splits[s].fault.empty()) continue;
      folds_[c][s] != nullptr ? ++result.folds : ++result.missing;
      if (folds_[c][s] == nullptr || !folds_[c][s]->fit.contains("importance")) continue;
      const auto importance = folds_[c][s]->fit.at("importance").get<std::vector<double>>();
      result.importance.resize(importance.size());
      for (std::size_t i = 0; i < importance.size(); ++i) result.importance[i] += importance[i];
      ++importances;
    }
    for (double& each : result.importance) each /= static_cast<double>(importances);
    result.synthetic_rows = synthetic_rows_of(data_, folds_[c]);
    result.by_split = score_folds(data_, folds_[c]);
    forecasts_[c] = score_paths(data_, *splits_[c], folds_[c]);
    result.scores = forecasts_[c].scores;
    if (prices_) trade_paths(trading(), *splits_[c], folds_[c], result);
  }

  // Rows of the table are in order of time, and so are those of its splits' test parts, in whatever order they come.
  TestedRows tested_rows() const {
    std::vector<bool> is_tested(data_.size());
    for (const auto& path : splits_.front()->paths) {
      for (const EvaluationSplits::Part& part : path) {
        for (std::size_t row = part.rows.begin; row < part.rows.end; ++row) is_tested[row] = true;
      }
    }
    TestedRows out;
    Sha256 hash;
    for (std::size_t row = 0; row < data_.size(); ++row) {
      if (!is_tested[row]) continue;
      if (out.rows++ == 0) out.first = data_.time[row];
      out.last = data_.time[row];
      const std::int32_t label = data_.label[row];
      hash.update(fmt::format("{} {} {}\n", data_.time[row], data_.symbols[static_cast<std::size_t>(data_.symbol[row])],
                              label < 0 ? "-" : data_.class_names[static_cast<std::size_t>(label)]));
    }
    out.sha256 = hash.hex();
    return out;
  }

  bool is_baseline(std::size_t c) const { return config_.configurations[c].baseline; }

  // Of sums over cells of rows, so that neighbours whose labels overlap are drawn together.
  void intervals() {
    const EvaluateConfig::Bootstrap& options = config_.values.bootstrap;
    if (options.replicates == 0) return;
    const std::size_t block = options.block > 0 ? static_cast<std::size_t>(options.block) : data_.dependent_rows();
    const std::size_t n = data_.size(), cells = (n + block - 1) / block, count = forecasts_.size();
    // Columns: rows that all have predicted, and of each configuration what is right, lost, and Brier's.
    const std::size_t columns = 1 + 3 * count;
    std::vector<double> sums(cells * columns);
    std::vector<std::size_t> usable;
    for (std::size_t c = 0; c < count; ++c) {
      if (out_.configurations[c].scores) usable.push_back(c);
    }
    if (usable.empty()) return;
    for (std::size_t row = 0; row < n; ++row) {
      if (std::ranges::any_of(usable, [&](std::size_t c) { return std::isnan(forecasts_[c].loss[row]); })) continue;
      double* const cell = sums.data() + row / block * columns;
      cell[0] += 1;
      for (const std::size_t c : usable) {
        cell[1 + 3 * c] += forecasts_[c].right[row];
        cell[2 + 3 * c] += forecasts_[c].loss[row];
        cell[3 + 3 * c] += forecasts_[c].brier[row];
      }
    }
    const auto totals = [&](std::span<const double> weights) {
      std::vector<double> all(columns);
      for (std::size_t cell = 0; cell < cells; ++cell) {
        if (weights[cell] == 0) continue;
        for (std::size_t k = 0; k < columns; ++k) all[k] += weights[cell] * sums[cell * columns + k];
      }
      std::vector<double> out;
      double accuracy = 0, loss = std::numeric_limits<double>::infinity();
      for (const std::size_t c : usable) {
        if (!is_baseline(c)) continue;
        accuracy = std::max(accuracy, all[1 + 3 * c] / all[0]);
        loss = std::min(loss, all[2 + 3 * c] / all[0]);
      }
      for (const std::size_t c : usable) {
        const double right = all[1 + 3 * c] / all[0], lost = all[2 + 3 * c] / all[0];
        out.insert(out.end(), {right, lost, all[3 + 3 * c] / all[0], std::isinf(loss) ? kNone : right - accuracy,
                               std::isinf(loss) ? kNone : loss - lost});
      }
      return out;
    };
    const std::vector<validation::Interval> found =
        validation::bootstrap_intervals(cells,
                                        {.replicates = static_cast<std::size_t>(options.replicates),
                                         .block = 2,
                                         .level = options.level,
                                         .seed = static_cast<std::uint64_t>(config_.values.run.seed)},
                                        totals, threads_);
    constexpr const char* kNames[] = {"accuracy", "log_loss", "brier", "accuracy_gain", "log_loss_gain"};
    for (std::size_t i = 0; i < usable.size(); ++i) {
      for (std::size_t k = 0; k < 5; ++k)
        out_.configurations[usable[i]].intervals.emplace_back(kNames[k], found[5 * i + k]);
    }
  }

  // What was tried and has a path.
  std::vector<std::size_t> tried() const {
    std::vector<std::size_t> out;
    for (std::size_t c = 0; c < out_.configurations.size(); ++c) {
      if (!is_baseline(c) && !out_.configurations[c].paths.empty()) out.push_back(c);
    }
    return out;
  }

  void never_traded() {
    const std::vector<std::size_t> all = tried();
    const auto still = static_cast<std::size_t>(
        std::ranges::count_if(all, [&](std::size_t c) { return out_.configurations[c].median_path.no_variance; }));
    if (still == 0) return;
    out_.warnings.push_back(fmt::format(
        "{} of {} configurations never traded on their median path; they have no Sharpe ratio.", still, all.size()));
  }

  // The moments that all of `configurations` have tested, and those of them whose returns move there.
  struct Matrix {
    std::vector<std::size_t> columns = {}, moments = {};
  };
  Matrix matrix_of(const std::vector<std::size_t>& configurations, auto&& returns_of) const {
    Matrix out;
    for (std::size_t i = 0; i < out_.clock.size(); ++i) {
      if (std::ranges::none_of(configurations, [&](std::size_t c) { return std::isnan(returns_of(c)[i]); }))
        out.moments.push_back(i);
    }
    for (const std::size_t c : configurations) {
      const std::vector<double>& x = returns_of(c);
      if (std::ranges::any_of(out.moments, [&](std::size_t i) { return x[i] != x[out.moments.front()]; }))
        out.columns.push_back(c);
    }
    return out;
  }

  // A column for what was tried and has traded: the mean over its paths, which no choice of a path favours.
  void overfitting() {
    const auto returns_of = [&](std::size_t c) -> const std::vector<double>& {
      return out_.configurations[c].column();
    };
    const auto [columns, moments] = matrix_of(tried(), returns_of);
    if (columns.size() < 2) {
      out_.no_overfitting = columns.empty()
                                ? "no configuration ever traded"
                                : "one configuration was tried: where nothing is chosen nothing can be overfit";
      if (!columns.empty()) out_.effective_trials = 1;
      return;
    }
    std::vector<double> matrix(moments.size() * columns.size());
    for (std::size_t i = 0; i < moments.size(); ++i) {
      for (std::size_t k = 0; k < columns.size(); ++k)
        matrix[i * columns.size() + k] = returns_of(columns[k])[moments[i]];
    }
    try {
      out_.overfitting = validation::backtest_overfitting(
          matrix, columns.size(),
          {.blocks = static_cast<std::size_t>(config_.values.overfitting.blocks),
           .performance = validation::parse_performance(config_.values.overfitting.metric)},
          threads_);
      out_.overfitting_columns = columns;
    } catch (const DataError& error) {
      out_.no_overfitting = error.what();
    }
    const validation::TrialClusters clusters = validation::cluster_trials(matrix, columns.size(), {}, threads_);
    out_.effective_trials = static_cast<double>(clusters.effective());
  }

  // Of median paths: what somebody could have traded.
  void sharpe_family() {
    const auto returns_of = [&](std::size_t c) -> const std::vector<double>& { return out_.configurations[c].returns; };
    const auto [columns, moments] = matrix_of(tried(), returns_of);
    if (columns.empty() || moments.size() < 3) return;
    std::vector<double> sharpes;
    for (const std::size_t c : columns) {
      ConfigurationResult& result = out_.configurations[c];
      std::vector<double> x;
      for (const std::size_t i : moments) x.push_back(result.returns[i]);
      result.moments = validation::measure_returns(x);
      const double shared = shared_training(c);
      result.sharpe_error = validation::sharpe_standard_error(x) * std::sqrt(shared);
      result.effective_observations =
          1 + static_cast<std::size_t>(static_cast<double>(result.moments->observations - 1) / shared);
      sharpes.push_back(result.moments->sharpe);
    }
    // All that were tried count, also those that never traded.
    std::size_t count = config_.trials_before;
    for (std::size_t c = 0; c < out_.configurations.size(); ++c) count += is_baseline(c) ? 0 : 1;
    out_.trials = static_cast<double>(count);
    out_.trial_variance = validation::variance_of_trials(sharpes, moments.size());
    out_.deflation = validation::deflation_benchmark(out_.trial_variance, out_.trials);
    for (const std::size_t c : columns) {
      ConfigurationResult& result = out_.configurations[c];
      validation::ReturnMoments moments_that_count = *result.moments;
      moments_that_count.observations = result.effective_observations;
      result.psr = validation::probabilistic_sharpe(moments_that_count);
      result.dsr = validation::deflated_sharpe(moments_that_count, out_.trial_variance, out_.trials);
    }
  }

  // Predictions from elsewhere have learnt nothing from these splits; and the median of several paths moves less than
  // each of them, which makes up for it (tests/work/planted).
  double shared_training(std::size_t c) const {
    if (config_.configurations[c].is_predicted() || splits_[c]->paths.size() > 1) return 1;
    return shared_training_variance(*splits_[c], splits_[c]->paths.front());
  }

  // Larger is better; what never traded comes last.
  double merit(const ConfigurationResult& result) const {
    const bool by_loss = config_.strategy == SplitStrategy::chronological && config_.values.output.keep == "log_loss";
    if (!prices_ || by_loss) return -result.scores->log_loss;
    return result.median_path.no_variance ? -std::numeric_limits<double>::infinity() : result.median_path.sharpe;
  }

  void choose_best() {
    for (std::size_t c = 0; c < out_.configurations.size(); ++c) {
      const ConfigurationResult& each = out_.configurations[c];
      if (is_baseline(c) || !each.scores || (prices_ && each.paths.empty())) continue;
      if (!out_.best || merit(each) > merit(out_.configurations[*out_.best])) out_.best = c;
    }
  }

  // What takes time, and is asked of few.
  void look_closer() {
    std::optional<std::size_t> baseline;
    for (std::size_t c = 0; c < out_.configurations.size(); ++c) {
      if (!is_baseline(c) || !out_.configurations[c].scores) continue;
      if (!baseline || out_.configurations[c].scores->log_loss < out_.configurations[*baseline].scores->log_loss)
        baseline = c;
    }
    for (const auto& which : {out_.best, baseline}) {
      if (!which) continue;
      const std::size_t path = forecasts_[*which].median;
      const ScoredRows scored = scored_rows(data_, path_forecast(data_, splits_[*which]->paths[path], folds_[*which]));
      out_.configurations[*which].reliability = measure_path_reliability(data_, scored, path);
      out_.configurations[*which].conformal = measure_path_sets(data_, scored);
    }
    if (!prices_) return;
    std::vector<std::size_t> order = tried();
    std::ranges::stable_sort(order, std::ranges::greater(),
                             [&](std::size_t c) { return merit(out_.configurations[c]); });
    order.resize(std::min(order.size(), kCostCurves));
    for_each_piece(order.size(), threads_, [&](std::size_t i) {
      measure_cost_sensitivity(trading(), *splits_[order[i]], folds_[order[i]], out_.configurations[order[i]]);
    });
  }

  double annual(double sharpe) const { return sharpe * std::sqrt(out_.periods_per_year); }

  void gates() {
    const EvaluateConfig::Gates& asked = config_.values.gates;
    const ConfigurationResult* const best = out_.best ? &out_.configurations[*out_.best] : nullptr;
    const bool traded = best != nullptr && prices_;
    const auto gate = [&](const char* name, const std::vector<double>& limit, std::optional<double> found, bool least) {
      if (limit.empty()) return;
      GateResult each{.name = name, .asked = limit.front(), .found = found};
      each.met = found && (least ? *found >= limit.front() : *found <= limit.front());
      out_.gates.push_back(each);
    };
    const auto of_best = [&](double value) { return traded ? std::optional(value) : std::nullopt; };
    gate("sharpe", asked.sharpe, of_best(traded ? annual(best->median_path.sharpe) : 0), true);
    gate("win_rate", asked.win_rate, of_best(traded ? best->hit_rate : 0), true);
    gate("drawdown", asked.drawdown, of_best(traded ? best->median_path.drawdown.depth : 0), false);
    gate("pbo", asked.pbo, out_.overfitting ? std::optional(out_.overfitting->pbo) : std::nullopt, false);
    gate("dsr", asked.dsr, of_best(traded ? best->dsr : 0), true);
    if (asked.beat_baseline) {
      GateResult each{.name = "beat_baseline", .asked = 0};
      if (best != nullptr) {
        for (const auto& [name, interval] : best->intervals) {
          if (name == "log_loss_gain") each.found = interval.low;
        }
      }
      each.met = each.found && *each.found > 0;
      out_.gates.push_back(each);
    }
  }

  // What its log-loss is beside that of the best baseline.
  std::string beside_baselines(const ConfigurationResult& result) const {
    double least = std::numeric_limits<double>::infinity();
    for (const ConfigurationResult& each : out_.configurations) {
      if (is_baseline(each.configuration) && each.scores) least = std::min(least, each.scores->log_loss);
    }
    if (std::isinf(least)) return "beside no baseline";
    if (result.scores->log_loss >= least) return fmt::format("no better than a baseline's {:.4f}", least);
    const auto gain = std::ranges::find(result.intervals, "log_loss_gain", [](const auto& each) { return each.first; });
    const bool sure = gain == result.intervals.end() || gain->second.low > 0;
    return sure ? fmt::format("better than the best baseline's {:.4f}", least)
                : fmt::format("which may be luck beside the best baseline's {:.4f}", least);
  }

  void say() {
    for (std::size_t c = 0; c < out_.configurations.size(); ++c) {
      if (out_.configurations[c].missing == 0) continue;
      out_.warnings.push_back(fmt::format("{}: {} of {} folds are missing", config_.configurations[c].name,
                                          out_.configurations[c].missing,
                                          out_.configurations[c].missing + out_.configurations[c].folds));
    }
    const auto& splits = splits_.front()->splits;
    for (std::size_t s = 0; s < splits.size(); ++s) {
      for (const std::string* said : {&splits[s].fault, &splits[s].warning}) {
        if (!said->empty()) out_.warnings.push_back(fmt::format("split {}: {}", s, *said));
      }
    }
    for (std::string& each : find_telling_features(data_, *splits_.front(), threads_))
      out_.warnings.push_back(std::move(each));
    if (prices_) {
      for (std::string& each : find_labels_beyond_t1(data_, *splits_.front(), *prices_))
        out_.warnings.push_back(std::move(each));
    }
    note_synthetic(config_, data_, *splits_.front(), folds_, out_);
    out_.contamination =
        find_contamination(data_, *splits_.front(), config_.values.fit.weights == "table", config_.values.data.trust);
    for (const Configuration& each : config_.configurations) {
      if (!each.is_predicted() || each.own->trust) continue;
      out_.contamination.push_back(
          fmt::format("own.{}: its predictions were made elsewhere, and which rows its model has seen is not known "
                      "(own.{}.trust = true vouches for them)",
                      each.name, each.name));
    }
    if (!out_.contamination.empty()) {
      out_.verdict = "No verdict: what was fitted has seen what is tested.";
      return;
    }
    if (!data_.differs.empty()) {
      out_.verdict = "No verdict: models have learnt from synthetic windows that are unlike the real ones.";
      return;
    }
    if (!out_.best) {
      out_.verdict = "No verdict: nothing but baselines has a result.";
      return;
    }
    out_.has_verdict = true;
    const ConfigurationResult& best = out_.configurations[*out_.best];
    const std::string& name = config_.configurations[*out_.best].name;
    if (!prices_) {
      out_.verdict =
          fmt::format("{} forecasts best: log-loss {:.4f}, {}.", name, best.scores->log_loss, beside_baselines(best));
      return;
    }
    const bool real = is_believable(config_, out_);
    if (best.median_path.no_variance) {
      out_.verdict = fmt::format("{} never traded: there is nothing to judge.", name);
      return;
    }
    const bool lost = best.median_path.total <= 0;
    out_.verdict = fmt::format("{} {}", name,
                               lost   ? is_alone(config_) ? "loses money." : "is the best, and loses money."
                               : real ? "holds: its Sharpe ratio is more than the best of so many trials has by luck."
                                      : "cannot be told from luck.");
    if (out_.overfitting && out_.overfitting->coarse()) {
      out_.warnings.push_back(fmt::format("PBO over {} configurations is coarse; 10 or more make it telling.",
                                          out_.overfitting->configurations));
    }
  }

  const LoadedEvaluateConfig& config_;
  const EvaluationData& data_;
  const std::optional<Prices>& prices_;
  const std::vector<const EvaluationSplits*>& splits_;
  const std::vector<std::vector<const FoldResult*>>& folds_;
  unsigned threads_;
  std::vector<ForecastResult> forecasts_;
  EvaluationResults out_;
};

}  // namespace

bool is_believable(const LoadedEvaluateConfig& config, const EvaluationResults& results) {
  if (!results.best || !(results.configurations[*results.best].dsr >= kHoldsDsr)) return false;
  if (results.overfitting) return results.overfitting->pbo <= kHoldsPbo;
  // Where there was one alone, nothing was chosen on these rows that could be overfit to them.
  return is_alone(config);
}

EvaluationResults evaluate_folds(const LoadedEvaluateConfig& config, const EvaluationData& data,
                                 const std::optional<Prices>& prices,
                                 const std::vector<const EvaluationSplits*>& splits,
                                 const std::vector<std::vector<const FoldResult*>>& folds, unsigned threads) {
  return Assembly(config, data, prices, splits, folds, threads).run();
}

}  // namespace moola::work
