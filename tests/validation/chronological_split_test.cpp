#include "validation/chronological_split.h"

#include <boost/test/unit_test.hpp>
#include <numeric>
#include <set>

#include "base/keyed_random.h"
#include "base/utc_time.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;
using namespace moola::validation;

namespace {

constexpr std::int64_t kMinute = 60'000'000'000;

std::vector<std::int64_t> minutes(std::size_t n, std::int64_t step = 5) {
  std::vector<std::int64_t> out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::int64_t>(i) * step * kMinute;
  return out;
}

std::set<std::size_t> rows_of(const std::vector<RowRange>& ranges) {
  std::set<std::size_t> out;
  for (const RowRange& range : ranges) {
    for (std::size_t row = range.begin; row < range.end; ++row) BOOST_REQUIRE(out.insert(row).second);
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(chronological)

// The factory's fixture: reference factory.md 1.8.
BOOST_AUTO_TEST_CASE(the_factorys_35388_rows_make_24711_3808_and_3869) {
  const ChronologicalSplit split = chronological_split(minutes(35'388), {}, {});
  BOOST_TEST(count_rows(split.train) == 24'711U);
  BOOST_TEST(count_rows(split.val) == 3'808U);
  BOOST_TEST(count_rows(split.test) == 3'869U);
  BOOST_TEST(count_rows(split.purged) == 120U);
  BOOST_TEST(count_rows(split.embargoed) == 2880U);
  BOOST_TEST((split.train.front() == RowRange{0, 24'711}));
  BOOST_TEST(split.val.front().begin == 24'771U + 1440U);
  BOOST_TEST(split.test.front().end == 35'388U);
}

BOOST_AUTO_TEST_CASE(separations_in_time_do_not_care_how_many_symbols_there_are) {
  // Three symbols: every stamp three times.
  const auto one = minutes(4000);
  std::vector<std::int64_t> three;
  for (const std::int64_t time : one) three.insert(three.end(), 3, time);
  const ChronologicalOptions options{.purge = Separation::time(300 * kMinute),
                                     .embargo = Separation::time(600 * kMinute)};
  const ChronologicalSplit a = chronological_split(one, {}, options), b = chronological_split(three, {}, options);
  BOOST_TEST(count_rows(b.train) == 3 * count_rows(a.train));
  BOOST_TEST(count_rows(b.val) == 3 * count_rows(a.val));
  BOOST_TEST(count_rows(b.test) == 3 * count_rows(a.test));
  // 60 bars of five minutes before row 2800, and 120 after it.
  BOOST_TEST(a.train.back().end == 2740U);
  BOOST_TEST(a.val.front().begin == 2920U);
}

BOOST_AUTO_TEST_CASE(no_label_of_a_part_depends_on_a_bar_of_a_later_one) {
  KeyedRandom random(1, Stream::augmentation, 0, 0);
  const auto time = minutes(3000);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::int64_t> t1(time.size());
    for (std::size_t i = 0; i < t1.size(); ++i) {
      const std::size_t last = i + random.below(200);
      t1[i] = random.uniform() < 0.05 || last >= time.size() ? kNoTime : time[last];
    }
    const Separation purge = round % 3 == 0   ? Separation::bars(0)
                             : round % 3 == 1 ? Separation::time(77 * kMinute)
                                              : Separation::fraction(0.004);
    const Separation embargo = round % 2 == 0 ? Separation::bars(0) : Separation::fraction(0.01);
    const ChronologicalSplit split = chronological_split(time, t1, {.purge = purge, .embargo = embargo});
    const auto train = rows_of(split.train), val = rows_of(split.val), test = rows_of(split.test);
    const std::size_t a = 2100, b = 2550;
    std::size_t left_out = 0;
    for (std::size_t row = 0; row < time.size(); ++row) {
      const bool in_train = train.contains(row), in_val = val.contains(row), in_test = test.contains(row);
      BOOST_REQUIRE(in_train + in_val + in_test <= 1);
      left_out += !in_train && !in_val && !in_test;
      if (in_train) BOOST_REQUIRE((row < a && (t1[row] == kNoTime || t1[row] < time[a])));
      if (in_val) BOOST_REQUIRE((row >= a && row < b && (t1[row] == kNoTime || t1[row] < time[b])));
      if (in_test) BOOST_REQUIRE(row >= b);
      // Nothing is left out without a reason.
      if (embargo.rows(3000) == 0 && row >= a && row < b - 400) BOOST_REQUIRE(in_val);
    }
    BOOST_TEST(left_out == count_rows(split.purged) + count_rows(split.embargoed));
  }
}

BOOST_AUTO_TEST_CASE(a_part_that_would_be_empty_is_refused_with_the_numbers) {
  BOOST_TEST(
      holds(refusal_of([] { chronological_split(minutes(1000), {}, {}); }), "no row is left for val of 1000 rows"));
  BOOST_TEST(holds(refusal_of([] { chronological_split({}, {}, {}); }), "of 0 rows"));
  BOOST_TEST(holds(refusal_of([] {
                     chronological_split(minutes(100), {},
                                         {.purge = Separation::bars(70), .embargo = Separation::bars(0)});
                   }),
                   "no row is left for train"));
  const auto time = minutes(1000);
  std::vector<std::int64_t> t1(1000, time.back());
  BOOST_TEST(holds(refusal_of([&] {
                     chronological_split(time, t1, {.purge = Separation::bars(0), .embargo = Separation::bars(0)});
                   }),
                   "no row is left for train"));
}

BOOST_AUTO_TEST_CASE(shares_that_make_no_three_parts_are_refused) {
  for (const auto& [train, val] : {std::pair{0.0, 0.5}, {0.7, 0.0}, {0.7, 0.3}, {1.2, -0.5}})
    BOOST_TEST(
        holds(refusal_of([&] { chronological_split(minutes(100), {}, {.train = train, .val = val}); }), "below 1"));
}

BOOST_AUTO_TEST_CASE(separations_are_read_as_they_are_written) {
  for (const char* text : {"60bars", "1d", "12h", "0.01", "0bars"})
    BOOST_TEST(to_string(parse_separation(text, "purge")) == text);
  BOOST_TEST((parse_separation("1bar", "purge").unit == Separation::Unit::bars));
  BOOST_TEST(parse_separation("0.01", "purge").rows(150) == 2U);
  for (const char* text : {"60", "-1bars", "1.5bars", "", "1x", "bars", "nan", "1"})
    BOOST_TEST(holds(refusal_of([&] { parse_separation(text, "embargo"); }), "embargo = \""));
}

BOOST_AUTO_TEST_SUITE_END()
