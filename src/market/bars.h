#pragma once
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
  /// Copies bar `from` over bar `to`.
  void move_bar(std::size_t from, std::size_t to) {
    time[to] = time[from];
    for (std::vector<double>* column : {&open, &high, &low, &close, &volume}) (*column)[to] = (*column)[from];
    flags[to] = flags[from];
  }
};

}  // namespace moola::market
