#include "work/evaluate/evaluation_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/error.h"
#include "base/parallel_pieces.h"
#include "validation/sharpe.h"
#include "validation/trial_clusters.h"

namespace moola::work {
namespace {

using validation::ForecastScores;
using validation::PathSummary;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kEquityPoints = 600;

// Of each row, over the paths that predict it: the mean of what its forecasts are worth.
struct RowScores {
  std::vector<double> right, loss, brier;  // (n); NaN where nothing was predicted or there is no label
};

// The labelled rows of a path and their forecasts.
struct Scored {
  std::vector<double> probability;
  std::vector<std::int32_t> truth;
  std::vector<std::size_t> row;
};

Scored scored_rows(const EvaluationData& data, const PathForecast& forecast) {
  Scored out;
  const std::size_t classes = data.classes();
  for (std::size_t row = 0; row < data.size(); ++row) {
    const float* const p = forecast.probability.data() + row * classes;
    if (data.label[row] < 0 || std::isnan(p[0])) continue;
    // float32 rounds what summed to 1.
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) sum += static_cast<double>(p[c]);
    for (std::size_t c = 0; c < classes; ++c) out.probability.push_back(static_cast<double>(p[c]) / sum);
    out.truth.push_back(data.label[row]);
    out.row.push_back(row);
  }
  return out;
}

void add_row_scores(const EvaluationData& data, const Scored& scored, RowScores& out,
                    std::vector<std::uint32_t>& count) {
  const std::size_t classes = data.classes();
  for (std::size_t i = 0; i < scored.row.size(); ++i) {
    const std::size_t row = scored.row[i];
    const double* const p = scored.probability.data() + i * classes;
    const auto truth = static_cast<std::size_t>(scored.truth[i]);
    if (count[row]++ == 0) out.right[row] = out.loss[row] = out.brier[row] = 0;
    out.right[row] += static_cast<std::size_t>(std::max_element(p, p + classes) - p) == truth ? 1 : 0;
    out.loss[row] -= std::log(std::max(p[truth], std::numeric_limits<double>::epsilon()));
    for (std::size_t c = 0; c < classes; ++c)
      out.brier[row] += (p[c] - (c == truth ? 1 : 0)) * (p[c] - (c == truth ? 1 : 0));
  }
}

// The mean of several paths' scores, number by number.
ForecastScores mean_scores(const std::vector<ForecastScores>& all) {
  ForecastScores out = all.front();
  const auto average = [&](auto&& of) {
    double sum = 0;
    for (const ForecastScores& each : all) sum += of(each);
    return sum / static_cast<double>(all.size());
  };
  for (double ForecastScores::*field :
       {&ForecastScores::accuracy, &ForecastScores::balanced_accuracy, &ForecastScores::macro_precision,
        &ForecastScores::macro_recall, &ForecastScores::macro_f1, &ForecastScores::mcc, &ForecastScores::log_loss,
        &ForecastScores::brier, &ForecastScores::ece_width, &ForecastScores::ece_mass, &ForecastScores::roc_auc,
        &ForecastScores::pr_auc})
    out.*field = average([&](const ForecastScores& each) { return each.*field; });
  for (std::size_t c = 0; c < out.by_class.size(); ++c) {
    for (double validation::ClassScores::*field :
         {&validation::ClassScores::precision, &validation::ClassScores::recall, &validation::ClassScores::f1,
          &validation::ClassScores::roc_auc, &validation::ClassScores::pr_auc, &validation::ClassScores::share})
      out.by_class[c].*field = average([&](const ForecastScores& each) { return each.by_class[c].*field; });
  }
  for (std::size_t i = 0; i < out.confusion.size(); ++i)
    out.confusion[i] = average([&](const ForecastScores& each) { return each.confusion[i]; });
  return out;
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
    const std::size_t points = std::min(kEquityPoints, out_.clock.size());
    for (std::size_t i = 1; i <= points; ++i) out_.equity_at.push_back(out_.clock.size() * i / points - 1);
  }

  EvaluationResults run() {
    const std::size_t count = config_.configurations.size();
    out_.configurations.resize(count);
    rows_.resize(count);
    for_each_piece(count, threads_, [&](std::size_t c) { one(c); });
    if (prices_) {
      const PathReturns held = hold_path(data_, *prices_, out_.clock, splits_.front()->paths.front());
      out_.hold_returns = held.net;
      out_.hold = validation::summarise_path(tested(held.net));
    }
    intervals();
    if (prices_) overfitting();
    choose_best();
    gates();
    say();
    return std::move(out_);
  }

 private:
  static std::vector<double> tested(const std::vector<double>& returns) {
    std::vector<double> out;
    for (const double x : returns) {
      if (!std::isnan(x)) out.push_back(x);
    }
    return out;
  }

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
    const std::size_t n = data_.size();
    RowScores& rows = rows_[c];
    rows = {std::vector<double>(n, kNone), std::vector<double>(n, kNone), std::vector<double>(n, kNone)};
    std::vector<std::uint32_t> scored_in(n);
    std::vector<ForecastScores> scores;
    for (const auto& path : splits_[c]->paths) {
      const PathForecast forecast = path_forecast(data_, path, folds_[c]);
      const Scored scored = scored_rows(data_, forecast);
      if (!scored.row.empty()) {
        scores.push_back(validation::ForecastScorer(
                             {.classes = data_.classes(), .probability = scored.probability, .truth = scored.truth})
                             .scores());
        add_row_scores(data_, scored, rows, scored_in);
      }
      if (prices_) trade(c, path, forecast);
    }
    for (std::size_t row = 0; row < n; ++row) {
      if (scored_in[row] < 2) continue;
      for (auto* column : {&rows.right, &rows.loss, &rows.brier}) (*column)[row] /= scored_in[row];
    }
    if (!scores.empty()) result.scores = mean_scores(scores);
    if (prices_) finish_trading(result);
  }

  void trade(std::size_t c, const std::vector<EvaluationSplits::Part>& path, const PathForecast& forecast) {
    ConfigurationResult& result = out_.configurations[c];
    const PathReturns found = trade_path(config_.values, data_, *prices_, out_.clock, path, forecast);
    std::vector<std::uint32_t>& paths = wins_[c].paths;
    result.returns.resize(found.net.size(), kNone);
    paths.resize(found.net.size());
    for (std::size_t i = 0; i < found.net.size(); ++i) {
      if (std::isnan(found.net[i])) continue;
      if (paths[i]++ == 0) result.returns[i] = 0;
      result.returns[i] += found.net[i];
    }
    const std::vector<double> net = tested(found.net);
    if (net.empty()) return;
    result.paths.push_back(validation::summarise_path(net));
    result.path_equity.push_back(equity(found.net));
    result.gross_total += validation::summarise_path(tested(found.gross)).total;
    result.turnover += found.turnover;
    result.exposure += static_cast<double>(found.bars_held) / static_cast<double>(std::max<std::size_t>(1, found.bars));
    for (const validation::Trade& each : found.trades) {
      ++result.trades;
      if (each.net() > 0) {
        ++wins_[c].count;
        wins_[c].gain += each.net();
      } else {
        wins_[c].loss -= each.net();
      }
    }
    if (!std::isnan(found.break_even_cost)) {
      result.break_even_cost += found.break_even_cost;
      ++wins_[c].break_evens;
    }
  }

  // At the points that are kept; what was not tested changes nothing.
  std::vector<double> equity(const std::vector<double>& returns) const {
    std::vector<double> out;
    double now = 1;
    std::size_t next = 0;
    for (std::size_t i = 0; i < returns.size() && next < out_.equity_at.size(); ++i) {
      if (!std::isnan(returns[i])) now *= 1 + returns[i];
      if (i != out_.equity_at[next]) continue;
      out.push_back(now);
      ++next;
    }
    return out;
  }

  void finish_trading(ConfigurationResult& result) {
    const auto paths = static_cast<double>(result.paths.size());
    if (result.paths.empty()) return;
    const Wins& wins = wins_.at(result.configuration);
    for (std::size_t i = 0; i < result.returns.size(); ++i) {
      if (wins.paths[i] > 1) result.returns[i] /= wins.paths[i];
    }
    for (double* each : {&result.gross_total, &result.turnover, &result.exposure}) *each /= paths;
    result.hit_rate = result.trades > 0 ? static_cast<double>(wins.count) / static_cast<double>(result.trades) : kNone;
    result.profit_factor = result.trades > 0 ? wins.gain / wins.loss : kNone;
    result.break_even_cost =
        wins.break_evens > 0 ? result.break_even_cost / static_cast<double>(wins.break_evens) : kNone;
    result.mean_path = validation::summarise_path(tested(result.returns));
  }

  bool is_baseline(std::size_t c) const { return config_.configurations[c].baseline; }

  // Of sums over cells of rows, so that neighbours whose labels overlap are drawn together.
  void intervals() {
    const EvaluateConfig::Bootstrap& options = config_.values.bootstrap;
    if (options.replicates == 0) return;
    const std::size_t block =
        options.block > 0 ? static_cast<std::size_t>(options.block)
                          : std::max<std::size_t>(1, static_cast<std::size_t>(data_.horizon) * data_.symbols.size());
    const std::size_t n = data_.size(), cells = (n + block - 1) / block, count = rows_.size();
    // Columns: rows that all have predicted, and of each configuration what is right, lost, and Brier's.
    const std::size_t columns = 1 + 3 * count;
    std::vector<double> sums(cells * columns);
    std::vector<std::size_t> usable;
    for (std::size_t c = 0; c < count; ++c) {
      if (out_.configurations[c].scores) usable.push_back(c);
    }
    if (usable.empty()) return;
    for (std::size_t row = 0; row < n; ++row) {
      if (std::ranges::any_of(usable, [&](std::size_t c) { return std::isnan(rows_[c].loss[row]); })) continue;
      double* const cell = sums.data() + row / block * columns;
      cell[0] += 1;
      for (const std::size_t c : usable) {
        cell[1 + 3 * c] += rows_[c].right[row];
        cell[2 + 3 * c] += rows_[c].loss[row];
        cell[3 + 3 * c] += rows_[c].brier[row];
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

  void overfitting() {
    // Columns: what was tried and has traded; rows: the moments that all of them have.
    std::vector<std::size_t> tried;
    for (std::size_t c = 0; c < out_.configurations.size(); ++c) {
      if (!is_baseline(c) && !out_.configurations[c].paths.empty()) tried.push_back(c);
    }
    std::vector<std::size_t> moments;
    for (std::size_t i = 0; i < out_.clock.size(); ++i) {
      if (std::ranges::none_of(tried, [&](std::size_t c) { return std::isnan(out_.configurations[c].returns[i]); }))
        moments.push_back(i);
    }
    std::vector<std::size_t> columns;
    for (const std::size_t c : tried) {
      const std::vector<double>& x = out_.configurations[c].returns;
      const bool moves = std::ranges::any_of(moments, [&](std::size_t i) { return x[i] != x[moments.front()]; });
      if (moves) columns.push_back(c);
    }
    if (columns.size() < tried.size()) {
      out_.warnings.push_back(
          fmt::format("{} of {} configurations never traded; they have no Sharpe ratio and are no "
                      "columns of the PBO.",
                      tried.size() - columns.size(), tried.size()));
    }
    if (columns.empty()) {
      out_.no_overfitting = "no configuration ever traded";
      return;
    }
    sharpe_family(columns, moments);
    if (columns.size() < 2) {
      out_.no_overfitting = "one configuration was tried: where nothing is chosen nothing can be overfit";
      return;
    }
    std::vector<double> matrix(moments.size() * columns.size());
    for (std::size_t i = 0; i < moments.size(); ++i) {
      for (std::size_t k = 0; k < columns.size(); ++k)
        matrix[i * columns.size() + k] = out_.configurations[columns[k]].returns[moments[i]];
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

  void sharpe_family(const std::vector<std::size_t>& columns, const std::vector<std::size_t>& moments) {
    std::vector<validation::ReturnMoments> of(out_.configurations.size());
    std::vector<double> sharpes;
    for (const std::size_t c : columns) {
      std::vector<double> x;
      for (const std::size_t i : moments) x.push_back(out_.configurations[c].returns[i]);
      of[c] = validation::measure_returns(x);
      out_.configurations[c].sharpe_error = validation::sharpe_standard_error(x);
      sharpes.push_back(of[c].sharpe);
    }
    // All that were tried count, also those that never traded.
    std::size_t tried = 0;
    for (std::size_t c = 0; c < out_.configurations.size(); ++c) tried += is_baseline(c) ? 0 : 1;
    out_.trials = static_cast<double>(tried);
    out_.effective_trials = 1;
    out_.trial_variance = validation::variance_of_trials(sharpes, moments.size());
    out_.deflation = validation::deflation_benchmark(out_.trial_variance, out_.trials);
    for (const std::size_t c : columns) {
      out_.configurations[c].psr = validation::probabilistic_sharpe(of[c]);
      out_.configurations[c].dsr = validation::deflated_sharpe(of[c], out_.trial_variance, out_.trials);
    }
  }

  void choose_best() {
    for (std::size_t c = 0; c < out_.configurations.size(); ++c) {
      const ConfigurationResult& each = out_.configurations[c];
      if (is_baseline(c) || !each.scores || (prices_ && each.paths.empty())) continue;
      if (!out_.best) {
        out_.best = c;
        continue;
      }
      const ConfigurationResult& best = out_.configurations[*out_.best];
      if (prices_ ? each.mean_path.sharpe > best.mean_path.sharpe : each.scores->log_loss < best.scores->log_loss)
        out_.best = c;
    }
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
    gate("sharpe", asked.sharpe, of_best(traded ? annual(best->mean_path.sharpe) : 0), true);
    gate("win_rate", asked.win_rate, of_best(traded ? best->hit_rate : 0), true);
    gate("drawdown", asked.drawdown, of_best(traded ? best->mean_path.drawdown.depth : 0), false);
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
    if (!out_.best) {
      out_.verdict = "No verdict: nothing but baselines has a result.";
      return;
    }
    out_.has_verdict = true;
    const ConfigurationResult& best = out_.configurations[*out_.best];
    const std::string& name = config_.configurations[*out_.best].name;
    if (!prices_) {
      out_.verdict = fmt::format("{} forecasts best: log-loss {:.4f}.", name, best.scores->log_loss);
      return;
    }
    const bool real = best.dsr >= kHoldsDsr && out_.overfitting && out_.overfitting->pbo <= kHoldsPbo;
    const bool lost = best.mean_path.total <= 0;
    out_.verdict = fmt::format("{} {}", name,
                               lost   ? "is the best, and loses money."
                               : real ? "holds: its Sharpe ratio is more than the best of so many trials has by luck."
                                      : "cannot be told from luck.");
    if (out_.overfitting && out_.overfitting->coarse()) {
      out_.warnings.push_back(fmt::format("PBO over {} configurations is coarse; 10 or more make it telling.",
                                          out_.overfitting->configurations));
    }
  }

  // Of the trades of all paths.
  struct Wins {
    std::size_t count = 0, break_evens = 0;
    double gain = 0, loss = 0;
    std::vector<std::uint32_t> paths = {};  // by the clock: how many tested that moment
  };

  const LoadedEvaluateConfig& config_;
  const EvaluationData& data_;
  const std::optional<Prices>& prices_;
  const std::vector<const EvaluationSplits*>& splits_;
  const std::vector<std::vector<const FoldResult*>>& folds_;
  unsigned threads_;
  std::vector<RowScores> rows_;
  std::vector<Wins> wins_ = std::vector<Wins>(config_.configurations.size());
  EvaluationResults out_;
};

}  // namespace

EvaluationResults evaluate_folds(const LoadedEvaluateConfig& config, const EvaluationData& data,
                                 const std::optional<Prices>& prices,
                                 const std::vector<const EvaluationSplits*>& splits,
                                 const std::vector<std::vector<const FoldResult*>>& folds, unsigned threads) {
  return Assembly(config, data, prices, splits, folds, threads).run();
}

}  // namespace moola::work
