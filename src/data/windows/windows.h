#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/store/dataset_id.h"
#include "data/windows/window_order.h"
#include "data/windows/window_selection.h"
#include "data/windows/window_timeline.h"
#include "market/window_transform.h"

namespace moola::data {

struct Parent;

struct WindowOptions {
  market::Normalisation normalize = market::Normalisation::window_log_return;
  /// "ohlc", "ohlcv", "all" (what the data set has; of a view ohlc), or names with commas between: the channels taken
  /// before normalising.
  std::string channels = "ohlc";
  /// `blocked` keeps no more than `memory` bytes of the series at a time; the others keep all of it.
  Order order = Order::shuffled;
  std::int64_t memory = std::int64_t{1} << 30;
};

/// What stands behind Windows: one implementation for views of bars, one for windows that are stored whole.
class WindowSource {
 public:
  virtual ~WindowSource() = default;
  virtual std::int64_t size() const = 0;
  virtual std::int64_t length() const = 0;
  virtual const std::vector<std::string>& channel_names() const = 0;
  virtual void gather(std::span<const std::int64_t> index, std::span<const std::uint8_t> hidden,
                      std::span<float> out) const = 0;
  /// Null when the set has no time.
  virtual const WindowTimeline* timeline() const = 0;
  virtual TimeRange time(std::int64_t window) const = 0;
  virtual const std::string& symbol(std::int64_t window) const = 0;
  virtual std::int64_t bytes() const = 0;
  virtual std::int64_t most_bytes() const = 0;
  /// Neighbouring windows that lie together in one page, and how many of such blocks fit into the memory at once.
  virtual std::int64_t block() const = 0;
  virtual std::int64_t blocks_in_memory() const = 0;
  virtual const std::vector<Parent>& parents() const = 0;

 protected:
  WindowSource() = default;
  WindowSource(const WindowSource&) = default;
  WindowSource& operator=(const WindowSource&) = default;
};

/// All windows of a data set, numbered from 0, normalised as they are read: a view of bars or windows stored whole,
/// which its user need not know.
class Windows {
 public:
  Windows(DatasetId id, std::string content_sha256, WindowOptions options, std::unique_ptr<WindowSource> source);

  const DatasetId& id() const { return id_; }
  const std::string& content_sha256() const { return content_sha256_; }
  /// The bars a view was cut from, with their content hashes.
  const std::vector<Parent>& parents() const { return source_->parents(); }
  const WindowOptions& options() const { return options_; }

  std::int64_t size() const { return source_->size(); }
  /// Bars of a window, T.
  std::int64_t length() const { return source_->length(); }
  /// Channels of a normalised window, C.
  std::int64_t channels() const { return static_cast<std::int64_t>(channel_names().size()); }
  const std::vector<std::string>& channel_names() const { return source_->channel_names(); }

  /// The normalised windows of these numbers, in this order, into `out` (n, T, C). Const and safe from any number of
  /// threads. About 0.1 us per window of 105 x 4 log returns in memory. Throws std::out_of_range for a number outside
  /// [0, size()); with order = blocked, where it may read files, DataError and IoError.
  void gather(std::span<const std::int64_t> index, std::span<float> out) const { gather(index, {}, out); }
  /// The same with `hidden` (n, T; empty: none) bars that the visible ones must not know of: what the normalisation
  /// takes from a window it takes from its visible bars (market::WindowTransform).
  void gather(std::span<const std::int64_t> index, std::span<const std::uint8_t> hidden, std::span<float> out) const;

  /// Whether the windows have a place in time; without one nothing can be selected or held out by time.
  bool has_time() const { return source_->timeline() != nullptr; }
  /// From the first bar's stamp to the end of the last bar, exclusive. Throws ConfigError without time.
  TimeRange time(std::int64_t window) const;
  /// The symbol of a window; empty where there is none.
  const std::string& symbol(std::int64_t window) const { return source_->symbol(window); }

  WindowSelection all() const;
  /// select_windows, hold_out and window_span of window_selection.h on this set. Without time they throw ConfigError,
  /// except for an empty selection, a hold-out of 0 and the span, which is then empty.
  WindowSelection select(const WindowSelection& among, const TimeSelection& times) const;
  HoldoutSplit hold_out(const WindowSelection& among, double fraction) const;
  std::vector<SymbolSpan> span(const WindowSelection& selection) const;

  /// The order of the samples of a selection of `n` of these windows, as the options say; blocks are as large as memory
  /// allows.
  WindowOrder order(std::int64_t n, std::uint64_t seed) const;

  /// Bytes of series and windows held in memory now, and the most that were so far.
  std::int64_t bytes_resident() const { return source_->bytes(); }
  std::int64_t most_bytes_resident() const { return source_->most_bytes(); }

 private:
  const WindowTimeline& timeline(const char* wanted) const;

  DatasetId id_;
  std::string content_sha256_;
  WindowOptions options_;
  std::unique_ptr<WindowSource> source_;
};

/// Opens unlabeled_windows or labeled_windows, views and stored ones alike. Cost: bars of a view are read once and
/// encoded (about 0.3 s for 2.6 M), stored windows are read; with order = blocked nothing is read yet. Throws DataError
/// for a damaged file, a wrong schema, bars whose content is no longer what the view was cut from, or prices that have
/// no log where one is needed; ConfigError for channels or normalisations the set does not allow, or too little memory;
/// IoError.
Windows open_windows(const std::filesystem::path& workspace, const DatasetId& id, const WindowOptions& options = {});

/// The channel names that `text` of WindowOptions means among those of a set. Throws ConfigError that names the
/// nearest.
std::vector<std::string> choose_channels(std::string_view text, const std::vector<std::string>& available);

}  // namespace moola::data
