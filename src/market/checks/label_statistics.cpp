#include "market/checks/label_statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

namespace moola::market {
namespace {

bool valid(std::int8_t label) {
  return label >= -1 && label <= 1;
}

// Of every label and every one `lag` rows later.
using PairCounts = std::array<std::size_t, 9>;

std::size_t place(int now, int later) {
  return static_cast<std::size_t>(now + 1) * 3 + static_cast<std::size_t>(later + 1);
}

PairCounts count_pairs(std::span<const std::int8_t> labels, std::span<const Rows> rows, std::size_t lag) {
  PairCounts counts{};
  for (const Rows& range : rows) {
    for (std::size_t row = range.begin; row + lag < range.end; ++row) {
      const std::int8_t now = labels[row], later = labels[row + lag];
      if (valid(now) && valid(later)) ++counts[place(now, later)];
    }
  }
  return counts;
}

LabelAutocorrelation autocorrelation_of(const PairCounts& counts, std::size_t lag) {
  // Sums of labels are whole numbers, which doubles hold exactly as far as tables go.
  double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
  for (int a = -1; a <= 1; ++a) {
    for (int b = -1; b <= 1; ++b) {
      const auto count = static_cast<double>(counts[place(a, b)]);
      n += count;
      x += a * count;
      y += b * count;
      xx += a * a * count;
      yy += b * b * count;
      xy += a * b * count;
    }
  }
  LabelAutocorrelation out{.lag = lag, .pairs = static_cast<std::size_t>(n)};
  const double vary = (n * xx - x * x) * (n * yy - y * y);
  if (vary > 0) out.correlation = (n * xy - x * y) / std::sqrt(vary);
  return out;
}

}  // namespace

LabelCounts count_labels(std::span<const std::int8_t> labels, std::span<const Rows> rows) {
  static_cast<void>(count_rows(rows, labels.size()));
  LabelCounts out;
  for (const Rows& range : rows) {
    for (const std::int8_t label : labels.subspan(range.begin, range.size())) {
      out.down += label == -1 ? 1 : 0;
      out.neutral += label == 0 ? 1 : 0;
      out.up += label == 1 ? 1 : 0;
      out.invalid += valid(label) ? 0 : 1;
    }
  }
  return out;
}

std::vector<LabelCounts> count_labels_over_time(std::span<const std::int8_t> labels, std::size_t chunks) {
  std::vector<LabelCounts> out;
  out.reserve(chunks);
  for (std::size_t k = 0; k < chunks; ++k) {
    const Rows chunk{.begin = labels.size() * k / chunks, .end = labels.size() * (k + 1) / chunks};
    out.push_back(count_labels(labels, {&chunk, 1}));
  }
  return out;
}

std::vector<LabelAutocorrelation> label_autocorrelation(std::span<const std::int8_t> labels, std::span<const Rows> rows,
                                                        std::span<const std::size_t> lags) {
  static_cast<void>(count_rows(rows, labels.size()));
  std::vector<LabelAutocorrelation> out;
  out.reserve(lags.size());
  for (const std::size_t lag : lags) {
    if (lag == 0) throw std::invalid_argument("the autocorrelation of labels at lag 0");
    out.push_back(autocorrelation_of(count_pairs(labels, rows, lag), lag));
  }
  return out;
}

std::vector<LabelAutocorrelation> value_autocorrelation(std::span<const double> values, std::span<const Rows> rows,
                                                        std::span<const std::size_t> lags) {
  static_cast<void>(count_rows(rows, values.size()));
  std::vector<LabelAutocorrelation> out;
  for (const std::size_t lag : lags) {
    if (lag == 0) throw std::invalid_argument("the autocorrelation of values at lag 0");
    const auto each_pair = [&](auto&& look) {
      for (const Rows& range : rows) {
        for (std::size_t row = range.begin; row + lag < range.end; ++row) {
          if (std::isfinite(values[row]) && std::isfinite(values[row + lag])) look(values[row], values[row + lag]);
        }
      }
    };
    LabelAutocorrelation found{.lag = lag};
    double x_sum = 0, y_sum = 0, xx = 0, yy = 0, xy = 0;
    each_pair([&](double x, double y) {
      ++found.pairs;
      x_sum += x;
      y_sum += y;
    });
    const auto n = static_cast<double>(std::max<std::size_t>(1, found.pairs));
    each_pair([&](double x, double y) {
      const double dx = x - x_sum / n, dy = y - y_sum / n;
      xx += dx * dx;
      yy += dy * dy;
      xy += dx * dy;
    });
    if (xx > 0 && yy > 0) found.correlation = xy / (std::sqrt(xx) * std::sqrt(yy));
    out.push_back(found);
  }
  return out;
}

LabelRuns label_runs(std::span<const std::int8_t> labels, std::span<const Rows> rows) {
  static_cast<void>(count_rows(rows, labels.size()));
  LabelRuns out;
  std::size_t counted = 0;
  for (const Rows& range : rows) {
    std::size_t run = 0;
    for (std::size_t row = range.begin; row < range.end; ++row) {
      if (!valid(labels[row])) {
        run = 0;
        continue;
      }
      run = run > 0 && labels[row] == labels[row - 1] ? run + 1 : 1;
      out.runs += run == 1 ? 1 : 0;
      out.longest = std::max(out.longest, run);
      ++counted;
    }
  }
  if (out.runs > 0) out.mean_length = static_cast<double>(counted) / static_cast<double>(out.runs);
  return out;
}

}  // namespace moola::market
