#include "validation/confident_learning.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "base/error.h"
#include "base/named_choice.h"
#include "base/parallel_pieces.h"
#include "market/portable_log.h"

namespace moola::validation {
namespace {

constexpr auto kFilters =
    std::to_array<NamedChoice<LabelFilter>>({{"prune_by_noise_rate", LabelFilter::prune_by_noise_rate},
                                             {"prune_by_class", LabelFilter::prune_by_class},
                                             {"both", LabelFilter::both},
                                             {"confident_learning", LabelFilter::confident_learning},
                                             {"predicted_neq_given", LabelFilter::predicted_neq_given},
                                             {"low_self_confidence", LabelFilter::low_self_confidence},
                                             {"low_normalized_margin", LabelFilter::low_normalized_margin}});
constexpr auto kScores =
    std::to_array<NamedChoice<LabelScore>>({{"self_confidence", LabelScore::self_confidence},
                                            {"normalized_margin", LabelScore::normalized_margin},
                                            {"confidence_weighted_entropy", LabelScore::confidence_weighted_entropy}});

constexpr double kNear = 1e-6;       // probabilities no further apart are as good
constexpr double kOutOfReach = 2;    // no probability is so large
constexpr std::size_t kPieces = 64;  // of the rows, whatever the number of threads
constexpr std::size_t kBins = 8192;  // of all that is selected from at a time
constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <class Work>
void for_row_pieces(std::size_t rows, unsigned threads, const Work& work) {
  for_each_piece(kPieces, threads,
                 [&](std::size_t piece) { work(piece, rows * piece / kPieces, rows * (piece + 1) / kPieces); });
}

// One row: what each class was given, and the label. Processors cannot foresee which class is likely or given, so loops
// over classes choose without branches.
struct Row {
  const double* p;
  std::size_t classes, given;

  double own() const { return p[given]; }
  // Goes round all other classes, in whichever order.
  std::size_t after_given(std::size_t step) const {
    const std::size_t c = given + step;
    return c - (c < classes ? 0 : classes);
  }
  double highest_other() const {
    double out = 0;
    for (std::size_t step = 1; step < classes; ++step) out = std::max(out, p[after_given(step)]);
    return out;
  }
  double score(LabelScore by, double log_classes) const {
    if (by == LabelScore::self_confidence) return own();
    if (by == LabelScore::normalized_margin) return (own() - highest_other() + 1) / 2;
    constexpr double kLeast = std::numeric_limits<double>::min();
    if (own() < kLeast) return 0;
    double entropy = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      const double some = std::max(kLeast, p[c]);
      entropy -= some * market::portable_log(some);
    }
    const double x = std::max(kLeast, entropy / (log_classes * own()));
    return market::portable_log1p(x) / x;
  }

  std::size_t most_probable() const { return static_cast<std::size_t>(std::max_element(p, p + classes) - p); }
  std::size_t most_probable_other() const {
    std::size_t best = given == 0 ? 1 : 0;
    for (std::size_t c = best + 1; c < classes; ++c) best = c != given && p[c] > p[best] ? c : best;
    return best;
  }

  // Whether another class is more probable, and by more than a hair.
  bool is_doubted() const {
    const double label = own() + kNear;
    int out = 0;
    for (std::size_t c = 0; c < classes; ++c)
      out |= static_cast<int>(p[c] > label) | (static_cast<int>(p[c] == label) & static_cast<int>(c < given));
    return out != 0;
  }

  // Of those whose `reach` it has; `classes` where there is none.
  std::size_t confident_class(const std::vector<double>& reach) const {
    std::size_t reached = 0, last = classes;
    for (std::size_t c = 0; c < classes; ++c) {
      const bool has = p[c] >= reach[c];
      reached += has ? 1 : 0;
      last = has ? c : last;
    }
    return reached > 1 ? most_probable() : last;
  }
};

class Rows {
 public:
  explicit Rows(const Forecasts& forecasts) : forecasts_(forecasts) {}
  std::size_t size() const { return forecasts_.rows(); }
  std::size_t classes() const { return forecasts_.classes; }
  Row operator[](std::size_t row) const {
    return {.p = forecasts_.probability.data() + row * forecasts_.classes,
            .classes = forecasts_.classes,
            .given = static_cast<std::size_t>(forecasts_.truth[row])};
  }

 private:
  const Forecasts& forecasts_;
};

void set_thresholds(const Rows& rows, unsigned threads, LabelNoise& out) {
  const std::size_t classes = out.classes;
  std::array<std::vector<double>, kPieces> sums;
  std::array<std::vector<std::uint64_t>, kPieces> counts;
  for_row_pieces(rows.size(), threads, [&](std::size_t piece, std::size_t begin, std::size_t end) {
    std::vector<double> sum(classes);
    std::vector<std::uint64_t> count(classes);
    for (std::size_t i = begin; i < end; ++i) {
      const Row row = rows[i];
      sum[row.given] += row.own();
      ++count[row.given];
    }
    sums[piece] = std::move(sum);
    counts[piece] = std::move(count);
  });
  out.given.assign(classes, 0);
  out.threshold.assign(classes, 0);
  for (std::size_t piece = 0; piece < kPieces; ++piece) {
    for (std::size_t c = 0; c < classes; ++c) {
      out.given[c] += counts[piece][c];
      out.threshold[c] += sums[piece][c];
    }
  }
  for (std::size_t c = 0; c < classes; ++c) {
    // Below, a probability of 0 would reach it.
    out.threshold[c] =
        out.given[c] == 0 ? kOutOfReach : std::max(2 * kNear, out.threshold[c] / static_cast<double>(out.given[c]));
  }
}

// What a probability must be to count as confident.
std::vector<double> reach_of(const LabelNoise& noise) {
  std::vector<double> out = noise.threshold;
  for (double& each : out) each -= kNear;
  return out;
}

void count_confident(const Rows& rows, unsigned threads, LabelNoise& out) {
  const std::size_t classes = out.classes;
  const std::vector<double> reach = reach_of(out);
  std::array<std::vector<std::uint64_t>, kPieces> counts;
  std::array<std::uint64_t, kPieces> issues{};
  for_row_pieces(rows.size(), threads, [&](std::size_t piece, std::size_t begin, std::size_t end) {
    std::vector<std::uint64_t> count(classes * (classes + 1));  // the last: confidently of none
    std::uint64_t wrong = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const Row row = rows[i];
      const std::size_t found = row.confident_class(reach);
      ++count[row.given * (classes + 1) + found];
      const int elsewhere = static_cast<int>(found != classes) & static_cast<int>(found != row.given);
      wrong += static_cast<std::uint64_t>(elsewhere & static_cast<int>(row.is_doubted()));
    }
    counts[piece] = std::move(count);
    issues[piece] = wrong;
  });
  out.confident.assign(classes * classes, 0);
  for (std::size_t piece = 0; piece < kPieces; ++piece) {
    for (std::size_t i = 0; i < out.confident.size(); ++i)
      out.confident[i] += counts[piece][i / classes * (classes + 1) + i % classes];
    out.issues += issues[piece];
  }
  for (std::size_t c = 0; c < classes; ++c)
    out.confident[c * classes + c] = std::max<std::uint64_t>(1, out.confident[c * classes + c]);
}

// Whole numbers next to `values` that sum to what their sum is next to. Where some must give way, those do that
// rounding changed most; of equal ones the last is raised and the first lowered, as cleanlab does.
std::vector<std::uint64_t> round_to_sum(std::span<const double> values) {
  std::vector<double> whole;
  double sum = 0, rounded = 0;
  for (const double each : values) {
    whole.push_back(std::nearbyint(each));
    sum += each;
    rounded += whole.back();
  }
  std::vector<std::size_t> by_change(values.size());
  std::iota(by_change.begin(), by_change.end(), 0);
  std::stable_sort(by_change.begin(), by_change.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] - whole[a] < values[b] - whole[b]; });
  const double missing = std::nearbyint(sum) - rounded;
  const auto changes = static_cast<std::size_t>(std::fabs(missing));
  for (std::size_t i = 0; i < changes; ++i) {
    if (missing > 0) {
      ++whole[by_change[by_change.size() - 1 - i]];
    } else {
      --whole[by_change[i]];
    }
  }
  return {whole.begin(), whole.end()};
}

void calibrate(LabelNoise& out) {
  const std::size_t classes = out.classes;
  std::vector<double> counts(classes * classes);
  double all = 0;
  for (std::size_t g = 0; g < classes; ++g) {
    const auto confident = std::span(out.confident).subspan(g * classes, classes);
    const auto sum = static_cast<double>(std::accumulate(confident.begin(), confident.end(), std::uint64_t{0}));
    for (std::size_t t = 0; t < classes; ++t) {
      counts[g * classes + t] = static_cast<double>(confident[t]) / sum * static_cast<double>(out.given[g]);
      all += counts[g * classes + t];
    }
  }
  const auto rows = static_cast<double>(out.rows);
  for (double& each : counts) each = each / all * rows;
  for (std::size_t g = 0; g < classes; ++g) {
    for (const std::uint64_t each : round_to_sum(std::span(counts).subspan(g * classes, classes)))
      out.calibrated.push_back(each);
  }
  std::vector<std::uint64_t> of_true(classes);
  for (std::size_t g = 0; g < classes; ++g) {
    for (std::size_t t = 0; t < classes; ++t) of_true[t] += out.calibrated[g * classes + t];
  }
  const auto share = [](std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  for (std::size_t g = 0; g < classes; ++g) {
    for (std::size_t t = 0; t < classes; ++t) {
      const std::uint64_t count = out.calibrated[g * classes + t];
      out.joint.push_back(static_cast<double>(count) / rows);
      out.given_if_true.push_back(share(count, of_true[t]));
      out.true_if_given.push_back(share(count, out.given[g]));
    }
  }
  for (const std::uint64_t each : of_true) out.true_share.push_back(static_cast<double>(each) / rows);
}

// How many rows of each label are taken out for each true class, and how many stay: (given, true).
std::vector<std::uint64_t> prune_counts(const LabelNoise& noise, const LabelFilterOptions& options) {
  const std::size_t classes = noise.classes;
  std::vector<std::uint64_t> out(classes * classes);
  const auto least = static_cast<double>(options.min_rows_per_class);
  for (std::size_t g = 0; g < classes; ++g) {
    const auto calibrated = std::span(noise.calibrated).subspan(g * classes, classes);
    std::size_t others = 0;
    for (std::size_t t = 0; t < classes; ++t) others += t != g && calibrated[t] > 0 ? 1 : 0;
    const auto right = static_cast<double>(calibrated[g]);
    const double each_gives = others == 0 ? 0 : std::max(0.0, least - right) / static_cast<double>(others);
    double stay = std::max(right, least);
    for (std::size_t t = 0; t < classes; ++t) {
      if (t == g) continue;
      const double wrong = std::max(0.0, static_cast<double>(calibrated[t]) - each_gives);
      out[g * classes + t] = static_cast<std::uint64_t>(wrong * options.noise_share);
      stay += wrong - wrong * options.noise_share;
    }
    out[g * classes + g] = static_cast<std::uint64_t>(stay);
  }
  return out;
}

// The lowest values of several rows: those below `value`, and those that equal it before row `end`.
struct Cutoff {
  double value = -kInfinity;
  std::size_t end = 0;
  bool holds(double of_row, std::size_t row) const { return of_row < value || (of_row == value && row < end); }
};

// Finds the `counts[group]` lowest values of each group. `visit(row, i, take)` calls take(group, value) for what row i
// has, from -1 to 1. A first pass counts values by bins, a second one looks at those of the bin where the cutoff lies.
template <class Visit>
std::vector<Cutoff> lowest(const Rows& rows, unsigned threads, std::span<const std::uint64_t> counts,
                           const Visit& visit) {
  const std::size_t groups = counts.size(), bins = std::clamp<std::size_t>(kBins / groups, 1, 1024);
  const double scale = static_cast<double>(bins) / 2;
  const auto bin_of = [&](double value) {
    return static_cast<std::size_t>(std::clamp(static_cast<std::ptrdiff_t>((value + 1) * scale), std::ptrdiff_t{0},
                                               static_cast<std::ptrdiff_t>(bins) - 1));
  };
  std::array<std::vector<std::uint32_t>, kPieces> binned;
  for_row_pieces(rows.size(), threads, [&](std::size_t piece, std::size_t begin, std::size_t end) {
    std::vector<std::uint32_t> count(groups * bins);
    for (std::size_t i = begin; i < end; ++i)
      visit(rows[i], i, [&](std::size_t group, double value) { ++count[group * bins + bin_of(value)]; });
    binned[piece] = std::move(count);
  });

  std::vector<std::uint64_t> in_bins(groups * bins);
  for (const auto& piece : binned) {
    for (std::size_t i = 0; i < in_bins.size(); ++i) in_bins[i] += piece[i];
  }

  std::vector<Cutoff> out(groups);
  std::vector<std::size_t> looked_at(groups, bins);
  std::vector<std::uint64_t> left(counts.begin(), counts.end());  // of a group, in the bin that is looked at
  for (std::size_t group = 0; group < groups; ++group) {
    if (left[group] == 0) continue;
    out[group].value = kInfinity;  // unless there are more
    for (std::size_t bin = 0; bin < bins; ++bin) {
      const std::uint64_t in_bin = in_bins[group * bins + bin];
      if (in_bin > left[group]) {
        looked_at[group] = bin;
        break;
      }
      left[group] -= in_bin;
    }
  }

  struct Found {
    double value;
    std::uint32_t group, row;
  };
  std::array<std::vector<Found>, kPieces> near;
  for_row_pieces(rows.size(), threads, [&](std::size_t piece, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      visit(rows[i], i, [&](std::size_t group, double value) {
        if (bin_of(value) == looked_at[group])
          near[piece].push_back({value, static_cast<std::uint32_t>(group), static_cast<std::uint32_t>(i)});
      });
    }
  });
  std::vector<std::vector<Found>> by_group(groups);
  for (const auto& piece : near) {
    for (const Found& each : piece) by_group[each.group].push_back(each);
  }
  for (std::size_t group = 0; group < groups; ++group) {
    if (looked_at[group] == bins) continue;
    // The first that is not among the lowest any more.
    std::vector<Found>& found = by_group[group];
    const auto next = found.begin() + static_cast<std::ptrdiff_t>(left[group]);
    std::nth_element(found.begin(), next, found.end(), [](const Found& a, const Found& b) {
      return a.value != b.value ? a.value < b.value : a.row < b.row;
    });
    out[group] = {.value = next->value, .end = next->row};
  }
  return out;
}

// Which rows of each label are pruned: (given, other) by p(given) - p(other), and on the diagonal by p(given).
std::vector<Cutoff> prune_cutoffs(const Rows& rows, unsigned threads, const LabelNoise& noise,
                                  const LabelFilterOptions& options) {
  const std::size_t classes = noise.classes;
  std::vector<std::uint64_t> counts = prune_counts(noise, options);
  const bool by_class = options.filter != LabelFilter::prune_by_noise_rate,
             by_noise_rate = options.filter != LabelFilter::prune_by_class;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::size_t g = i / classes, other = i % classes;
    if (g == other) counts[i] = noise.given[g] - std::min(noise.given[g], counts[i]);
    if (noise.given[g] <= options.min_rows_per_class || !(g == other ? by_class : by_noise_rate)) counts[i] = 0;
  }
  return lowest(rows, threads, counts, [&](const Row& row, std::size_t, const auto& take) {
    const std::size_t group = row.given * classes;
    const double own = row.own();
    if (by_class) take(group + row.given, own);
    for (std::size_t step = 1; by_noise_rate && step < classes; ++step) {
      const std::size_t c = row.after_given(step);
      take(group + c, own - row.p[c]);
    }
  });
}

// Rows that are `wrong`, in order.
template <class Wrong>
LabelIssues pick(const Rows& rows, unsigned threads, const LabelNoise& noise, const Wrong& wrong) {
  std::array<std::vector<std::uint32_t>, kPieces> found;
  for_row_pieces(rows.size(), threads, [&](std::size_t piece, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      if (wrong(rows[i], i)) found[piece].push_back(static_cast<std::uint32_t>(i));
    }
  });
  LabelIssues out{.rows = {}, .kept = noise.given, .removed = std::vector<std::uint64_t>(noise.classes)};
  for (const auto& piece : found) {
    for (const std::uint32_t row : piece) {
      out.rows.push_back(row);
      --out.kept[rows[row].given];
      ++out.removed[rows[row].given];
    }
  }
  return out;
}

}  // namespace

LabelFilter parse_label_filter(const std::string& name) {
  return parse_choice("filter =", name, kFilters);
}

std::string_view to_string(LabelFilter filter) {
  return name_of(filter, kFilters);
}

LabelScore parse_label_score(const std::string& name) {
  return parse_choice("score =", name, kScores);
}

std::string_view to_string(LabelScore score) {
  return name_of(score, kScores);
}

ConfidentLearning::ConfidentLearning(const Forecasts& forecasts, unsigned threads)
    : forecasts_(forecasts), threads_(threads) {
  if (!forecasts.weight.empty()) throw std::invalid_argument("confident learning counts rows and takes no weights");
  if (forecasts.classes < 2) {
    throw DataError(fmt::format("forecasts of {} classes: a label can only be wrong where there are two at least.",
                                forecasts.classes));
  }
  if (forecasts.rows() > std::numeric_limits<std::uint32_t>::max())
    throw DataError(fmt::format("{} labels: expected 4294967295 at most.", forecasts.rows()));
  check_forecasts(forecasts);
  noise_.rows = forecasts.rows();
  noise_.classes = forecasts.classes;
  const Rows rows(forecasts_);
  set_thresholds(rows, threads, noise_);
  count_confident(rows, threads, noise_);
  calibrate(noise_);
}

LabelIssues ConfidentLearning::find(const LabelFilterOptions& options) const {
  if (!(options.noise_share >= 0 && options.noise_share <= 1))
    throw ConfigError(fmt::format("a noise share of {}: expected 0 to 1.", options.noise_share));
  const Rows rows(forecasts_);
  const std::size_t classes = noise_.classes;
  switch (options.filter) {
    case LabelFilter::prune_by_noise_rate:
    case LabelFilter::prune_by_class:
    case LabelFilter::both:
      break;
    case LabelFilter::confident_learning: {
      const std::vector<double> reach = reach_of(noise_);
      return pick(rows, threads_, noise_, [&](const Row& row, std::size_t) {
        if (!row.is_doubted()) return false;
        const std::size_t found = row.confident_class(reach);
        return found != classes && found != row.given;
      });
    }
    case LabelFilter::predicted_neq_given:
      return pick(rows, threads_, noise_, [](const Row& row, std::size_t) { return row.is_doubted(); });
    case LabelFilter::low_self_confidence:
    case LabelFilter::low_normalized_margin: {
      const std::vector<double> of_rows =
          scores(options.filter == LabelFilter::low_self_confidence ? LabelScore::self_confidence
                                                                    : LabelScore::normalized_margin);
      const auto cutoff = lowest(rows, threads_, std::span(&noise_.issues, 1),
                                 [&](const Row&, std::size_t i, const auto& take) { take(0, of_rows[i]); });
      return pick(rows, threads_, noise_,
                  [&](const Row&, std::size_t i) { return cutoff.front().holds(of_rows[i], i); });
    }
  }
  const std::vector<Cutoff> cutoffs = prune_cutoffs(rows, threads_, noise_, options);
  return pick(rows, threads_, noise_, [&](const Row& row, std::size_t i) {
    if (!row.is_doubted()) return false;
    const Cutoff* const of_label = cutoffs.data() + row.given * classes;
    const bool by_class = of_label[row.given].holds(row.own(), i);
    if (options.filter == LabelFilter::prune_by_class) return by_class;
    bool by_noise_rate = false;
    for (std::size_t c = 0; c < classes; ++c)
      by_noise_rate |= c != row.given && of_label[c].holds(row.own() - row.p[c], i);
    return by_noise_rate && (by_class || options.filter != LabelFilter::both);
  });
}

std::vector<double> ConfidentLearning::scores(LabelScore score) const {
  const Rows rows(forecasts_);
  std::vector<double> out(rows.size());
  const double log_classes = market::portable_log(static_cast<double>(rows.classes()));
  for_row_pieces(rows.size(), threads_, [&](std::size_t, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) out[i] = rows[i].score(score, log_classes);
  });
  return out;
}

std::vector<std::int32_t> ConfidentLearning::suggestions() const {
  const Rows rows(forecasts_);
  std::vector<std::int32_t> out(rows.size());
  for_row_pieces(rows.size(), threads_, [&](std::size_t, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) out[i] = static_cast<std::int32_t>(rows[i].most_probable_other());
  });
  return out;
}

std::vector<std::uint32_t> worst_first(std::span<const std::uint32_t> rows, std::span<const double> scores) {
  std::vector<std::uint32_t> out(rows.begin(), rows.end());
  std::stable_sort(out.begin(), out.end(), [&](std::uint32_t a, std::uint32_t b) { return scores[a] < scores[b]; });
  return out;
}

}  // namespace moola::validation
