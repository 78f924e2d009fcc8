// A program of ranks that does what a test asks for: launch-test-rank MODE [RANK]
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/stop_flag.h"
#include "comm/activity.h"
#include "comm/run_ranks.h"

namespace {

using std::chrono::milliseconds;

int behave(moola::comm::World& world, const std::string& mode, int chosen) {
  const moola::comm::Communicator& all = world.communicator();
  const bool mine = world.rank() == chosen;
  if (mode == "exit") return chosen;
  if (mode == "error" && mine) throw moola::ConfigError("what rank " + std::to_string(chosen) + " did not like");
  if (mode == "error-on-all") throw moola::DataError("what no rank liked");
  if (mode == "foreign-error" && mine) throw std::runtime_error("an exception of somebody else");
  if (mode == "die" && mine) {
    std::this_thread::sleep_for(milliseconds(300));
    ::raise(SIGKILL);
  }
  if (mode == "leave" && mine) ::_exit(7);
  if (mode == "hang" && mine) {
    moola::comm::note_step(12);
    for (;;) std::this_thread::sleep_for(milliseconds(100));
  }
  for (std::int64_t step = 0;; ++step) {  // "loop", and what the other ranks do in the modes above
    moola::comm::note_step(step);
    if (all.any(moola::stop_requested())) return 85;
    std::this_thread::sleep_for(milliseconds(20));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  const int chosen = argc > 2 ? std::atoi(argv[2]) : 0;
  if (mode == "never-up") return 9;
  if (mode == "slow-start") std::this_thread::sleep_for(milliseconds(700));
  return moola::comm::run_ranks("test", [&](moola::comm::World& world) { return behave(world, mode, chosen); });
}
