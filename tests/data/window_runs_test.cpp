#include "data/windows/window_runs.h"

#include <boost/test/unit_test.hpp>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/windows/prefix_index.h"
#include "market/bars.h"

using namespace moola;
using namespace moola::data;

namespace {

constexpr std::int64_t kMinute = 60'000'000'000;

// First bars of all valid windows by the definition: no neighbouring pair inside further apart than the limit, no flag
// but on the first bar; begins counted in strides from the first bar of the stretch.
std::vector<std::int64_t> brute_force(const std::vector<std::int64_t>& time, const std::vector<std::uint8_t>& flags,
                                      const WindowShape& shape) {
  std::vector<std::int64_t> begins;
  std::int64_t stretch = 0;
  const auto n = static_cast<std::int64_t>(time.size());
  const auto joined = [&](std::int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    return (!shape.max_gap || time[at] - time[at - 1] <= *shape.max_gap) &&
           (flags.empty() || (flags[at] & shape.break_flags) == 0);
  };
  for (std::int64_t b = 0; b < n; ++b) {
    if (b > 0 && !joined(b)) stretch = b;
    bool valid = b + shape.length <= n && (b - stretch) % shape.stride == 0;
    for (std::int64_t i = b + 1; valid && i < b + shape.length; ++i) valid = joined(i);
    if (valid) begins.push_back(b);
  }
  return begins;
}

std::vector<std::int64_t> begins_of(const WindowRuns& runs) {
  std::vector<std::int64_t> begins;
  for (std::int64_t i = 0; i < runs.size(); ++i) begins.push_back(runs[i].begin);
  return begins;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(window_runs)

BOOST_AUTO_TEST_CASE(runs_hold_exactly_the_windows_that_the_definition_allows) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::int64_t> time;
    std::vector<std::uint8_t> flags;
    std::int64_t now = -kMinute * 100;  // also before 1970
    for (std::size_t i = 0; i < random() % 120; ++i) {
      now += kMinute * static_cast<std::int64_t>(1 + (random() % 8 == 0 ? random() % 5 : 0));
      time.push_back(now);
      flags.push_back(random() % 20 == 0 ? market::kRoll : random() % 5 == 0 ? market::kRepaired : 0);
    }
    WindowShape shape{.length = 1 + static_cast<std::int64_t>(random() % 9),
                      .stride = 1 + static_cast<std::int64_t>(random() % 5),
                      .max_gap = kMinute * static_cast<std::int64_t>(1 + random() % 4),
                      .break_flags = static_cast<std::uint8_t>(random() % 2 == 0 ? market::kRoll : 0)};
    if (random() % 6 == 0) shape.max_gap.reset();
    const WindowRuns runs(find_runs(time, flags, shape), shape.length, shape.stride);
    BOOST_TEST(begins_of(runs) == brute_force(time, flags, shape), boost::test_tools::per_element());

    // Fed in pieces the result is the same.
    RunFinder finder(shape, 0);
    const std::size_t half = time.size() / 3;
    finder.add(std::span(time).first(half), std::span(flags).first(half));
    finder.add(std::span(time).subspan(half), std::span(flags).subspan(half));
    BOOST_TEST((finder.finish() == std::vector<WindowRun>(runs.runs().begin(), runs.runs().end())));
  }
}

BOOST_AUTO_TEST_CASE(a_gap_of_exactly_the_limit_does_not_end_a_window_and_one_nanosecond_more_does) {
  const std::vector<std::int64_t> time{0, kMinute, 3 * kMinute, 4 * kMinute};
  const auto windows = [&](std::int64_t limit) {
    return WindowRuns(find_runs(time, {}, {.length = 2, .stride = 1, .max_gap = limit}), 2, 1).size();
  };
  BOOST_TEST(windows(2 * kMinute) == 3);
  BOOST_TEST(windows(2 * kMinute - 1) == 2);
}

BOOST_AUTO_TEST_CASE(a_stretch_of_exactly_one_window_holds_one_and_a_bar_less_none) {
  const std::vector<std::int64_t> time{0, 1, 2, 3};
  BOOST_TEST(find_runs(time, {}, {.length = 4}).size() == 1U);
  BOOST_TEST(find_runs(time, {}, {.length = 5}).empty());
  RunFinder finder({.length = 5}, 0);
  finder.add(time, {});
  finder.finish();
  BOOST_TEST(finder.longest_stretch() == 4);
}

BOOST_AUTO_TEST_CASE(stamps_that_do_not_increase_are_refused_with_the_bar) {
  const std::vector<std::int64_t> time{0, 5, 5};
  BOOST_CHECK_EXCEPTION(find_runs(time, {}, {}), DataError,
                        [](const Error& error) { return std::string(error.what()).find("bar 2 is stamped") == 0; });
}

BOOST_AUTO_TEST_CASE(an_impossible_shape_is_refused) {
  BOOST_CHECK_THROW(RunFinder({.length = 0}, 0), ConfigError);
  BOOST_CHECK_THROW(RunFinder({.length = 1, .stride = 0}, 0), ConfigError);
  BOOST_CHECK_THROW(RunFinder({.length = 1, .stride = 1, .max_gap = 0}, 0), ConfigError);
}

BOOST_AUTO_TEST_CASE(runs_whose_sum_does_not_fit_are_refused) {
  const std::int64_t many = std::int64_t{1} << 62;
  BOOST_CHECK_NO_THROW(WindowRuns({{0, 0, many}}, 1, 1));
  BOOST_CHECK_THROW(WindowRuns({{0, 0, many}, {0, 0, many}}, 1, 1), DataError);
  BOOST_CHECK_THROW(WindowRuns({{0, 0, many}}, 1, 4), DataError);
  BOOST_CHECK_THROW(WindowRuns({{0, -1, 1}}, 1, 1), DataError);
  BOOST_CHECK_THROW(WindowRuns({{-1, 0, 1}}, 1, 1), DataError);
}

BOOST_AUTO_TEST_CASE(every_number_is_found_in_its_piece_whatever_the_sizes) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::int64_t> sizes;
    for (std::size_t i = 0; i < 1 + random() % 60; ++i) {
      const bool large = random() % 12 == 0;  // wildly different sizes share a bucket of the table; zeros hold nothing
      sizes.push_back(static_cast<std::int64_t>(large ? random() % 3000 : random() % 3));
    }
    const PrefixIndex index(sizes);
    std::int64_t number = 0;
    bool right = true;
    for (std::size_t piece = 0; piece < sizes.size(); ++piece) {
      for (std::int64_t offset = 0; offset < sizes[piece]; ++offset, ++number) {
        const auto found = index.find(number);
        right = right && found.piece == static_cast<std::int64_t>(piece) && found.offset == offset;
      }
    }
    BOOST_TEST(right);
    BOOST_TEST(index.total() == number);
  }
}

BOOST_AUTO_TEST_CASE(ten_thousand_million_windows_cost_memory_for_their_runs_only) {
  std::vector<WindowRun> runs;
  std::int64_t begin = 0, total = 0;
  for (std::int32_t r = 0; r < 100'000; ++r) {
    const std::int64_t windows = 50'000 + r;
    runs.push_back({r % 7, begin, windows});
    begin += 3 * windows + 105;
    total += windows;
  }
  runs.push_back({7, 0, 10'000'000'000 - total});
  const WindowRuns all(runs, 105, 3);
  BOOST_TEST(all.size() == 10'000'000'000);
  BOOST_TEST(all.bytes() < 100'001U * 64);
  std::int64_t first = 0;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    const auto front = all[first], back = all[first + runs[r].windows - 1];
    const bool right = front.bars == runs[r].bars && front.begin == runs[r].begin && back.bars == runs[r].bars &&
                       back.begin == runs[r].begin + 3 * (runs[r].windows - 1);
    if (!right) BOOST_ERROR("run " << r);
    first += runs[r].windows;
  }
}

BOOST_AUTO_TEST_CASE(numbers_near_the_end_of_int64_are_found) {
  const std::int64_t huge = (std::int64_t{1} << 62) - 10;
  const WindowRuns runs({{0, 5, huge}, {1, 7, huge}}, 1, 1);
  BOOST_TEST(runs[huge - 1].begin == huge + 4);
  BOOST_TEST(runs[huge].bars == 1);
  BOOST_TEST(runs[2 * huge - 1].begin == huge + 6);
}

BOOST_AUTO_TEST_SUITE_END()
