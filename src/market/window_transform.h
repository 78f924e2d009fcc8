#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moola::market {

/// How the numbers of a window are made comparable between windows. Nothing outside the window is looked at.
enum class Normalisation {
  none,               // as they are
  window_log_return,  // log of the price less the log of the window's first close
  zscore,    // less the window's mean, over its standard deviation: open, high, low and close together, other channels
             // each alone
  relative,  // 11 channels: log returns, the candle's shape, z-scores over 20 bars
};

/// By the names above. Throws ConfigError that names the nearest.
Normalisation parse_normalisation(std::string_view text);
std::string_view to_string(Normalisation normalisation);

/// Whether a channel is one of open, high, low, close.
bool is_price(std::string_view channel);

/// One normalisation of windows (T, C), row-major: bars by channels.
///
/// - `window_log_return` keeps the candle: high >= open stays, and a gap within the bar is seen, because all four
/// channels are measured
///   from one price. The reference is the first close, or the first value when there is a single channel.
/// - `zscore` takes open, high, low and close with one mean and one standard deviation (population), for the same
/// reason: each channel by
///   itself would lift the lows to the level of the highs. Any other channel (volume, an accelerometer's axis) has a
///   unit of its own, so it gets its own mean and deviation. A channel or group that does not move gives zeros.
/// - `relative` is the RelativeTransform of the Python system (reference/moola.md 1.4), with eps = 1e-8: 1-4 log return
/// of open, high,
///   low, close against the same channel one bar before, 0 in the first bar; 5-7 body |C-O|, upper wick H-max(O,C),
///   lower wick min(O,C)-L, each over (H-L+eps) and clipped to [0, 1]; 8-11 z-score of open, high, low, close over the
///   trailing 20 bars of the window with this bar among them (fewer near its begin), over (population deviation + eps),
///   0 in the first bar, clipped to [-10, 10]. Here 1-4 and 8-11 are computed in double precision.
///
/// All of it is plain IEEE arithmetic in a fixed order: the same bits on every processor.
class WindowTransform {
 public:
  /// Throws ConfigError when these channels do not allow the normalisation, with what would.
  WindowTransform(Normalisation normalisation, std::vector<std::string> channels);

  Normalisation normalisation() const { return normalisation_; }
  std::size_t channels_in() const { return in_.size(); }
  std::size_t channels_out() const { return out_.size(); }
  const std::vector<std::string>& input_names() const { return in_; }
  /// Names of what comes out.
  const std::vector<std::string>& channel_names() const { return out_; }
  /// The channel whose first value is the reference of `window_log_return`.
  std::size_t reference() const { return reference_; }

  /// What makes a window (T, channels_in) unusable, with bar and channel: a value that is not finite, or a price <= 0
  /// where logs are taken.
  std::optional<std::string> problem(std::span<const double> window) const;

  /// (T, channels_in) -> (T, channels_out). The window has no `problem`.
  void operator()(std::span<const double> window, std::span<float> out) const;

  /// The same for a window some of whose bars are hidden (`hidden` (T): not 0) from whoever gets the rest: visible bars
  /// come out as bits that no hidden bar has a part in. The reference of `window_log_return` is the first visible
  /// close; mean and deviation of `zscore` are those of the visible bars; in `relative` a hidden bar before counts as
  /// none, and trailing bars are the visible ones among the 20. Hidden bars are given in the measure of the visible
  /// ones, those of `relative` with all their neighbours. At least one bar is visible.
  void operator()(std::span<const double> window, std::span<const std::uint8_t> hidden, std::span<float> out) const;

 private:
  Normalisation normalisation_;
  std::vector<std::string> in_, out_;
  std::size_t reference_ = 0;
  std::vector<std::vector<std::size_t>> groups_;  // of zscore: channels that share mean and deviation
};

inline constexpr std::size_t kRelativeChannels = 11;
inline constexpr std::size_t kRelativeTrailing = 20;

/// Channels 1-7 of `relative` for one bar (open, high, low, close); `previous` is the bar before, or null in a window's
/// first bar.
void relative_shape(const double* previous, const double* bar, float* out);

/// All channels of `relative` of bar `t` of a window of open, high, low and close (T, 4) with hidden bars (T; empty:
/// none), as WindowTransform gives them.
void relative_bar(std::span<const double> window, std::span<const std::uint8_t> hidden, std::size_t t, float* out);

/// The first bar that is not hidden; 0 when none is or all are.
std::size_t first_visible(std::span<const std::uint8_t> hidden);

/// Channels 8-11 of `relative` for the last of `count` >= 1 neighbouring bars (count, 4); at most 20 of them count.
void relative_level(const double* bars, std::size_t count, float* out);

/// z-scores of one group of channels of a window (T, C) into the same places of `out`; mean and deviation are those of
/// the bars that are not hidden. Without `hidden` (empty) all are visible.
void zscore_group(std::span<const double> window, std::size_t channels, std::span<const std::size_t> group,
                  std::span<const std::uint8_t> hidden, std::span<float> out);

}  // namespace moola::market
