#include "validation/purge.h"

#include <boost/test/unit_test.hpp>

#include "base/error.h"
#include "tests/support/messages.h"
#include "tests/validation/random_intervals.h"
#include "validation/split.h"

using namespace moola;
using namespace moola::test;
using namespace moola::validation;

namespace {

struct Expected {
  std::set<std::size_t> train, purged, embargoed;
};

// By the definition, row by row: blocks of neighbouring test rows, closed intervals.
Expected brute_force(const RandomIntervals& rows, const std::vector<RowRange>& test, std::size_t purge,
                     std::size_t embargo, std::int64_t look_back) {
  const std::size_t n = rows.t0.size();
  const std::set<std::size_t> tested = row_set(test);
  Expected out;
  for (std::size_t first = 0; first < n; ++first) {
    if (!tested.contains(first) || (first > 0 && tested.contains(first - 1))) continue;
    std::size_t end = first;
    std::int64_t latest = INT64_MIN;
    while (end < n && tested.contains(end)) latest = std::max(latest, rows.end(end++));
    const std::int64_t start = rows.t0[first] - look_back;
    std::size_t behind = end;  // the first row that is not purged behind the block
    for (std::size_t row = 0; row < n; ++row) {
      if (tested.contains(row)) continue;
      const bool overlaps = rows.t0[row] - look_back <= latest && rows.end(row) >= start;
      const bool near = (row < first && first - row <= purge) || (row >= end && row - end < purge);
      if (overlaps || near) out.purged.insert(row);
    }
    for (std::size_t row = end; row < n; ++row) {
      if (rows.t0[row] - look_back <= latest || row - end < purge) behind = row + 1;
    }
    for (std::size_t row = behind; row < std::min(n, behind + embargo); ++row) {
      if (!tested.contains(row)) out.embargoed.insert(row);
    }
  }
  for (const std::size_t row : out.purged) out.embargoed.erase(row);
  for (std::size_t row = 0; row < n; ++row) {
    if (!tested.contains(row) && !out.purged.contains(row) && !out.embargoed.contains(row)) out.train.insert(row);
  }
  return out;
}

std::vector<RowRange> some_ranges(std::mt19937_64& random, std::size_t n) {
  std::vector<RowRange> out;
  for (std::size_t at = random() % (n / 2); at < n;) {
    const std::size_t end = std::min<std::size_t>(n, at + 1 + random() % (n / 3));
    out.push_back({at, end});
    at = end + (random() % 3 == 0 ? 0 : random() % (n / 2));  // now and then a neighbour
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(purging)

BOOST_AUTO_TEST_CASE(train_rows_are_those_of_the_definition) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 1000; ++round) {
    const RandomIntervals rows(random, 10 + random() % 80, random() % 2 == 0);
    const std::vector<RowRange> test = some_ranges(random, rows.t0.size());
    const std::size_t purge = random() % 3 == 0 ? random() % 6 : 0, embargo = random() % 2 == 0 ? random() % 8 : 0;
    const auto look_back = static_cast<std::int64_t>(random() % 3 == 0 ? random() % 12 : 0);
    const TrainRows found = Purger(rows.intervals(), {.purge = Separation::bars(static_cast<std::int64_t>(purge)),
                                                      .embargo = Separation::bars(static_cast<std::int64_t>(embargo)),
                                                      .look_back = Separation::time(look_back)})
                                .beside(test);
    const Expected expected = brute_force(rows, test, purge, embargo, look_back);
    BOOST_REQUIRE(row_set(found.rows) == expected.train);
    BOOST_REQUIRE(row_set(found.purged) == expected.purged);
    BOOST_REQUIRE(row_set(found.embargoed) == expected.embargoed);
    prove_split({.train = found.rows, .test = test}, rows.intervals(), Separation::time(look_back));
  }
}

// Separations in time leave out what lies so near, whatever number of rows that is.
BOOST_AUTO_TEST_CASE(separations_in_time_go_by_the_stamps) {
  const std::vector<std::int64_t> t0{0, 10, 20, 30, 40, 50, 60, 70, 80, 90};
  const auto beside = [&](PurgeOptions options) {
    return row_set(Purger({t0, {}}, options).beside(std::vector<RowRange>{{4, 6}}).rows);
  };
  using Rows = std::set<std::size_t>;
  BOOST_TEST((beside({}) == Rows{0, 1, 2, 3, 6, 7, 8, 9}));
  BOOST_TEST((beside({.purge = Separation::time(10)}) == Rows{0, 1, 2, 7, 8, 9}));
  BOOST_TEST((beside({.purge = Separation::time(9)}) == Rows{0, 1, 2, 3, 6, 7, 8, 9}));
  BOOST_TEST((beside({.embargo = Separation::time(20)}) == Rows{0, 1, 2, 3, 8, 9}));
  BOOST_TEST((beside({.purge = Separation::time(10), .embargo = Separation::time(10)}) == Rows{0, 1, 2, 8, 9}));
  BOOST_TEST((beside({.embargo = Separation::fraction(0.1)}) == Rows{0, 1, 2, 3, 7, 8, 9}));
  BOOST_TEST((beside({.embargo = Separation::time(INT64_MAX)}) == Rows{0, 1, 2, 3}));
  BOOST_TEST((beside({.purge = Separation::time(INT64_MAX)}) == Rows{}));
}

// Not the last test row's label is what counts, but the longest.
BOOST_AUTO_TEST_CASE(the_longest_label_of_a_block_purges_behind_it) {
  const std::vector<std::int64_t> t0{0, 1, 2, 3, 4, 5, 6, 7}, t1{0, 1, 6, 3, 4, 5, 6, 7};
  const TrainRows train = Purger({t0, t1}, {}).beside(std::vector<RowRange>{{2, 4}});
  BOOST_TEST((row_set(train.rows) == std::set<std::size_t>{0, 1, 7}));
  BOOST_TEST(count_rows(train.purged) == 3U);
}

BOOST_AUTO_TEST_CASE(intervals_that_cannot_be_are_refused_with_their_row) {
  const std::vector<std::int64_t> back{0, 5, 4}, t0{0, 5, 9}, early{0, 4, 9};
  BOOST_TEST(holds(message_of<DataError>([&] { Purger({back, {}}, {}); }), "row 2 begins"));
  BOOST_TEST(holds(message_of<DataError>([&] { Purger({t0, early}, {}); }), "row 1 begins"));
  BOOST_CHECK_THROW(Purger({t0, {}}, {.look_back = Separation::fraction(0.1)}), ConfigError);
}

// The proof is another way to the same: it finds any row that ought to have gone.
BOOST_AUTO_TEST_CASE(a_split_that_leaks_does_not_prove_itself) {
  std::mt19937_64 random(6);
  std::size_t leaks = 0;
  for (int round = 0; round < 500; ++round) {
    const RandomIntervals rows(random, 10 + random() % 60, random() % 2 == 0);
    const std::vector<RowRange> test = some_ranges(random, rows.t0.size());
    Split split{.test = test};
    const std::set<std::size_t> tested = row_set(test);
    std::vector<std::size_t> others;
    bool leaks_here = false;
    for (std::size_t row = 0; row < rows.t0.size(); ++row) {
      if (tested.contains(row) || random() % 3 != 0) continue;
      others.push_back(row);
      for (const std::size_t other : tested)
        leaks_here |= rows.t0[row] <= rows.end(other) && rows.end(row) >= rows.t0[other];
    }
    split.train = ranges_of(others);
    leaks += leaks_here;
    BOOST_REQUIRE(leaks_here == !message_of<LeakError>([&] { prove_split(split, rows.intervals()); }).empty());
  }
  BOOST_TEST(leaks > 100U);
  BOOST_TEST(leaks < 500U);
}

BOOST_AUTO_TEST_CASE(a_split_with_a_row_in_both_parts_twice_or_beyond_does_not_prove_itself) {
  const std::vector<std::int64_t> t0{0, 1, 2, 3};
  for (const Split& split :
       {Split{.train = {{0, 2}}, .test = {{1, 3}}}, Split{.train = {{0, 2}, {1, 3}}, .test = {{3, 4}}},
        Split{.train = {{0, 2}}, .test = {{3, 5}}}, Split{.train = {{1, 1}}, .test = {{3, 4}}}})
    BOOST_CHECK_THROW(prove_split(split, {t0, {}}), LeakError);
  prove_split({.train = {{0, 2}}, .test = {{2, 4}}}, {t0, {}});
}

BOOST_AUTO_TEST_SUITE_END()
