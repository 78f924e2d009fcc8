#include "work/sweep/trials/gpu_share.h"

#include <boost/test/unit_test.hpp>
#include <map>
#include <stdexcept>

#include "base/error.h"

using namespace moola;
using namespace moola::work;

BOOST_AUTO_TEST_SUITE(gpus_of_trials)

BOOST_AUTO_TEST_CASE(trials_with_whole_gpus_never_share_one) {
  GpuShare share({"0", "1", "2", "3"}, 2);
  BOOST_TEST(share.most() == 2U);
  const std::vector<std::string> first = share.take(7), second = share.take(9);
  BOOST_TEST((first == std::vector<std::string>{"0", "1"}));
  BOOST_TEST((second == std::vector<std::string>{"2", "3"}));
  BOOST_CHECK_THROW(share.take(11), std::logic_error);
  share.give_back(7);
  BOOST_TEST((share.take(11) == first));
}

BOOST_AUTO_TEST_CASE(trials_with_a_part_of_a_gpu_are_spread_and_no_gpu_has_too_many) {
  for (const auto& [part, places] :
       std::map<double, std::size_t>{{0.15, 6}, {0.25, 4}, {1.0 / 3, 3}, {0.5, 2}, {0.7, 1}, {1, 1}}) {
    GpuShare share({"GPU-a", "GPU-b", "GPU-c"}, part);
    BOOST_TEST(share.most() == 3 * places);
    std::map<std::string, std::size_t> count;
    for (std::uint64_t trial = 0; trial < 3 * places; ++trial) {
      const std::vector<std::string> devices = share.take(trial);
      BOOST_REQUIRE(devices.size() == 1U);
      ++count[devices.front()];
      if (trial == 2) BOOST_TEST(count.size() == 3U);
    }
    for (const auto& [device, trials] : count) BOOST_TEST(trials == places);
    BOOST_CHECK_THROW(share.take(1000), std::logic_error);
  }
}

BOOST_AUTO_TEST_CASE(trials_without_gpus_get_none) {
  GpuShare share({"0"}, 0);
  BOOST_TEST(share.most() == 0U);
  BOOST_TEST(share.take(1).empty());
}

BOOST_AUTO_TEST_CASE(shares_that_cannot_be_given_are_refused) {
  BOOST_CHECK_THROW(GpuShare({"0", "1"}, 3), ConfigError);
  BOOST_CHECK_THROW(GpuShare({"0", "1"}, 1.5), ConfigError);
  BOOST_CHECK_THROW(GpuShare({}, 0.5), ConfigError);
}

BOOST_AUTO_TEST_CASE(devices_are_called_as_the_environment_calls_them) {
  BOOST_TEST((visible_devices(nullptr, 2) == std::vector<std::string>{"0", "1"}));
  BOOST_TEST((visible_devices("3,1,0", 2) == std::vector<std::string>{"3", "1"}));
  BOOST_TEST(visible_devices("", 0).empty());
}

BOOST_AUTO_TEST_SUITE_END()
