#include "market/labels/sample_weights.h"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <stdexcept>

#include "base/atomic_file.h"
#include "base/json.h"
#include "base/keyed_random.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::market;

namespace {

void compare(const std::vector<double>& got, const std::vector<double>& want) {
  BOOST_REQUIRE(got.size() == want.size());
  for (std::size_t i = 0; i < got.size(); ++i) BOOST_TEST(std::fabs(got[i] - want[i]) <= 1e-9);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sample_weights)

BOOST_AUTO_TEST_CASE(the_published_weights_of_real_dollar_bars_come_out) {
  const Json given = read_json(fmt::format("{}/tests/market/vectors/mlfinpy_weights.json", MOOLA_SOURCE_DIR));
  const std::vector<std::int64_t> first = given["t0"], last = given["t1"];
  const std::vector<double> close = given["close"];
  const auto uniqueness = average_uniqueness(first, last, close.size());
  compare(uniqueness, given["uniqueness"]);
  compare(return_attribution(first, last, close), given["return_weights"]);
  compare(time_decay(uniqueness, 0.5), given["time_decay_0p5"]);
  compare(time_decay(uniqueness, -0.5), given["time_decay_m0p5"]);
}

BOOST_AUTO_TEST_CASE(uniqueness_is_that_of_a_plain_count) {
  constexpr std::size_t kBars = 400;
  KeyedRandom random(3, Stream::augmentation, 0, 0);
  std::vector<std::int64_t> first, last;
  for (std::size_t i = 0; i + 30 < kBars; i += random.uniform() < 0.3 ? 0 : 1) {
    first.push_back(static_cast<std::int64_t>(i));
    const bool none = random.uniform() < 0.1;
    last.push_back(none ? -1 : static_cast<std::int64_t>(i) + static_cast<std::int64_t>(random.uniform() * 30));
  }
  const auto got = average_uniqueness(first, last, kBars);
  for (std::size_t i = 0; i < first.size(); ++i) {
    double total = 0;
    for (std::int64_t t = first[i]; t <= last[i]; ++t) {
      int labels = 0;
      for (std::size_t k = 0; k < first.size(); ++k) labels += first[k] <= t && t <= last[k];
      total += 1.0 / labels;
    }
    const double want = last[i] < 0 ? 0.0 : total / static_cast<double>(last[i] - first[i] + 1);
    BOOST_REQUIRE(std::fabs(got[i] - want) < 1e-12);
  }
}

BOOST_AUTO_TEST_CASE(a_label_that_shares_no_bar_is_unique_and_twins_are_half) {
  const std::vector<std::int64_t> first{0, 10, 10}, last{9, 14, 14};
  compare(average_uniqueness(first, last, 20), {1.0, 0.5, 0.5});
}

BOOST_AUTO_TEST_CASE(attributed_weights_add_up_to_their_number) {
  std::vector<double> close;
  for (int i = 0; i < 100; ++i) close.push_back(100 + 3 * ((i * 37) % 11));
  std::vector<std::int64_t> first, last;
  for (std::int64_t i = 0; i < 90; ++i) {
    first.push_back(i);
    last.push_back(i % 7 == 3 ? -1 : i + i % 9);
  }
  const auto got = return_attribution(first, last, close);
  double total = 0;
  int samples = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    total += got[i];
    samples += last[i] >= 0;
    if (last[i] < 0) BOOST_TEST(got[i] == 0.0);
  }
  BOOST_TEST(std::fabs(total - samples) < 1e-9);
}

BOOST_AUTO_TEST_CASE(decay_ends_at_one_and_begins_where_it_is_told_to) {
  const std::vector<double> even(10, 0.5);
  const auto half = time_decay(even, 0.5), none = time_decay(even, 1.0), cut = time_decay(even, -0.5);
  BOOST_TEST(half.back() == 1.0);
  BOOST_TEST(std::fabs(half.front() - 0.55) < 1e-12);  // a tenth of the way from 0.5 to 1
  for (const double weight : none) BOOST_TEST(weight == 1.0);
  BOOST_TEST(cut[4] == 0.0);
  BOOST_TEST(cut[5] > 0.0);
  BOOST_TEST(test::holds(test::refusal_of([&] { time_decay(even, -1.0); }), "must be above -1"));
  BOOST_TEST(test::holds(test::refusal_of([&] { time_decay(even, 1.5); }), "at most 1"));
}

BOOST_AUTO_TEST_CASE(samples_that_cannot_be_are_refused) {
  const auto uniqueness = [](std::vector<std::int64_t> first, std::vector<std::int64_t> last) {
    return average_uniqueness(first, last, 10);
  };
  BOOST_CHECK_THROW(uniqueness({0}, {10}), std::invalid_argument);
  BOOST_CHECK_THROW(uniqueness({5}, {4}), std::invalid_argument);
  BOOST_CHECK_THROW(uniqueness({5, 3}, {6, 6}), std::invalid_argument);
  BOOST_CHECK_THROW(uniqueness({5}, {6, 6}), std::invalid_argument);
  BOOST_TEST(uniqueness({}, {}).empty());
}

BOOST_AUTO_TEST_SUITE_END()
