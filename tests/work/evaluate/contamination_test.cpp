#include <boost/test/unit_test.hpp>

#include "tests/support/messages.h"
#include "work/evaluate/rows/evaluation_splits.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;

namespace {

// Ten rows a second apart, each with a label of two seconds; two splits test the first and the second half.
EvaluationData ten_rows(std::vector<data::FittedPart> fitted) {
  EvaluationData out{.table = {{"feature_table", "T", 2}, "ab"}, .fitted = std::move(fitted)};
  for (std::int64_t row = 0; row < 10; ++row) {
    out.time.push_back(row * 1'000'000'000);
    out.t1.push_back((row + 2) * 1'000'000'000);
  }
  return out;
}

std::vector<std::string> said_of(const std::string& part, std::int64_t first, std::int64_t last, bool weights = false) {
  EvaluationSplits halves;
  halves.splits.resize(2);
  halves.splits[0].test = {{0, 5}};
  halves.splits[1].test = {{5, 10}};
  return find_contamination(ten_rows({{.name = part, .seen = {{first * 1'000'000'000, last * 1'000'000'000}}}}), halves,
                            weights, false);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(contamination)

BOOST_AUTO_TEST_CASE(labels_that_were_cleaned_by_models_of_all_rows_are_named_on_every_split) {
  const std::vector<std::string> said = said_of("labels", 0, 11);
  BOOST_REQUIRE(said.size() == 1U);
  BOOST_TEST(holds(said[0], "labels of feature_table/T/v2 were changed by models that have seen 1970-01-01T00:00:00Z"));
  BOOST_TEST(holds(said[0], "the test parts of 2 of 2 splits"));
}

BOOST_AUTO_TEST_CASE(what_has_seen_other_times_than_are_tested_is_not_named) {
  BOOST_TEST(said_of("labels", 12, 20).empty());
  BOOST_TEST(said_of("barriers", -5, -1).empty());
  BOOST_TEST(holds(said_of("labels", 11, 20).at(0), "1 of 2 splits meet (split 1 first)"));
  BOOST_TEST(holds(said_of("barriers", 7, 7).at(0), "barriers of feature_table/T/v2 were fitted on"));
}

BOOST_AUTO_TEST_CASE(weights_matter_where_they_are_used) {
  BOOST_TEST(said_of("weights", 0, 11).empty());
  BOOST_TEST(said_of("weights", 0, 11, true).size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
