#include "validation/combinatorial.h"

#include <boost/test/unit_test.hpp>
#include <numeric>

#include "base/error.h"
#include "tests/support/messages.h"
#include "tests/validation/random_intervals.h"
#include "validation/k_fold.h"

using namespace moola;
using namespace moola::test;
using namespace moola::validation;

namespace {

std::vector<std::int64_t> steps(std::size_t n) {
  std::vector<std::int64_t> out(n);
  std::iota(out.begin(), out.end(), 0);
  return out;
}

// Every choice of k of n, by trying all sets.
std::vector<std::vector<std::size_t>> all_choices(std::size_t n, std::size_t k) {
  std::vector<std::vector<std::size_t>> out;
  for (std::size_t bits = 0; bits < std::size_t{1} << n; ++bits) {
    std::vector<std::size_t> choice;
    for (std::size_t i = 0; i < n; ++i) {
      if ((bits >> i & 1) != 0) choice.push_back(i);
    }
    if (choice.size() == k) out.push_back(choice);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(combinatorial)

BOOST_AUTO_TEST_CASE(splits_and_paths_are_those_of_the_definition) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 1000; ++round) {
    const std::size_t groups = 2 + random() % 6, tested = 1 + random() % (groups - 1);
    const RandomIntervals rows(random, groups + random() % 80, false);
    const PurgeOptions options{.purge = Separation::bars(static_cast<std::int64_t>(random() % 3)),
                               .embargo = Separation::bars(static_cast<std::int64_t>(random() % 4))};
    const CombinatorialSplits found = combinatorial_splits(rows.intervals(), groups, tested, options);
    const auto choices = all_choices(groups, tested);
    BOOST_REQUIRE(found.splits.size() == choices.size());
    BOOST_REQUIRE(found.paths.size() * groups == choices.size() * tested);
    const Purger purger(rows.intervals(), options);
    std::set<std::pair<std::size_t, std::size_t>> used;
    for (const std::vector<std::size_t>& path : found.paths) {
      BOOST_REQUIRE(path.size() == groups);
      for (std::size_t group = 0; group < groups; ++group) {
        const std::vector<std::size_t>& tests = found.splits[path[group]].groups;
        BOOST_REQUIRE((std::find(tests.begin(), tests.end(), group) != tests.end()));
        BOOST_REQUIRE(used.insert({path[group], group}).second);
      }
    }
    for (std::size_t s = 0; s < choices.size(); ++s) {
      const Split& split = found.splits[s];
      BOOST_REQUIRE(split.groups == choices[s]);
      std::vector<RowRange> test;
      for (const std::size_t group : choices[s]) test.push_back(found.groups[group]);
      BOOST_REQUIRE(split.test == test);
      BOOST_REQUIRE(split.train == purger.beside(test).rows);
      BOOST_REQUIRE(split.train.empty() == !split.fault.empty());
      prove_split(split, rows.intervals());
    }
  }
}

// The paths that skfolio's recombined_paths gives for 3 groups of which 2 are tested, and its splits of 60 rows.
BOOST_AUTO_TEST_CASE(fixed_separations_are_those_of_skfolio) {
  const auto twelve = steps(12);
  const auto three = combinatorial_splits({twelve, {}}, 3, 2, {});
  BOOST_TEST((three.paths == std::vector<std::vector<std::size_t>>{{0, 0, 1}, {1, 2, 2}}));
  BOOST_TEST((three.splits[0].train == std::vector<RowRange>{{8, 12}}));
  const auto sixty = steps(60);
  const auto six =
      combinatorial_splits({sixty, {}}, 6, 2, {.purge = Separation::bars(3), .embargo = Separation::bars(2)});
  BOOST_TEST(six.splits.size() == 15U);
  BOOST_TEST(six.paths.size() == 5U);
  BOOST_TEST((six.splits[0].train == std::vector<RowRange>{{25, 60}}));
  BOOST_TEST((six.splits[1].train == std::vector<RowRange>{{15, 17}, {35, 60}}));
}

BOOST_AUTO_TEST_CASE(numbers_of_splits_are_binomials) {
  BOOST_TEST(count_combinations(12, 6) == 924U);
  BOOST_TEST(count_combinations(16, 8) == 12'870U);
  BOOST_TEST(count_combinations(67, 33) == 14'226'520'737'620'288'370U);
  BOOST_TEST(count_combinations(200, 100) == 0U);
  BOOST_TEST(count_combinations(3, 4) == 0U);
}

BOOST_AUTO_TEST_CASE(what_makes_no_splits_is_refused) {
  const auto t0 = steps(30);
  const LabelIntervals rows{t0, {}};
  BOOST_TEST(holds(message_of<ConfigError>([&] { combinatorial_splits(rows, 4, 4, {}); }), "4 test groups of 4"));
  BOOST_TEST(holds(message_of<ConfigError>([&] { combinatorial_splits(rows, 4, 0, {}); }), "0 test groups"));
  BOOST_TEST(holds(message_of<ConfigError>([&] { combinatorial_splits(rows, 31, 2, {}); }), "30 rows make no 31"));
  BOOST_TEST(holds(message_of<ConfigError>([&] { combinatorial_splits(rows, 30, 15, {}); }), "155117520 splits"));
  BOOST_TEST(holds(message_of<ConfigError>([&] { purged_k_fold(rows, 1, {}); }), "1 folds"));
}

// Nothing is thrown: one split of many may be of no use, and says why.
BOOST_AUTO_TEST_CASE(splits_that_train_on_nothing_or_little_say_so) {
  const auto t0 = steps(30);
  const auto all = combinatorial_splits({t0, {}}, 3, 1, {.purge = Separation::bars(10)});
  BOOST_TEST(holds(all.splits[1].fault, "20 are purged"));
  BOOST_TEST(all.splits[0].fault == "");
  const auto some = combinatorial_splits({t0, {}}, 3, 1, {.purge = Separation::bars(6)});
  BOOST_TEST(some.splits[0].warning == "");
  BOOST_TEST(holds(some.splits[1].warning, "8 of 20 rows"));
}

BOOST_AUTO_TEST_CASE(groups_are_as_even_as_can_be_and_cut_no_stamp) {
  const auto t0 = steps(11);
  BOOST_TEST((time_groups(t0, 4) == std::vector<RowRange>{{0, 3}, {3, 6}, {6, 9}, {9, 11}}));
  const std::vector<std::int64_t> pairs{0, 0, 1, 1, 2, 2, 3, 3};
  BOOST_TEST((time_groups(pairs, 3) == std::vector<RowRange>{{0, 2}, {2, 6}, {6, 8}}));
  BOOST_TEST(holds(message_of<ConfigError>([&] { time_groups(std::vector<std::int64_t>(8, 1), 3); }), "so many share"));
}

BOOST_AUTO_TEST_CASE(every_fold_tests_its_own_stretch) {
  std::mt19937_64 random(8);
  for (int round = 0; round < 300; ++round) {
    const RandomIntervals rows(random, 20 + random() % 60, false);
    const std::size_t folds = 2 + random() % 8;
    const auto splits = purged_k_fold(rows.intervals(), folds, {.embargo = Separation::bars(2)});
    const auto one_of = combinatorial_splits(rows.intervals(), folds, 1, {.embargo = Separation::bars(2)});
    BOOST_REQUIRE(splits.size() == folds);
    std::size_t tested = 0;
    for (std::size_t fold = 0; fold < folds; ++fold) {
      BOOST_REQUIRE(splits[fold].train == one_of.splits[fold].train);
      tested += count_rows(splits[fold].test);
    }
    BOOST_REQUIRE(tested == rows.t0.size());
  }
}

BOOST_AUTO_TEST_SUITE_END()
