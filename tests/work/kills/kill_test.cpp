#include <boost/test/unit_test.hpp>
#include <random>

#include "tests/work/pretrain_workspace.h"

using namespace moola;
using namespace moola::test;

BOOST_AUTO_TEST_CASE(a_training_killed_at_random_moments_ends_with_the_bytes_of_one_that_was_not) {
  static constexpr int kSteps = 4000;
  const Workspace killed, whole;
  std::mt19937 random(20240229);
  int kills = 0, code = 128 + SIGKILL;
  while (code != 0) {
    BOOST_REQUIRE(kills < 200);
    // The pauses grow, so that a slow build gets on too.
    const std::chrono::milliseconds delay(500 + random() % (1500 + 40 * static_cast<unsigned>(kills)));
    // Mostly without warning, sometimes with: both leave states behind that the other must cope with.
    const int signal = random() % 4 == 0 ? SIGTERM : SIGKILL;
    code = pretrain_and_signal(killed, signal, delay, kSteps);
    BOOST_REQUIRE_MESSAGE(code == 0 || code == 85 || code == 128 + SIGKILL, "exit code " << code);
    ++kills;
  }
  BOOST_TEST_MESSAGE(kills << " signals");
  BOOST_TEST(kills > 5);
  BOOST_TEST(killed.runs().size() == 1U);
  BOOST_REQUIRE(whole
                    .pretrain({"--set", "train.max_steps=" + std::to_string(kSteps), "--set", "train.epochs=1000",
                               "--set", "train.patience=0", "--ranks", "1"})
                    .exit_code == 0);
  BOOST_TEST(fingerprint(killed.runs().front(), "step-00004000") == fingerprint(whole.runs().front(), "step-00004000"));
}
