#include "market/features/feature_table.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <limits>
#include <map>
#include <mutex>
#include <new>
#include <thread>

#include "base/duration.h"
#include "base/error.h"
#include "market/indicators/rolling.h"
#include "market/resample.h"

namespace moola::market {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Large tables in large pages: getting them one small page at a time takes as long as computing.
std::unique_ptr<double[], void (*)(double*)> uncleared(std::size_t count) {
  constexpr std::size_t kLargePage = std::size_t{1} << 21;
  const std::size_t bytes = (count * sizeof(double) + kLargePage - 1) / kLargePage * kLargePage;
  void* const memory = bytes == 0 ? nullptr : std::aligned_alloc(kLargePage, bytes);
  if (memory == nullptr && bytes > 0) throw std::bad_alloc();
  // A wish: without it everything works, slower.
  if (memory != nullptr) static_cast<void>(::madvise(memory, bytes, MADV_HUGEPAGE));
  return {static_cast<double*>(memory), [](double* data) { std::free(data); }};
}

}  // namespace

FeatureTable::FeatureTable(std::vector<Feature> features, std::size_t rows)
    : features_(std::move(features)),
      rows_(rows),
      undefined_(features_.size()),
      values_(uncleared(features_.size() * (rows + 1))) {}

std::span<const double> FeatureTable::column(std::size_t feature) const {
  return {values_.get() + feature * (rows_ + 1), rows_};
}

std::size_t FeatureTable::first_row(std::size_t feature) const {
  return leading_nans(column(feature));
}

std::size_t FeatureTable::first_complete_row() const {
  std::size_t first = 0;
  for (std::size_t i = 0; i < features_.size(); ++i) first = std::max(first, first_row(i));
  return first;
}

namespace {

constexpr std::size_t kRows = 64;  // whose lines stay in the cache while the columns are gone through

}  // namespace

void FeatureTable::copy_rows(std::size_t begin, std::size_t end, std::span<double> out) const {
  const std::size_t columns = features_.size();
  for (std::size_t block = begin; block < end; block += kRows) {
    const std::size_t last = std::min(end, block + kRows);
    for (std::size_t c = 0; c < columns; ++c) {
      const double* const from = values_.get() + c * (rows_ + 1);
      for (std::size_t row = block; row < last; ++row) out[(row - begin) * columns + c] = from[row];
    }
  }
}

void FeatureTable::set_rows(std::size_t begin, std::size_t end, std::span<const double> rows) {
  const std::size_t columns = features_.size();
  for (std::size_t block = begin; block < end; block += kRows) {
    const std::size_t last = std::min(end, block + kRows);
    for (std::size_t c = 0; c < columns; ++c) {
      double* const to = values_.get() + c * (rows_ + 1);
      for (std::size_t row = block; row < last; ++row) to[row] = rows[(row - begin) * columns + c];
    }
  }
}

// The work, in pieces of one indicator each.
class FeatureComputation {
 public:
  FeatureComputation(const Bars& bars, std::int64_t bar_nanoseconds, FeatureTable& table, const OtherAssets& others)
      : bars_(bars), table_(table) {
    for (std::size_t i = 0; i < table.features_.size(); ++i) {
      const Feature& feature = table.features_[i];
      Piece& piece = piece_of(feature);
      piece.features.push_back(i);
      if (feature.timeframe != 0 && !longer_.contains(feature.timeframe))
        longer_.emplace(feature.timeframe, resample(bars, feature.timeframe));
      if (!feature.column.other.empty()) align_other(feature, bar_nanoseconds, others);
    }
  }

  std::size_t pieces() const { return pieces_.size(); }

  void compute(std::size_t number, std::map<std::size_t, Scratch>& scratch) {
    const Piece& piece = pieces_[number];
    const ResampledBars* longer = piece.timeframe == 0 ? nullptr : &longer_.at(piece.timeframe);
    const Bars& bars = longer == nullptr ? bars_ : longer->bars;
    Scratch& room = scratch.try_emplace(bars.size(), bars.size()).first->second;
    std::vector<std::span<double>> outputs(piece.indicator->outputs.size());
    std::vector<std::unique_ptr<Scratch::Column>> own;  // of longer bars, before they are spread over the rows
    for (const std::size_t i : piece.features) {
      const std::size_t output = table_.features_[i].column.output;
      if (!outputs[output].empty()) continue;
      outputs[output] = longer == nullptr ? std::span(row_of(i) + table_.features_[i].shift(), bars.size())
                                          : own.emplace_back(std::make_unique<Scratch::Column>(room))->span();
    }
    BarColumns columns = columns_of(bars);
    if (!piece.other.empty()) columns.other = &aligned_.at({piece.timeframe, piece.other});
    IndicatorCall call(columns, piece.values, outputs, room);
    piece.indicator->compute(call);
    for (const std::size_t i : piece.features) {
      const Feature& feature = table_.features_[i];
      const std::span<const double> computed = outputs[feature.column.output];
      if (longer == nullptr) std::fill_n(row_of(i), feature.shift(), kNaN);
      if (longer != nullptr) {
        spread(*longer, computed, i);
      } else if (row_of(i) + feature.shift() != computed.data()) {
        std::copy(computed.begin(), computed.end(), row_of(i) + feature.shift());
      }
      table_.undefined_[i] = call.undefined(feature.column.output);
    }
  }

 private:
  struct Piece {
    const Indicator* indicator;
    ParameterValues values;
    std::int64_t timeframe;
    std::string other;
    std::vector<std::size_t> features;
  };

  const Bars& bars_;
  FeatureTable& table_;
  std::vector<Piece> pieces_;
  std::map<std::int64_t, ResampledBars> longer_;
  std::map<std::pair<std::int64_t, std::string>, AlignedBars> aligned_;  // by timeframe and symbol

  Piece& piece_of(const Feature& feature) {
    for (Piece& piece : pieces_) {
      if (piece.indicator == feature.column.indicator && piece.values == feature.column.values &&
          piece.timeframe == feature.timeframe && piece.other == feature.column.other)
        return piece;
    }
    return pieces_.emplace_back(
        Piece{feature.column.indicator, feature.column.values, feature.timeframe, feature.column.other, {}});
  }

  void align_other(const Feature& feature, std::int64_t bar_nanoseconds, const OtherAssets& others) {
    const std::pair key(feature.timeframe, feature.column.other);
    if (aligned_.contains(key)) return;
    const auto found = std::find_if(others.assets.begin(), others.assets.end(),
                                    [&](const OtherAssets::Asset& asset) { return asset.symbol == key.second; });
    if (found == others.assets.end())
      throw ConfigError(fmt::format("column {}: the bars of {} are not there.", feature.name, key.second));
    // Beside longer bars too stands the other's price of the moment: its own longer bars may end later than ours.
    BarTimes ours{bars_.time, bar_nanoseconds};
    if (feature.timeframe != 0) ours = {longer_.at(feature.timeframe).bars.time, feature.timeframe};
    const Bars& other = *found->bars;
    aligned_.emplace(key, align(ours, {other.time, bar_nanoseconds}, other.close, others.max_age));
  }

  double* row_of(std::size_t feature) { return table_.values_.get() + feature * (table_.rows_ + 1); }

  // The longer bar that holds a row is not over yet; the one before it is.
  void spread(const ResampledBars& longer, std::span<const double> computed, std::size_t feature) {
    double* const to = row_of(feature);
    const std::size_t back = table_.features_[feature].shift();
    for (std::size_t row = 0; row < table_.rows_; ++row) {
      const std::size_t holder = longer.holder[row];
      to[row] = holder < back ? kNaN : computed[holder - back];
    }
  }
};

void check_timeframes(const std::vector<Feature>& features, std::int64_t bar_nanoseconds) {
  for (const Feature& feature : features) {
    if (feature.timeframe == 0) continue;
    const std::string longer = to_string(Duration{feature.timeframe});
    if (bar_nanoseconds <= 0) {
      throw ConfigError(fmt::format(
          "column {} is of bars of {}, which need bars by the clock: those that end by what is traded have no length.",
          feature.name, longer));
    }
    if (feature.timeframe > bar_nanoseconds && feature.timeframe % bar_nanoseconds == 0) continue;
    throw ConfigError(fmt::format("column {} is of bars of {}, which cannot be put together from bars of {}.",
                                  feature.name, longer, to_string(Duration{bar_nanoseconds})));
  }
}

FeatureTable compute_features(const Bars& bars, std::int64_t bar_nanoseconds, std::vector<Feature> features,
                              unsigned threads, const std::function<void(double share)>& progress,
                              const OtherAssets& others) {
  check_timeframes(features, bar_nanoseconds);
  FeatureTable table(std::move(features), bars.size());
  FeatureComputation computation(bars, bar_nanoseconds, table, others);
  std::atomic<std::size_t> next{0}, done{0};
  std::mutex mutex;
  std::exception_ptr failed;
  const auto work = [&] {
    std::map<std::size_t, Scratch> scratch;
    try {
      for (std::size_t piece; (piece = next.fetch_add(1)) < computation.pieces();) {
        computation.compute(piece, scratch);
        const std::size_t finished = done.fetch_add(1) + 1;
        const std::lock_guard lock(mutex);
        if (progress) progress(static_cast<double>(finished) / static_cast<double>(computation.pieces()));
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failed) failed = std::current_exception();
      next = computation.pieces();
    }
  };
  std::vector<std::jthread> workers;
  for (unsigned i = 1; i < std::min<std::size_t>(threads, computation.pieces()); ++i) workers.emplace_back(work);
  work();
  workers.clear();
  if (failed) std::rethrow_exception(failed);
  return table;
}

}  // namespace moola::market
