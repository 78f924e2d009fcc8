#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moola::market {

/// Which prices of a bar reach a barrier.
enum class BarrierTouch : std::uint8_t { high_low, close };

/// Where the trade that a label judges begins: at the close of the bar that decides, or at the open of the next.
enum class BarrierEntry : std::uint8_t { close, next_open };

/// What a bar means that reaches both barriers after opening between them.
enum class BarrierTie : std::uint8_t {
  nearest_open,  // the barrier nearer to its open was first; the upper when both are as near
  stop_first,    // the lower
  invalid,       // nobody can know: kInvalidLabel
};

/// The label of a bar without one: its scale is not known, its barriers reach past the data, or a tie that is invalid.
inline constexpr std::int8_t kInvalidLabel = -99;

/// Barriers around the entry price, and how long they stand.
struct TripleBarrier {
  double up = 2.0, down = 1.0;  // times the bar's scale; as a share of the entry price where there is no scale
  std::int32_t max_bars = 25;   // the vertical barrier: this many bars after the one that decides
  BarrierTouch touch = BarrierTouch::high_low;
  BarrierEntry entry = BarrierEntry::close;
  BarrierTie tie = BarrierTie::nearest_open;
  /// Of a round trip, in price: moves both barriers away from the entry, so that what a label promises is what remains.
  double cost = 0.0;
  double cost_share = 0.0;  // the same as a share of the entry price; both count
  /// Label 0 instead of none where the scale is not known (the factory's state D28).
  bool unknown_scale_is_neutral = false;
};

/// "high_low", "close"; "close", "next_open"; "nearest_open", "stop_first", "invalid". Throw ConfigError naming the
/// nearest.
BarrierTouch parse_barrier_touch(const std::string& name);
BarrierEntry parse_barrier_entry(const std::string& name);
BarrierTie parse_barrier_tie(const std::string& name);
std::string_view to_string(BarrierTouch touch);
std::string_view to_string(BarrierEntry entry);
std::string_view to_string(BarrierTie tie);

/// Prices over time, of equal length, finite and above 0, low <= open, close <= high.
struct PriceSpans {
  std::span<const double> open, high, low, close;
};

/// One entry per bar. An invalid one (label kInvalidLabel) has zeros beside it, and exit_bar -1.
struct BarrierLabels {
  std::vector<std::int8_t> label;  // 1, 0, -1, or kInvalidLabel
  std::vector<std::int8_t> touch;  // the barrier that ended it: 1 upper, -1 lower, 0 the vertical one
  std::vector<std::int32_t> bars;  // from the deciding bar to the one that ended it
  std::vector<float> mae, mfe;     // furthest below and above the entry until then, that bar included; shares of it
  std::vector<float> exit_return;  // of holding from entry to exit: a barrier's price, the open of a bar that opened
                                   // beyond it, or the close at the vertical barrier; before costs

  void resize(std::size_t n);
  void set_invalid(std::size_t i);
  std::size_t size() const { return label.size(); }
  /// The bar that ended label `i` (t1); -1 where it is invalid.
  std::int64_t exit_bar(std::size_t i) const {
    return label[i] == kInvalidLabel ? -1 : static_cast<std::int64_t>(i) + bars[i];
  }
};

/// Labels every bar by the barrier that the price reaches first within `max_bars` bars after it.
///
/// The scan begins at the next bar, >= the upper and <= the lower barrier; a bar that opens beyond a barrier reached
/// that one, whatever it did later. `scale`: per bar, known at its close, such as an ATR in price; empty: up and down
/// are shares of the entry price. With BarrierTouch::close the closes reach barriers, and mae and mfe stay those of
/// highs and lows. The last `max_bars` bars have no label. Cost: about 9 ns a bar that takes 20 bars to end, on one
/// thread with AVX-512, twice that without; the same bits on every instruction set. Throws ConfigError for barriers
/// that are not above 0 or max_bars below 1, std::invalid_argument for columns of unequal length. Source: Lopez de
/// Prado 2018, chapter 3; reference factory.md 1.5.
BarrierLabels triple_barrier(const PriceSpans& prices, std::span<const double> scale, const TripleBarrier& rule);

/// What differs from bar to bar: columns of the prices' length, or empty where nothing does.
struct BarBarriers {
  /// What `up` and `down` of the rule are multiples of, each known at the bar's close; both, or neither: the entry
  /// price. A bar without a finite number above 0 in each has no label.
  std::span<const double> up = {}, down = {};
  std::span<const std::int32_t> max_bars = {};  // 1 or more; empty: the rule's
  /// -1: the trade that is judged is a short one, so that BarrierTie::stop_first means the upper barrier. Empty: none
  /// is.
  std::span<const std::int8_t> side = {};
};

/// The same with barriers that differ from bar to bar. The last bar that has a label is the last whose own max_bars fit
/// into the data.
BarrierLabels triple_barrier_per_bar(const PriceSpans& prices, const BarBarriers& barriers, const TripleBarrier& rule,
                                     unsigned threads = 1);

/// Throws ConfigError for barriers that triple_barrier refuses.
void check_barriers(const TripleBarrier& rule);

/// triple_barrier for bars [begin, end) of `prices` only, into the same rows of `out`, which has the size of the
/// prices: pieces can be done on several threads.
void triple_barrier(const PriceSpans& prices, std::span<const double> scale, const TripleBarrier& rule,
                    std::int64_t begin, std::int64_t end, BarrierLabels& out);

}  // namespace moola::market
