#include "data/windows/stored_windows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/error.h"
#include "data/store/row_pages.h"

namespace moola::data {
namespace {

constexpr std::int64_t kLargestPage = std::int64_t{1} << 20;  // bytes, unless a window alone is larger

// Windows with a begin and an end each, in rows where both only grow.
class RowTimeline final : public WindowTimeline {
 public:
  RowTimeline(std::vector<std::int64_t> first, std::vector<std::int64_t> last, std::string symbol)
      : first_(std::move(first)), last_(std::move(last)), symbols_{std::move(symbol)} {
    for (std::size_t i = 0; i < first_.size(); ++i) {
      if (i == 0 || first_[i] < first_[i - 1] || last_[i] < last_[i - 1])
        begins_.push_back(static_cast<std::int64_t>(i));
      longest_ = std::max(longest_, last_[i] - first_[i] + 1);
    }
  }
  std::int64_t runs() const override { return static_cast<std::int64_t>(begins_.size()); }
  Run run(std::int64_t number) const override {
    const auto at = static_cast<std::size_t>(number);
    const std::int64_t end = at + 1 < begins_.size() ? begins_[at + 1] : static_cast<std::int64_t>(first_.size());
    return {begins_[at], end - begins_[at], 0};
  }
  TimeRange time(std::int64_t number, std::int64_t window) const override {
    return of(begins_[static_cast<std::size_t>(number)] + window);
  }
  // One window length is the longest interval there is: what the windows were cut from is not known.
  std::int64_t purge_limit(std::int32_t, std::int64_t cut) const override { return cut - longest_; }
  const std::vector<std::string>& symbols() const override { return symbols_; }

  /// t0 and t1 are closed on both sides.
  TimeRange of(std::int64_t row) const {
    return {first_[static_cast<std::size_t>(row)], last_[static_cast<std::size_t>(row)] + 1};
  }
  std::int64_t bytes() const {
    return static_cast<std::int64_t>((first_.capacity() + last_.capacity() + begins_.capacity()) * 8);
  }

 private:
  std::vector<std::int64_t> first_, last_, begins_;
  std::vector<std::string> symbols_;
  std::int64_t longest_ = 0;
};

std::optional<RowTimeline> read_timeline(const DatasetReader& reader, std::uint64_t windows) {
  const hdf5::File& file = reader.file();
  if (!file.has_dataset("t0") || !file.has_dataset("t1")) return std::nullopt;
  auto first = file.read<std::int64_t>("t0"), last = file.read<std::int64_t>("t1");
  const auto fault = [&](const std::string& what) {
    throw DataError(
        fmt::format("{} {}; every window needs one t0 and one t1, not before it.", file.path().string(), what));
  };
  if (first.size() != windows || last.size() != windows)
    fault(fmt::format("has {} windows, {} t0 and {} t1", windows, first.size(), last.size()));
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (last[i] < first[i]) fault(fmt::format("has t1 before t0 in window {}", i));
  }
  const auto symbol = file.attribute("symbol");
  const std::string* name = symbol ? std::get_if<std::string>(&*symbol) : nullptr;
  return RowTimeline(std::move(first), std::move(last), name != nullptr ? *name : reader.id().name);
}

class StoredWindows final : public WindowSource {
 public:
  StoredWindows(DatasetReader reader, hdf5::Dataset x, market::WindowTransform transform,
                std::vector<std::size_t> chosen, RowPages::Plan plan)
      : id_(to_string(reader.id())),
        path_(reader.file().path().string()),
        size_(static_cast<std::int64_t>(x.shape()[0])),
        length_(static_cast<std::int64_t>(x.shape()[1])),
        stored_channels_(x.shape()[2]),
        transform_(std::move(transform)),
        chosen_(std::move(chosen)),
        timeline_(read_timeline(reader, x.shape()[0])),
        reader_(std::move(reader)),
        x_(std::move(x)),
        pages_(plan.pages),
        windows_(std::move(plan), [this](auto, auto first, auto count, auto* out) { load(first, count, out); }) {
    for (std::size_t c = 0; c < chosen_.size(); ++c) whole_ = whole_ && chosen_[c] == c;
    whole_ = whole_ && chosen_.size() == stored_channels_;
  }

  std::int64_t size() const override { return size_; }
  std::int64_t length() const override { return length_; }
  const std::vector<std::string>& channel_names() const override { return transform_.channel_names(); }
  const WindowTimeline* timeline() const override { return timeline_ ? &*timeline_ : nullptr; }
  TimeRange time(std::int64_t window) const override { return timeline_->of(window); }
  const std::string& symbol(std::int64_t) const override {
    static const std::string none;
    return timeline_ ? timeline_->symbols().front() : none;
  }
  std::int64_t bytes() const override { return windows_.bytes() + (timeline_ ? timeline_->bytes() : 0); }
  std::int64_t most_bytes() const override { return windows_.most_bytes() + (timeline_ ? timeline_->bytes() : 0); }
  std::int64_t block() const override {
    return windows_.resident() ? std::max<std::int64_t>(1, size_) : windows_.first_row(1);
  }
  std::int64_t blocks_in_memory() const override { return std::max<std::int64_t>(1, pages_ / 3); }
  const std::vector<Parent>& parents() const override { return parents_; }

  void gather(std::span<const std::int64_t> index, std::span<const std::uint8_t> hidden,
              std::span<float> out) const override {
    const auto bars = static_cast<std::size_t>(length_);
    std::vector<std::pair<std::int64_t, std::size_t>> wanted;  // page, place in the batch
    for (std::size_t i = 0; i < index.size(); ++i) wanted.emplace_back(windows_.page_of(index[i]), i);
    if (!windows_.resident()) std::ranges::sort(wanted);
    const std::size_t values = static_cast<std::size_t>(length_) * transform_.channels_out();
    std::vector<double> window;
    RowPages::Page page;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const auto [number, place] = wanted[i];
      if (i == 0 || number != wanted[i - 1].first) {
        page.reset();  // not to hold two
        page = windows_.page(0, number);
      }
      const std::int64_t row = index[place] - windows_.first_row(number);
      const auto* stored =
          reinterpret_cast<const float*>(page.get() + static_cast<std::size_t>(row) * windows_.row_bytes());
      const std::span<float> normalised = out.subspan(place * values, values);
      if (whole_ && transform_.normalisation() == market::Normalisation::none) {
        std::copy_n(stored, values, normalised.begin());
      } else {
        choose(stored, window);
        transform_(window, hidden.empty() ? hidden : hidden.subspan(place * bars, bars), normalised);
      }
    }
  }

 private:
  void load(std::int64_t first, std::int64_t count, std::byte* out) const {
    auto* values = reinterpret_cast<float*>(out);
    const std::size_t per_window = static_cast<std::size_t>(length_) * stored_channels_;
    x_.read_rows<float>(static_cast<std::uint64_t>(first), static_cast<std::uint64_t>(count),
                        std::span(values, static_cast<std::size_t>(count) * per_window));
    std::vector<double> window;
    for (std::int64_t i = 0; i < count; ++i) {
      choose(values + static_cast<std::size_t>(i) * per_window, window);
      if (const auto problem = transform_.problem(window)) {
        throw DataError(
            fmt::format("normalize = \"{}\" cannot be applied to {}: {} in window {} ({}). {}",
                        market::to_string(transform_.normalisation()), id_, *problem, first + i, path_,
                        "Take normalize = \"zscore\" or \"none\", or import the windows without such values."));
      }
    }
  }

  // The chosen channels of a stored window, in double precision.
  void choose(const float* stored, std::vector<double>& window) const {
    window.resize(static_cast<std::size_t>(length_) * chosen_.size());
    double* to = window.data();
    for (std::int64_t t = 0; t < length_; ++t) {
      for (const std::size_t c : chosen_) *to++ = stored[static_cast<std::size_t>(t) * stored_channels_ + c];
    }
  }

  std::string id_, path_;
  std::int64_t size_, length_;
  std::size_t stored_channels_;
  market::WindowTransform transform_;
  std::vector<std::size_t> chosen_;
  std::optional<RowTimeline> timeline_;
  std::vector<Parent> parents_;
  DatasetReader reader_;
  hdf5::Dataset x_;
  std::int64_t pages_;
  bool whole_ = true;
  RowPages windows_;
};

}  // namespace

std::unique_ptr<WindowSource> open_stored_windows(DatasetReader reader, const WindowOptions& options) {
  const hdf5::File& file = reader.file();
  hdf5::Dataset x = file.dataset("X");
  const std::vector<std::string> names = file.list_attribute("channel_names");
  if (x.shape().size() != 3 || x.type() != hdf5::Type::float32 || x.shape()[2] != names.size() || x.shape()[1] == 0) {
    throw DataError(fmt::format(
        "X of {} is {} with {} axes and {} channel names; expected windows x bars x channels in <f4, with a name for "
        "each channel.",
        file.path().string(), hdf5::numpy_name(x.type()), x.shape().size(), names.size()));
  }
  // Windows of anything else than prices have no ohlc to choose: then the default means all there is.
  const bool prices =
      std::ranges::all_of(std::vector<std::string>{"open", "high", "low", "close"},
                          [&](const std::string& name) { return std::ranges::find(names, name) != names.end(); });
  std::vector<std::string> channels =
      choose_channels(options.channels == "ohlc" && !prices ? "all" : options.channels, names);
  std::vector<std::size_t> chosen;
  for (const std::string& channel : channels)
    chosen.push_back(static_cast<std::size_t>(std::ranges::find(names, channel) - names.begin()));

  const auto row_bytes = static_cast<std::int64_t>(x.row_elements() * sizeof(float));
  RowPages::Plan plan{.rows = {static_cast<std::int64_t>(x.rows())}, .row_bytes = static_cast<std::size_t>(row_bytes)};
  if (options.order == Order::blocked) {
    plan.page_rows = std::max<std::int64_t>(1, std::min(kLargestPage, options.memory / 32) / row_bytes);
    plan.pages = options.memory / (plan.page_rows * row_bytes);
    if (plan.pages < 3) {
      throw ConfigError(fmt::format(
          "order = \"blocked\" may use {} bytes, which is too little for windows of {} bytes; three must fit at least.",
          options.memory, row_bytes));
    }
  }
  return std::make_unique<StoredWindows>(std::move(reader), std::move(x),
                                         market::WindowTransform(options.normalize, std::move(channels)),
                                         std::move(chosen), std::move(plan));
}

}  // namespace moola::data
