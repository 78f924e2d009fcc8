#include "market/checks/split_overlap.h"

#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "tests/support/messages.h"

using namespace moola::market;
using namespace moola::test;

namespace {

const CheckResult& named(const std::vector<CheckResult>& results, const std::string& name) {
  for (const CheckResult& result : results) {
    if (result.name == name) return result;
  }
  throw std::runtime_error("no check " + name);
}

// Row i's label depends on prices of rows i to i + length.
struct Spans {
  std::vector<std::int64_t> first, last;
  Spans(std::int64_t rows, std::int64_t length) {
    for (std::int64_t i = 0; i < rows; ++i) {
      first.push_back(i);
      last.push_back(i + length);
    }
  }
  LabelSpans spans() const { return {first, last}; }
};

// How many rows of `a` have a label that meets one of `b`, pair by pair.
std::size_t brute_force(const SplitPart& a, const SplitPart& b, const Spans& labels) {
  std::size_t count = 0;
  const auto each = [](const SplitPart& part, const auto& look) {
    for (const Rows& rows : part.rows) {
      for (std::size_t row = rows.begin; row < rows.end; ++row) look(row);
    }
  };
  each(a, [&](std::size_t i) {
    bool meets = false;
    each(b, [&](std::size_t j) {
      meets = meets || (labels.last[i] >= labels.first[i] && labels.last[j] >= labels.first[j] &&
                        labels.first[i] <= labels.last[j] && labels.first[j] <= labels.last[i]);
    });
    count += meets ? 1 : 0;
  });
  return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(split_overlap)

BOOST_AUTO_TEST_CASE(a_label_that_ends_with_the_bar_before_the_next_part_does_not_reach_it) {
  const Spans labels(100, 5);
  const std::vector<SplitPart> purged{{"train", {{0, 45}}}, {"val", {{50, 100}}}};  // row 44 ends at 49
  const auto fine = check_split(purged, labels.spans(), 6);
  BOOST_TEST(fine.size() == 3U);
  for (const CheckResult& result : fine) BOOST_TEST(result.passed, result.detail);
  BOOST_TEST(named(fine, "train_val_distance").worst == 6.0);  // of rows 44 and 50

  const std::vector<SplitPart> close{{"train", {{0, 47}}}, {"val", {{50, 100}}}};  // rows 45 and 46 end at 50 and 51
  const auto leaking = check_split(close, labels.spans(), 5);
  BOOST_TEST(!named(leaking, "train_labels_reach_val").passed);
  BOOST_TEST(named(leaking, "train_labels_reach_val").worst == 2.0);
  BOOST_TEST(holds(named(leaking, "train_labels_reach_val").detail, "2 of 47 labels of train"));
  BOOST_TEST(holds(named(leaking, "train_labels_reach_val").detail, "row 45 first"));
  BOOST_TEST(!named(leaking, "train_val_distance").passed);  // 4 of 5
  BOOST_TEST(named(leaking, "rows_in_two_parts").passed);
}

BOOST_AUTO_TEST_CASE(training_rows_after_the_test_part_are_looked_at_too) {
  const Spans labels(100, 5);
  const std::vector<SplitPart> parts{{"train", {{0, 20}, {43, 100}}}, {"test", {{30, 40}}}};
  const auto results = check_split(parts, labels.spans(), 0);
  BOOST_TEST(named(results, "train_labels_reach_test").worst == 2.0);  // 43 and 44 meet the label of row 39
  BOOST_TEST(named(results, "train_test_distance").worst == 4.0);
}

BOOST_AUTO_TEST_CASE(counts_are_those_of_all_pairs) {
  Spans labels(60, 0);
  for (std::size_t i = 0; i < 60; ++i) {  // as of several symbols: not in order, of many lengths, some invalid
    labels.first[i] = static_cast<std::int64_t>(i * 37 % 60);
    labels.last[i] = labels.first[i] + static_cast<std::int64_t>(i * i % 7) - 1;
  }
  const std::vector<SplitPart> parts{{"a", {{0, 15}, {20, 30}}}, {"b", {{30, 36}}}, {"c", {{40, 42}, {50, 55}}}};
  const auto results = check_split(parts, labels.spans(), 0);
  BOOST_TEST(named(results, "a_labels_reach_b").worst == static_cast<double>(brute_force(parts[0], parts[1], labels)));
  BOOST_TEST(named(results, "a_labels_reach_c").worst == static_cast<double>(brute_force(parts[0], parts[2], labels)));
  BOOST_TEST(named(results, "b_labels_reach_c").worst == static_cast<double>(brute_force(parts[1], parts[2], labels)));
}

BOOST_AUTO_TEST_CASE(rows_in_two_parts_are_counted_once) {
  const Spans labels(100, 0);
  const std::vector<SplitPart> parts{{"train", {{0, 50}}}, {"val", {{10, 20}}}, {"test", {{15, 30}, {50, 60}}}};
  const CheckResult result = check_split(parts, labels.spans(), 0)[0];
  BOOST_TEST(!result.passed);
  BOOST_TEST(result.worst == 20.0);  // 10 to 29
  BOOST_TEST(holds(result.detail, "row 10 is in train and in val"));
}

BOOST_AUTO_TEST_CASE(a_part_without_rows_reaches_nothing) {
  const Spans labels(10, 3);
  const std::vector<SplitPart> parts{{"train", {}}, {"val", {{0, 10}}}};
  for (const CheckResult& result : check_split(parts, labels.spans(), 5)) BOOST_TEST(result.passed);
}

BOOST_AUTO_TEST_CASE(rows_and_spans_that_do_not_fit_are_refused) {
  Spans labels(10, 3);
  const std::vector<SplitPart> parts{{"train", {{0, 11}}}};
  BOOST_CHECK_THROW(check_split(parts, labels.spans(), 0), std::invalid_argument);
  labels.last.pop_back();
  BOOST_CHECK_THROW(check_split({}, labels.spans(), 0), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
