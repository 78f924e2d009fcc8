// Combinatorial purged splits with labels that reach over their bars: bench-cpcv ROWS GROUPS TEST_GROUPS LABEL_BARS
// EMBARGO_BARS. Prints "ours: S s" for the splits and paths as ranges of rows, "listed: S s" when besides every split's
// train and test rows are listed by number, as Python's splitters do, the best of five each; the memory at most; and
// sums that tell whether the peer trains on the same rows.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "base/command_line.h"
#include "validation/combinatorial.h"

namespace {

using namespace moola;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

double peak_megabytes() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_maxrss) / 1024;
}

void list_rows(std::span<const validation::RowRange> ranges, std::vector<std::int64_t>& out) {
  out.resize(validation::count_rows(ranges));
  auto at = out.begin();
  for (const validation::RowRange& range : ranges) {
    const auto end = at + static_cast<std::ptrdiff_t>(range.size());
    std::iota(at, end, static_cast<std::int64_t>(range.begin));
    at = end;
  }
}

struct Sums {
  std::size_t splits = 0;
  std::uint64_t train = 0, numbers = 0, test = 0;  // rows; the train rows' numbers times their split's, modulo 2^64
};

int measure(std::size_t rows, std::size_t groups, std::size_t test_groups, std::int64_t label_bars,
            std::int64_t embargo) {
  constexpr std::int64_t kMinute = 60'000'000'000;
  std::vector<std::int64_t> t0(rows), t1(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    t0[row] = static_cast<std::int64_t>(row) * kMinute;
    t1[row] = t0[row] + label_bars * kMinute;
  }
  const validation::PurgeOptions apart{.embargo = validation::Separation::bars(embargo)};
  double ranges = 1e30, lists = 1e30, peak = 0;
  Sums sums;
  for (int round = 0; round < 5; ++round) {
    const auto began = Clock::now();
    const auto made = validation::combinatorial_splits({t0, t1}, groups, test_groups, apart);
    ranges = std::min(ranges, seconds_since(began));
    peak = peak_megabytes();
    sums = {.splits = made.splits.size()};
    std::vector<std::int64_t> train, test;
    double outside = 0;
    for (const validation::Split& split : made.splits) {
      list_rows(split.train, train);
      list_rows(split.test, test);
      const auto adding = Clock::now();
      sums.train += train.size();
      sums.test += test.size();
      std::uint64_t of_split = 0;
      for (const std::int64_t row : train) of_split += static_cast<std::uint64_t>(row);
      const auto number = static_cast<std::uint64_t>(&split - made.splits.data()) + 1;
      sums.numbers += of_split * number;
      outside += seconds_since(adding);
    }
    lists = std::min(lists, seconds_since(began) - outside);
  }
  fmt::print("ours: {:.5f} s, {:.0f} MB\nlisted: {:.5f} s, {:.0f} MB\n", ranges, peak, lists, peak_megabytes());
  fmt::print("  {} splits, {} train rows of sum {}, {} test rows\n", sums.splits, sums.train, sums.numbers, sums.test);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    fmt::print(stderr, "usage: {} ROWS GROUPS TEST_GROUPS LABEL_BARS EMBARGO_BARS\n", argv[0]);
    return 2;
  }
  try {
    return measure(std::stoul(argv[1]), std::stoul(argv[2]), std::stoul(argv[3]), std::stol(argv[4]),
                   std::stol(argv[5]));
  } catch (const std::exception& error) {
    return report_error("bench-cpcv", error);
  }
}
