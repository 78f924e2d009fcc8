#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "market/window_transform.h"

namespace moola::work {

/// What data.normalize makes of windows whose channels need not all be prices: `window_log_return` and `relative` are
/// for open, high, low and close and leave other channels as they are, `zscore` and `none` are for all. `usual` is
/// window_log_return where there is a close, zscore of other prices, and nothing without prices.
class WindowNormaliser {
 public:
  /// Throws ConfigError where the channels do not allow it.
  WindowNormaliser(const std::string& text, const std::vector<std::string>& channels);

  /// Of what comes out: prices first.
  const std::vector<std::string>& channel_names() const { return names_; }
  /// One window (bars, channels) as it is stored into (bars, channel_names). What makes it unusable instead, with bar
  /// and channel: "close of bar 3 is nan".
  std::optional<std::string> operator()(std::span<const float> window, std::span<float> out) const;

 private:
  struct Part {
    std::vector<std::size_t> from;
    market::WindowTransform transform;
  };
  std::size_t channels_;
  std::vector<Part> parts_;
  std::vector<std::string> names_;
};

}  // namespace moola::work
