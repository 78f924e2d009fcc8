#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace moola::market {

/// What is particular about a bar; several may be set.
enum BarFlag : std::uint8_t {
  kFilled = 1,       // made up to close a gap, not traded
  kRepaired = 2,     // a number in it was put right on import
  kRoll = 4,         // first bar of a new contract: the step from the bar before is no return
  kSessionEdge = 8,  // first bar of a trading session
};

/// Open, high, low, close and volume over time, as columns of equal length. `time` is the bar's open in nanoseconds
/// UTC, strictly increasing.
struct Bars {
  std::vector<std::int64_t> time;
  std::vector<double> open, high, low, close, volume;
  std::vector<std::uint8_t> flags;

  std::size_t size() const { return time.size(); }
  bool empty() const { return time.empty(); }

  void resize(std::size_t n) {
    time.resize(n);
    for (std::vector<double>* column : {&open, &high, &low, &close, &volume}) column->resize(n);
    flags.resize(n);
  }
  /// Adds bar `i` of `from` at the end.
  void push_back(const Bars& from, std::size_t i) {
    push_back(from.time[i], from.open[i], from.high[i], from.low[i], from.close[i], from.volume[i], from.flags[i]);
  }
  void push_back(std::int64_t begin, double first, double highest, double lowest, double last, double traded,
                 std::uint8_t particular) {
    time.push_back(begin);
    open.push_back(first);
    high.push_back(highest);
    low.push_back(lowest);
    close.push_back(last);
    volume.push_back(traded);
    flags.push_back(particular);
  }
  /// Makes the last bar one with bar `i` of `from`, which follows it.
  void extend_last(const Bars& from, std::size_t i) {
    high.back() = std::max(high.back(), from.high[i]);
    low.back() = std::min(low.back(), from.low[i]);
    close.back() = from.close[i];
    volume.back() += from.volume[i];
    flags.back() |= from.flags[i];
  }
  /// Copies bar `from` over bar `to`.
  void move_bar(std::size_t from, std::size_t to) {
    time[to] = time[from];
    for (std::vector<double>* column : {&open, &high, &low, &close, &volume}) (*column)[to] = (*column)[from];
    flags[to] = flags[from];
  }
};

}  // namespace moola::market
