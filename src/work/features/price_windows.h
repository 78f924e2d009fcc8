#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/store/dataset.h"
#include "data/windows/windows.h"

namespace moola::work {

/// The windows of a data set as open, high, low and close, stored ones and views alike, read piece by piece so that no
/// set need fit into memory.
class PriceWindows {
 public:
  /// `id`: "NAME/vN" of labeled_windows or unlabeled_windows. Throws ConfigError (no such set, or its windows are no
  /// prices), DataError, IoError.
  PriceWindows(const std::filesystem::path& workspace, const std::string& id);

  const data::DatasetId& id() const { return reader_.id(); }
  const data::DatasetReader& reader() const { return reader_; }
  std::int64_t size() const { return size_; }
  std::size_t length() const { return length_; }
  /// Channels of a stored window; those of a view are open, high, low and close.
  const std::vector<std::string>& channel_names() const { return channels_; }
  /// The view; null when the windows are stored.
  const data::Windows* view() const { return view_ ? &*view_ : nullptr; }

  /// A row of neighbouring windows.
  struct Piece {
    std::int64_t first = 0, count = 0;
    std::vector<float> stored;   // (count, T, channels), as they stand in the set
    std::vector<double> prices;  // (count, T, 4)

    /// The prices of window `first` + i, (T, 4).
    std::span<const double> window(std::int64_t i) const {
      const std::size_t size = prices.size() / static_cast<std::size_t>(count);
      return std::span(prices).subspan(static_cast<std::size_t>(i) * size, size);
    }
  };
  /// Windows to read at a time for 64 MB, when `more` bytes are made of each.
  std::int64_t piece(std::size_t more) const;
  /// Windows [first, first + count). Throws DataError that names window, bar and price when one is not finite or not
  /// above 0.
  void read(std::int64_t first, std::int64_t count, Piece& out) const;

 private:
  data::DatasetReader reader_;
  std::int64_t size_ = 0;
  std::size_t length_ = 0;
  std::vector<std::string> channels_;
  std::vector<std::size_t> prices_;  // where open, high, low and close stand among the channels
  std::optional<data::hdf5::Dataset> x_;
  std::optional<data::Windows> view_;
};

}  // namespace moola::work
