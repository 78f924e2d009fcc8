#include "market/roll.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <random>
#include <set>

using namespace moola::market;

namespace {

// Sessions of ten bars, one a second, 100 apart.
constexpr std::int64_t kGap = 50;

std::int64_t stamp(std::int64_t session, std::int64_t bar) {
  return session * 100 + bar;
}

// One bar count and one volume (per bar) for each session.
struct SessionPlan {
  std::int64_t bars;
  double volume;
};

Contract contract(const std::string& month, const std::vector<SessionPlan>& plan) {
  Contract made{month, {}};
  for (std::size_t s = 0; s < plan.size(); ++s) {
    for (std::int64_t b = 0; b < plan[s].bars; ++b) {
      const double price = std::stod(month) + static_cast<double>(s);
      made.bars.time.push_back(stamp(static_cast<std::int64_t>(s), b));
      for (auto* column : {&made.bars.open, &made.bars.high, &made.bars.low, &made.bars.close})
        column->push_back(price);
      made.bars.volume.push_back(plan[s].volume);
      made.bars.flags.push_back(0);
    }
  }
  return made;
}

std::vector<std::string> months_of(const ContinuousSeries& series) {
  std::vector<std::string> months;
  for (const ContractSpan& span : series.spans) months.push_back(span.month);
  return months;
}

std::int64_t rolls(const Bars& bars) {
  std::int64_t n = 0;
  for (const std::uint8_t flag : bars.flags) n += (flag & kRoll) != 0 ? 1 : 0;
  return n;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(roll)

BOOST_AUTO_TEST_CASE(by_expiry_the_next_contract_comes_after_the_last_bar_of_the_old) {
  const std::vector<Contract> contracts{contract("1", {{10, 5}, {8, 5}, {0, 0}}),
                                        contract("2", {{10, 1}, {10, 99}, {10, 9}})};
  const ContinuousSeries series = front_month(contracts, RollRule::expiry, kGap);
  BOOST_TEST(months_of(series) == (std::vector<std::string>{"1", "2"}), boost::test_tools::per_element());
  BOOST_TEST(series.bars.size() == 28U);  // 10 + 8 of the old, 10 of the new; one contract per session
  BOOST_TEST(series.spans[1].begin == 18U);
  BOOST_TEST(series.bars.time[18] == stamp(2, 0));
  BOOST_TEST((series.bars.flags[18] & kRoll) != 0);
  BOOST_TEST(rolls(series.bars) == 1);
}

BOOST_AUTO_TEST_CASE(by_volume_the_session_after_the_one_with_more_volume_rolls) {
  const std::vector<Contract> contracts{contract("1", {{10, 5}, {10, 5}, {10, 5}}),
                                        contract("2", {{10, 1}, {10, 6}, {10, 9}})};
  const ContinuousSeries series = front_month(contracts, RollRule::volume, kGap);
  BOOST_TEST(months_of(series) == (std::vector<std::string>{"1", "2"}), boost::test_tools::per_element());
  BOOST_TEST(series.spans[1].begin == 20U);  // session 1 shows more volume, session 2 rolls
}

BOOST_AUTO_TEST_CASE(equal_volume_is_no_reason_to_roll) {
  const std::vector<Contract> contracts{contract("1", {{10, 5}, {10, 5}}), contract("2", {{10, 5}, {10, 5}})};
  BOOST_TEST(months_of(front_month(contracts, RollRule::volume, kGap)) == (std::vector<std::string>{"1"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(volume_that_comes_back_does_not_bring_the_old_contract_back) {
  const std::vector<Contract> contracts{contract("1", {{10, 5}, {10, 50}, {10, 50}}),
                                        contract("2", {{10, 6}, {10, 1}, {10, 1}})};
  BOOST_TEST(months_of(front_month(contracts, RollRule::volume, kGap)) == (std::vector<std::string>{"1", "2"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(by_volume_a_contract_that_has_ended_is_left_for_the_largest) {
  const std::vector<Contract> contracts{contract("1", {{10, 50}, {0, 0}}), contract("2", {{10, 1}, {10, 1}}),
                                        contract("3", {{10, 9}, {10, 1}})};
  BOOST_TEST(months_of(front_month(contracts, RollRule::volume, kGap)) == (std::vector<std::string>{"1", "3"}),
             boost::test_tools::per_element());
  BOOST_TEST(months_of(front_month(contracts, RollRule::expiry, kGap)) == (std::vector<std::string>{"1", "2"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_order_the_contracts_are_given_in_does_not_matter) {
  const Contract a = contract("1", {{10, 5}, {10, 5}, {10, 5}}), b = contract("2", {{10, 1}, {10, 6}, {10, 9}});
  const ContinuousSeries one = front_month(std::vector{a, b}, RollRule::volume, kGap);
  const ContinuousSeries other = front_month(std::vector{b, a}, RollRule::volume, kGap);
  BOOST_TEST(one.bars.time == other.bars.time, boost::test_tools::per_element());
  BOOST_TEST(one.bars.close == other.bars.close, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_month_given_twice_is_a_mistake) {
  const Contract a = contract("1", {{10, 5}});
  BOOST_CHECK_THROW(front_month(std::vector{a, a}, RollRule::volume, kGap), std::logic_error);
}

BOOST_AUTO_TEST_CASE(no_contracts_give_no_bars) {
  BOOST_TEST(front_month({}, RollRule::volume, kGap).bars.empty());
}

BOOST_AUTO_TEST_CASE(the_future_does_not_change_the_past) {
  // Cutting off everything after a session leaves the choice of that session as it was, as long as no contract ends by
  // the cut.
  std::mt19937 random(3);
  for (int trial = 0; trial < 200; ++trial) {
    const std::size_t sessions = 6;
    std::vector<std::vector<SessionPlan>> plans(3);
    for (auto& plan : plans) {
      for (std::size_t s = 0; s < sessions; ++s) plan.push_back({10, static_cast<double>(random() % 5)});
    }
    const auto series_of = [&](std::size_t count) {
      std::vector<Contract> contracts;
      for (std::size_t c = 0; c < plans.size(); ++c) {
        const std::vector<SessionPlan> cut(plans[c].begin(), plans[c].begin() + static_cast<std::ptrdiff_t>(count));
        contracts.push_back(contract(std::to_string(c + 1), cut));
      }
      return front_month(contracts, RollRule::volume, kGap);
    };
    const ContinuousSeries whole = series_of(sessions);
    for (std::size_t count = 1; count < sessions; ++count) {
      const ContinuousSeries part = series_of(count);
      BOOST_REQUIRE(part.bars.size() == count * 10);
      BOOST_REQUIRE(std::equal(part.bars.close.begin(), part.bars.close.end(), whole.bars.close.begin()));
    }
  }
}

BOOST_AUTO_TEST_CASE(stamps_increase_and_months_never_go_back) {
  std::mt19937 random(11);
  for (int trial = 0; trial < 500; ++trial) {
    std::vector<Contract> contracts;
    for (int c = 1; c <= 4; ++c) {
      std::vector<SessionPlan> plan;
      const std::size_t ends = random() % 9;
      for (std::size_t s = 0; s < 8; ++s) {
        plan.push_back({s < ends ? static_cast<std::int64_t>(random() % 11) : 0, static_cast<double>(random() % 5)});
      }
      contracts.push_back(contract(std::to_string(c), plan));
    }
    for (const RollRule rule : {RollRule::volume, RollRule::expiry}) {
      const ContinuousSeries series = front_month(contracts, rule, kGap);
      BOOST_REQUIRE(std::adjacent_find(series.bars.time.begin(), series.bars.time.end(), std::greater_equal<>()) ==
                    series.bars.time.end());
      const auto months = months_of(series);
      BOOST_REQUIRE(std::set(months.begin(), months.end()).size() == months.size());
      BOOST_REQUIRE(std::is_sorted(months.begin(), months.end()));
      BOOST_REQUIRE(static_cast<std::size_t>(rolls(series.bars)) + 1 == std::max<std::size_t>(1, months.size()));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
