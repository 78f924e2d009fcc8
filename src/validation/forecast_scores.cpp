#include "validation/forecast_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/error.h"
#include "base/nearest.h"
#include "market/checks/radix_sort.h"
#include "market/portable_log.h"

namespace moola::validation {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kLeastProbability = std::numeric_limits<double>::epsilon();

struct Named {
  std::string_view name;
  double ForecastScores::*value;
  bool larger_is_better;
};
constexpr auto kScores = std::to_array<Named>({{"accuracy", &ForecastScores::accuracy, true},
                                               {"balanced_accuracy", &ForecastScores::balanced_accuracy, true},
                                               {"macro_precision", &ForecastScores::macro_precision, true},
                                               {"macro_recall", &ForecastScores::macro_recall, true},
                                               {"macro_f1", &ForecastScores::macro_f1, true},
                                               {"mcc", &ForecastScores::mcc, true},
                                               {"log_loss", &ForecastScores::log_loss, false},
                                               {"brier", &ForecastScores::brier, false},
                                               {"ece_width", &ForecastScores::ece_width, false},
                                               {"ece_mass", &ForecastScores::ece_mass, false},
                                               {"roc_auc", &ForecastScores::roc_auc, true},
                                               {"pr_auc", &ForecastScores::pr_auc, true}});

const Named& named(const std::string& name) {
  const auto* const found =
      std::find_if(kScores.begin(), kScores.end(), [&](const Named& each) { return each.name == name; });
  if (found == kScores.end())
    throw ConfigError(
        fmt::format("'{}' is no score of forecasts.{}", name, did_you_mean(name, forecast_score_names())));
  return *found;
}

double ratio(double part, double whole, double otherwise) {
  return whole > 0 ? part / whole : otherwise;
}

// The mean of those that can be said.
class Mean {
 public:
  void add(double value) {
    if (std::isnan(value)) return;
    sum_ += value;
    ++count_;
  }
  double value() const { return count_ > 0 ? sum_ / static_cast<double>(count_) : kNaN; }

 private:
  double sum_ = 0;
  std::size_t count_ = 0;
};

// Of a bin: how far its confidence is from its share of right answers, times its weight.
struct CalibrationBin {
  double weight = 0, confidence = 0, right = 0;
  void add(double w, double confident, bool is_right) {
    weight += w;
    confidence += w * confident;
    right += w * (is_right ? 1 : 0);  // as good as random: no branch
  }
  double gap() const { return std::fabs(confidence - right); }
};

// Ranks rows by keys, those of equal keys as they come. Keeps its memory from one order to the next.
class Ranking {
 public:
  std::vector<RankedRow> of(std::size_t rows, const auto& key_of, const auto& came) {
    items_.resize(rows);
    for (std::size_t row = 0; row < rows; ++row)
      items_[row] = {.key = key_of(row), .row = static_cast<std::uint32_t>(row), .came = came(row)};
    market::radix_sort(items_, other_, [](const Item& item) { return item.key; });
    std::vector<RankedRow> out(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      out[i] = {
          .row = items_[i].row, .came = items_[i].came, .last = i + 1 == rows || items_[i + 1].key != items_[i].key};
    }
    return out;
  }

 private:
  struct Item {
    std::uint64_t key;
    std::uint32_t row;
    bool came;
  };
  std::vector<Item> items_, other_;
};

// Of a probability. A zero of either sign is the same: adding 0 makes it so.
std::uint64_t key_of(double probability) {
  return market::sort_key(probability + 0.0);
}

}  // namespace

void check_forecasts(const Forecasts& forecasts) {
  const std::size_t n = forecasts.rows(), classes = forecasts.classes;
  if (forecasts.probability.size() != n * classes || (!forecasts.weight.empty() && forecasts.weight.size() != n))
    throw std::invalid_argument("forecasts, what came and weights are of unequal number");
  double all = 0;
  for (std::size_t row = 0; row < n; ++row) {
    const auto p = forecasts.probability.subspan(row * classes, classes);
    double sum = 0;
    for (const double each : p) {
      if (!std::isfinite(each) || each < 0)
        throw DataError(fmt::format("row {} has the probability {}: expected a number from 0 to 1.", row, each));
      sum += each;
    }
    if (std::fabs(sum - 1) > 1e-6)
      throw DataError(fmt::format("the probabilities of row {} sum to {}, and not to 1.", row, sum));
    if (forecasts.truth[row] < 0 || static_cast<std::size_t>(forecasts.truth[row]) >= classes) {
      throw DataError(fmt::format("row {} is of class {}; there are 0 to {}. Leave rows without a label out.", row,
                                  forecasts.truth[row], classes - 1));
    }
    const double weight = forecasts.weight.empty() ? 1 : forecasts.weight[row];
    if (!(weight >= 0) || !std::isfinite(weight))
      throw DataError(fmt::format("row {} weighs {}: expected 0 or more.", row, weight));
    all += weight;
  }
  if (!(all > 0)) throw DataError(fmt::format("none of {} rows has a weight: there is nothing to score.", n));
}

ForecastScorer::ForecastScorer(const Forecasts& forecasts, std::size_t bins) : forecasts_(forecasts), bins_(bins) {
  check_forecasts(forecasts);
  if (bins == 0) throw ConfigError("a calibration error over 0 bins.");
  const std::size_t n = forecasts.rows(), classes = forecasts.classes;
  predicted_.resize(n);
  for (std::vector<double>* column : {&confidence_, &loss_, &brier_}) column->resize(n);
  for (std::size_t row = 0; row < n; ++row) {
    const auto p = forecasts.probability.subspan(row * classes, classes);
    const auto truth = static_cast<std::size_t>(forecasts.truth[row]);
    // Which class is likeliest is as good as random: no branch.
    std::size_t best = 0;
    for (std::size_t c = 1; c < classes; ++c) best = p[c] > p[best] ? c : best;
    predicted_[row] = static_cast<std::int32_t>(best);
    confidence_[row] = p[best];
    loss_[row] = -market::portable_log(std::clamp(p[truth], kLeastProbability, 1.0));
    double brier = 0;
    for (std::size_t c = 0; c < classes; ++c) brier += (p[c] - (c == truth ? 1 : 0)) * (p[c] - (c == truth ? 1 : 0));
    brier_[row] = brier;
  }
  Ranking ranking;
  by_confidence_ = ranking.of(
      n, [&](std::size_t row) { return key_of(confidence_[row]); },
      [&](std::size_t row) { return predicted_[row] == forecasts.truth[row]; });
  for (std::size_t c = 0; c < classes; ++c) {
    by_class_.push_back(ranking.of(
        n, [&](std::size_t row) { return ~key_of(forecasts.probability[row * classes + c]); },
        [&](std::size_t row) { return static_cast<std::size_t>(forecasts.truth[row]) == c; }));
  }
}

// Rows that are as likely are taken together: no order among them means anything.
void ForecastScorer::areas(std::span<const double> weight, std::size_t of_class, ClassScores& out) const {
  // Which rows came is as good as random: nothing branches on it.
  constexpr double kLeast = std::numeric_limits<double>::denorm_min();
  double came = 0, rest = 0, area = 0, precision = 0;  // of rows so far
  double came_here = 0, rest_here = 0;                 // of those that are as likely
  for (const RankedRow& each : by_class_[of_class]) {
    const double w = weight.empty() ? 1 : weight[each.row], hit = each.came ? 1 : 0;
    came_here += w * hit;
    rest_here += w * (1 - hit);
    if (!each.last) continue;
    area += rest_here * (came + came_here / 2);
    came += came_here;
    rest += rest_here;
    precision += came_here * came / std::max(came + rest, kLeast);
    came_here = rest_here = 0;
  }
  out.roc_auc = came > 0 && rest > 0 ? area / (came * rest) : kNaN;
  out.pr_auc = came > 0 && rest > 0 ? precision / came : kNaN;
}

// What can be counted from who was taken for whom.
void ForecastScorer::from_confusion(ForecastScores& out) const {
  const std::size_t classes = forecasts_.classes;
  std::vector<double> came(classes), predicted(classes);
  double all = 0, right = 0;
  for (std::size_t truth = 0; truth < classes; ++truth) {
    for (std::size_t c = 0; c < classes; ++c) {
      const double count = out.confusion[truth * classes + c];
      came[truth] += count;
      predicted[c] += count;
      all += count;
    }
    right += out.confusion[truth * classes + truth];
  }
  out.accuracy = right / all;
  Mean recalls, precision, recall, f1;
  double both = 0, came_squares = 0, predicted_squares = 0;
  for (std::size_t c = 0; c < classes; ++c) {
    ClassScores& of = out.by_class[c];
    const double hits = out.confusion[c * classes + c];
    of.share = came[c] / all;
    of.precision = ratio(hits, predicted[c], 0);
    of.recall = ratio(hits, came[c], kNaN);
    of.f1 = came[c] + predicted[c] > 0 ? 2 * hits / (came[c] + predicted[c]) : kNaN;
    recalls.add(of.recall);
    if (came[c] + predicted[c] > 0) {
      precision.add(of.precision);
      recall.add(came[c] > 0 ? of.recall : 0);
      f1.add(of.f1);
    }
    both += came[c] * predicted[c];
    came_squares += came[c] * came[c];
    predicted_squares += predicted[c] * predicted[c];
  }
  out.balanced_accuracy = recalls.value();
  out.macro_precision = precision.value();
  out.macro_recall = recall.value();
  out.macro_f1 = f1.value();
  const double spread = (all * all - predicted_squares) * (all * all - came_squares);
  out.mcc = spread > 0 ? (right * all - both) / std::sqrt(spread) : 0;
}

// Over bins of equal width, and of equal weight: a bin of those ends with the last row that is as confident as the one
// that fills it.
void ForecastScorer::calibration(std::span<const double> weight, double all, ForecastScores& out) const {
  const auto bins = static_cast<double>(bins_);
  const auto right = [&](std::size_t row) { return predicted_[row] == forecasts_.truth[row]; };
  const auto weight_of = [&](std::size_t row) { return weight.empty() ? 1.0 : weight[row]; };
  std::vector<CalibrationBin> of_width(bins_);
  for (std::size_t row = 0; row < predicted_.size(); ++row) {
    // Open below and closed above.
    const double place = std::ceil(confidence_[row] * bins) - 1;
    of_width[static_cast<std::size_t>(std::clamp(place, 0.0, bins - 1))].add(weight_of(row), confidence_[row],
                                                                             right(row));
  }
  for (const CalibrationBin& bin : of_width) out.ece_width += bin.gap() / all;
  CalibrationBin of_mass;
  double before = 0, filled = 1;
  for (const RankedRow& each : by_confidence_) {
    of_mass.add(weight_of(each.row), confidence_[each.row], each.came);
    before += weight_of(each.row);
    const bool at_end = &each == &by_confidence_.back();
    if (!at_end && (before < filled * all / bins || !each.last)) continue;
    out.ece_mass += of_mass.gap() / all;
    of_mass = {};
    while (filled * all / bins <= before) ++filled;
  }
}

ForecastScores ForecastScorer::scores(std::span<const double> weight) const {
  const std::size_t classes = forecasts_.classes;
  if (!weight.empty() && weight.size() != predicted_.size())
    throw std::invalid_argument("weights of another number than the forecasts");
  ForecastScores out;
  out.by_class.resize(classes);
  out.confusion.assign(classes * classes, 0);
  double all = 0;
  for (std::size_t row = 0; row < predicted_.size(); ++row) {
    const double w = weight.empty() ? 1.0 : weight[row];
    all += w;
    out.confusion[static_cast<std::size_t>(forecasts_.truth[row]) * classes +
                  static_cast<std::size_t>(predicted_[row])] += w;
    out.log_loss += w * loss_[row];
    out.brier += w * brier_[row];
  }
  out.log_loss /= all;
  out.brier /= all;
  from_confusion(out);
  calibration(weight, all, out);
  Mean roc, pr;
  for (std::size_t c = 0; c < classes; ++c) {
    areas(weight, c, out.by_class[c]);
    roc.add(out.by_class[c].roc_auc);
    pr.add(out.by_class[c].pr_auc);
  }
  out.roc_auc = roc.value();
  out.pr_auc = pr.value();
  return out;
}

std::vector<std::string> forecast_score_names() {
  std::vector<std::string> out;
  for (const Named& each : kScores) out.emplace_back(each.name);
  return out;
}

double forecast_score(const ForecastScores& scores, const std::string& name) {
  return scores.*named(name).value;
}

bool larger_is_better(const std::string& name) {
  return named(name).larger_is_better;
}

}  // namespace moola::validation
