#include "data/windows/windows.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "base/error.h"
#include "base/nearest.h"
#include "data/store/dataset.h"
#include "data/windows/stored_windows.h"
#include "data/windows/view_windows.h"

namespace moola::data {

Windows::Windows(DatasetId id, std::string content_sha256, WindowOptions options, std::unique_ptr<WindowSource> source)
    : id_(std::move(id)),
      content_sha256_(std::move(content_sha256)),
      options_(std::move(options)),
      source_(std::move(source)) {}

void Windows::gather(std::span<const std::int64_t> index, std::span<const std::uint8_t> hidden,
                     std::span<float> out) const {
  const std::int64_t n = size();
  for (const std::int64_t window : index) {
    if (window < 0 || window >= n)
      throw std::out_of_range(fmt::format("window {} of {} of {}", window, n, to_string(id_)));
  }
  if (out.size() != index.size() * static_cast<std::size_t>(length() * channels())) {
    throw std::out_of_range(
        fmt::format("room for {} values for {} windows of {} x {}", out.size(), index.size(), length(), channels()));
  }
  if (!hidden.empty() && hidden.size() != index.size() * static_cast<std::size_t>(length())) {
    throw std::out_of_range(
        fmt::format("{} marks of hidden bars for {} windows of {}", hidden.size(), index.size(), length()));
  }
  source_->gather(index, hidden, out);
}

const WindowTimeline& Windows::timeline(const char* wanted) const {
  if (const WindowTimeline* timeline = source_->timeline()) return *timeline;
  throw ConfigError(fmt::format(
      "{} has no times, so {}. Set windows.holdout = 0 and leave windows.from, to and exclude out, or take windows "
      "that are a view of bars.",
      to_string(id_), wanted));
}

TimeRange Windows::time(std::int64_t window) const {
  timeline("it is not known when a window is");
  return source_->time(window);
}

WindowSelection Windows::all() const {
  const WindowSelection::Range whole{0, size()};
  return WindowSelection(std::span(&whole, 1));
}

WindowSelection Windows::select(const WindowSelection& among, const TimeSelection& times) const {
  if (times.empty()) return among;
  return select_windows(timeline("no part of time can be chosen"), among, times);
}

HoldoutSplit Windows::hold_out(const WindowSelection& among, double fraction) const {
  if (fraction == 0.0) return {among, {}, std::nullopt, 0};
  return data::hold_out(timeline("its last part cannot be kept from training"), among, fraction);
}

std::vector<SymbolSpan> Windows::span(const WindowSelection& selection) const {
  return has_time() ? window_span(*source_->timeline(), selection) : std::vector<SymbolSpan>{};
}

WindowOrder Windows::order(std::int64_t n, std::uint64_t seed) const {
  switch (options_.order) {
    case Order::shuffled:
      return WindowOrder::shuffled(n, seed);
    case Order::sequential:
      return WindowOrder::sequential(n);
    case Order::blocked:
      break;
  }
  return WindowOrder::blocked(n, seed, source_->block(), source_->blocks_in_memory());
}

std::vector<std::string> choose_channels(std::string_view text, const std::vector<std::string>& available) {
  if (text == "all") return available;
  std::vector<std::string> names;
  if (text == "ohlc" || text == "ohlcv") {
    names = {"open", "high", "low", "close"};
    if (text == "ohlcv") names.emplace_back("volume");
  } else {
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = std::min(text.find(',', begin), text.size());
      std::string_view name = text.substr(begin, end - begin);
      while (name.starts_with(' ')) name.remove_prefix(1);
      while (name.ends_with(' ')) name.remove_suffix(1);
      names.emplace_back(name);
      begin = end + 1;
    }
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (std::ranges::find(available, names[i]) == available.end()) {
      throw ConfigError(
          fmt::format("there is no channel '{}' in this data set; it has {}. (channels = \"all\" takes all of them.){}",
                      names[i], fmt::join(available, ", "), did_you_mean(names[i], available)));
    }
    if (std::ranges::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<std::ptrdiff_t>(i)) {
      throw ConfigError(fmt::format("the channel '{}' is named twice in channels = \"{}\".", names[i], text));
    }
  }
  return names;
}

Windows open_windows(const std::filesystem::path& workspace, const DatasetId& id, const WindowOptions& options) {
  if (id.kind != "unlabeled_windows" && id.kind != "labeled_windows") {
    throw ConfigError(fmt::format("{} holds no windows. Cut some from bars with: moola data windows --bars SYMBOL/v1",
                                  to_string(id)));
  }
  DatasetReader reader(workspace, id);
  std::string hash = reader.content_sha256();
  std::unique_ptr<WindowSource> source;
  if (reader.file().has_dataset("X")) {
    source = open_stored_windows(std::move(reader), options);
  } else if (reader.file().has_dataset("run_begin")) {
    source = open_view_windows(workspace, std::move(reader), options);
  } else {
    throw DataError(fmt::format("{} holds neither windows (X) nor runs of windows (run_begin): {}.", to_string(id),
                                reader.file().path().string()));
  }
  return {id, std::move(hash), options, std::move(source)};
}

}  // namespace moola::data
