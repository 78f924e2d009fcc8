#include "data/windows/window_selection.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/windows/window_runs.h"

using namespace moola;
using namespace moola::data;

namespace {

using Range = WindowSelection::Range;

// Series of stamps in memory, cut into windows.
class Series final : public WindowTimeline {
 public:
  Series(std::vector<std::vector<std::int64_t>> time, WindowShape shape, std::int64_t bar)
      : time_(std::move(time)), bar_(bar) {
    std::vector<WindowRun> runs;
    for (std::size_t s = 0; s < time_.size(); ++s) {
      for (const WindowRun& run : find_runs(time_[s], {}, shape, static_cast<std::int32_t>(s))) runs.push_back(run);
      symbols_.push_back("S" + std::to_string(s));
    }
    runs_ = WindowRuns(std::move(runs), shape.length, shape.stride);
  }
  std::int64_t runs() const override { return static_cast<std::int64_t>(runs_.runs().size()); }
  Run run(std::int64_t r) const override {
    const WindowRun& run = runs_.runs()[static_cast<std::size_t>(r)];
    return {runs_.first_window(r), run.windows, run.bars};
  }
  TimeRange time(std::int64_t r, std::int64_t window) const override { return of(runs_.first_window(r) + window); }
  std::int64_t purge_limit(std::int32_t symbol, std::int64_t cut) const override {
    const auto& time = time_[static_cast<std::size_t>(symbol)];
    const auto first = std::ranges::lower_bound(time, cut) - time.begin();
    const std::int64_t by_time = cut - runs_.length() * bar_;
    if (first == static_cast<std::int64_t>(time.size())) return by_time;
    const std::int64_t last = first - 1 - runs_.length();  // the last bar that may train
    return last < 0 ? time.front() : std::min(by_time, time[static_cast<std::size_t>(last)] + bar_);
  }
  const std::vector<std::string>& symbols() const override { return symbols_; }

  std::int64_t size() const { return runs_.size(); }
  WindowSelection all() const { return WindowSelection(std::vector<Range>{{0, size()}}); }
  TimeRange of(std::int64_t window) const {
    const auto [bars, begin] = runs_[window];
    const auto& time = time_[static_cast<std::size_t>(bars)];
    return {time[static_cast<std::size_t>(begin)], time[static_cast<std::size_t>(begin + runs_.length() - 1)] + bar_};
  }
  WindowRuns::Place place(std::int64_t window) const { return runs_[window]; }
  std::int64_t length() const { return runs_.length(); }
  const std::vector<std::int64_t>& stamps(std::int32_t s) const { return time_[static_cast<std::size_t>(s)]; }

 private:
  std::vector<std::vector<std::int64_t>> time_;
  std::int64_t bar_;
  std::vector<std::string> symbols_;
  WindowRuns runs_;
};

Series random_series(std::mt19937_64& random) {
  std::vector<std::vector<std::int64_t>> time(1 + random() % 3);
  for (auto& stamps : time) {
    std::int64_t now = static_cast<std::int64_t>(random() % 50);
    for (std::size_t i = 0; i < 20 + random() % 150; ++i)
      stamps.push_back(now += 1 + (random() % 10 == 0 ? static_cast<std::int64_t>(random() % 9) : 0));
  }
  const WindowShape shape{.length = 1 + static_cast<std::int64_t>(random() % 8),
                          .stride = 1 + static_cast<std::int64_t>(random() % 4),
                          .max_gap = 1 + static_cast<std::int64_t>(random() % 6)};
  return Series(std::move(time), shape, 1);
}

std::vector<std::int64_t> members(const WindowSelection& selection) {
  std::vector<std::int64_t> windows;
  for (std::int64_t k = 0; k < selection.size(); ++k) windows.push_back(selection[k]);
  return windows;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(window_selection)

BOOST_AUTO_TEST_CASE(a_selection_numbers_its_windows_in_order) {
  const WindowSelection selection(std::vector<Range>{{2, 4}, {4, 5}, {7, 7}, {9, 11}});
  const std::vector<std::int64_t> expected{2, 3, 4, 9, 10};
  BOOST_TEST(members(selection) == expected, boost::test_tools::per_element());
  BOOST_TEST(selection.ranges().size() == 2U);
  for (std::int64_t w = 0; w < 12; ++w) BOOST_TEST(selection.contains(w) == (std::ranges::count(expected, w) == 1));
  BOOST_CHECK_THROW(WindowSelection(std::vector<Range>{{2, 4}, {3, 5}}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(selecting_time_keeps_the_windows_that_a_look_at_each_would_keep) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 400; ++round) {
    const Series series = random_series(random);
    if (series.size() == 0) continue;
    TimeSelection times;
    const auto moment = [&] { return static_cast<std::int64_t>(random() % 260) - 20; };
    if (random() % 2 == 0) times.from = moment();
    if (random() % 2 == 0) times.to = times.from.value_or(0) + 1 + static_cast<std::int64_t>(random() % 200);
    for (std::size_t i = 0; i < random() % 4; ++i) {
      const std::int64_t begin = moment();
      times.exclude.push_back({begin, begin + 1 + static_cast<std::int64_t>(random() % 30)});
    }
    std::vector<std::int64_t> expected;
    for (std::int64_t w = 0; w < series.size(); ++w) {
      const TimeRange time = series.of(w);
      bool keep = (!times.from || time.begin >= *times.from) && (!times.to || time.end <= *times.to);
      for (const TimeRange& out : times.exclude) keep = keep && !(time.begin < out.end && out.begin < time.end);
      if (keep) expected.push_back(w);
    }
    if (expected.empty()) {
      BOOST_CHECK_THROW(select_windows(series, series.all(), times), ConfigError);
    } else {
      BOOST_TEST(members(select_windows(series, series.all(), times)) == expected, boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_bar_that_ends_where_the_time_ends_is_in_and_one_later_is_out) {
  const Series series({{0, 10, 20, 30}}, {.length = 2, .stride = 1, .max_gap = 10}, 10);
  BOOST_TEST(members(select_windows(series, series.all(), {.to = 30})) == (std::vector<std::int64_t>{0, 1}),
             boost::test_tools::per_element());
  BOOST_TEST(members(select_windows(series, series.all(), {.to = 29})) == std::vector<std::int64_t>{0},
             boost::test_tools::per_element());
  BOOST_TEST(members(select_windows(series, series.all(), {.from = 10})) == (std::vector<std::int64_t>{1, 2}),
             boost::test_tools::per_element());
  BOOST_TEST(members(select_windows(series, series.all(), {.from = 11})) == std::vector<std::int64_t>{2},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_window_on_both_sides_of_an_excluded_hole_in_the_data_goes) {
  const Series series({{0, 10, 50, 60}}, {.length = 2, .stride = 1, .max_gap = 100}, 10);
  const WindowSelection kept = select_windows(series, series.all(), {.exclude = {{25, 30}}});
  BOOST_TEST(members(kept) == (std::vector<std::int64_t>{0, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_range_that_ends_before_it_begins_is_refused) {
  const Series series({{0, 10, 20, 30}}, {.length = 2, .stride = 1, .max_gap = 10}, 10);
  BOOST_CHECK_THROW(select_windows(series, series.all(), {.from = 20, .to = 20}), ConfigError);
  BOOST_CHECK_THROW(select_windows(series, series.all(), {.exclude = {{20, 10}}}), ConfigError);
}

BOOST_AUTO_TEST_CASE(the_holdout_is_the_last_part_of_time_and_no_training_window_comes_within_one_length_of_it) {
  std::mt19937_64 random(12);
  int splits = 0;
  for (int round = 0; round < 600; ++round) {
    const Series series = random_series(random);
    if (series.size() < 2) continue;
    const double fraction = 0.05 + 0.01 * static_cast<double>(random() % 60);
    // Brute force: sort by begin, take the last windows and those that begin with the earliest of them.
    std::vector<std::int64_t> begins;
    for (std::int64_t w = 0; w < series.size(); ++w) begins.push_back(series.of(w).begin);
    std::ranges::sort(begins, std::greater<>());
    const auto wanted = std::max<std::int64_t>(1, std::llround(fraction * static_cast<double>(series.size())));
    const std::int64_t cut = begins[static_cast<std::size_t>(wanted - 1)];
    std::vector<std::int64_t> train, kept;
    for (std::int64_t w = 0; w < series.size(); ++w) {
      const TimeRange time = series.of(w);
      if (time.begin >= cut) {
        kept.push_back(w);
        continue;
      }
      // Bars of the same symbol between the window and the cut, and time between them: both one window length at least.
      const auto [bars, begin] = series.place(w);
      const std::vector<std::int64_t>& stamps = series.stamps(bars);
      const std::int64_t last = begin + series.length() - 1;
      const std::int64_t first_held = std::ranges::lower_bound(stamps, cut) - stamps.begin();
      const bool symbol_goes_on = first_held < static_cast<std::int64_t>(stamps.size());
      const bool apart =
          cut - time.end >= series.length() && (!symbol_goes_on || first_held - last - 1 >= series.length());
      if (apart) train.push_back(w);
    }
    if (train.empty()) {
      BOOST_CHECK_THROW(hold_out(series, series.all(), fraction), LeakError);
      continue;
    }
    ++splits;
    const HoldoutSplit split = hold_out(series, series.all(), fraction);
    BOOST_TEST(members(split.holdout) == kept, boost::test_tools::per_element());
    BOOST_TEST(members(split.train) == train, boost::test_tools::per_element());
    BOOST_TEST(split.cut.value() == cut);
    BOOST_TEST(split.purged == series.size() - split.train.size() - split.holdout.size());
  }
  BOOST_TEST(splits > 100);
}

BOOST_AUTO_TEST_CASE(no_holdout_leaves_everything_to_training) {
  const Series series({{0, 10, 20, 30}}, {.length = 2, .stride = 1, .max_gap = 10}, 10);
  const HoldoutSplit split = hold_out(series, series.all(), 0.0);
  BOOST_TEST(split.train.size() == 3);
  BOOST_TEST(split.holdout.size() == 0);
  BOOST_TEST(!split.cut.has_value());
}

BOOST_AUTO_TEST_CASE(a_share_outside_its_range_is_refused) {
  const Series series({{0, 10, 20, 30}}, {.length = 2, .stride = 1, .max_gap = 10}, 10);
  for (const double fraction : {-0.1, 1.0, std::numeric_limits<double>::quiet_NaN()}) {
    BOOST_CHECK_THROW(hold_out(series, series.all(), fraction), ConfigError);
  }
}

BOOST_AUTO_TEST_CASE(the_span_of_a_selection_is_torn_by_what_was_left_out_and_not_by_gaps_in_the_data) {
  // Two stretches of one symbol with a hole between them, and a second symbol.
  const Series series({{0, 10, 20, 100, 110, 120}, {50, 60}}, {.length = 2, .stride = 1, .max_gap = 10}, 10);
  const auto spans = window_span(series, series.all());
  BOOST_REQUIRE(spans.size() == 2U);
  BOOST_TEST(spans[0].symbol == "S0");
  BOOST_TEST((spans[0].times == std::vector<TimeRange>{{0, 130}}));
  BOOST_TEST((spans[1].times == std::vector<TimeRange>{{50, 70}}));
  // Windows 0 (bars 0, 10) and 3 (bars 110, 120) are left.
  const auto torn = window_span(series, WindowSelection(std::vector<Range>{{0, 1}, {3, 4}}));
  BOOST_REQUIRE(torn.size() == 1U);
  BOOST_TEST((torn[0].times == std::vector<TimeRange>{{0, 20}, {110, 130}}));
}

BOOST_AUTO_TEST_SUITE_END()
