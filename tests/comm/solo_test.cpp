#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/error.h"
#include "base/heartbeat_record.h"
#include "base/launched_ranks.h"
#include "comm/activity.h"
#include "comm/heartbeat.h"
#include "comm/run_ranks.h"
#include "comm/thread_group.h"
#include "comm/world.h"

using namespace moola::comm;

namespace {

class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("moola-heartbeats-" + std::to_string(::getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(solo)

BOOST_AUTO_TEST_CASE(a_solo_world_answers_every_collective_alone) {
  const World world = World::start();
  BOOST_TEST(!world.uses_mpi());
  const Communicator& all = world.communicator();
  BOOST_TEST(all.rank() == 0);
  BOOST_TEST(all.size() == 1);
  double value = 2.5;
  all.all_reduce_sum(std::span(&value, 1));
  BOOST_TEST(value == 2.5);
  BOOST_TEST(all.any(true));
  BOOST_TEST(!all.any(false));
  BOOST_TEST(all.broadcast("text", 0) == "text");
  BOOST_TEST(all.all_gather("mine") == std::vector<std::string>{"mine"}, boost::test_tools::per_element());
  all.barrier();
  BOOST_TEST(all.split(3, 0).size() == 1);
  BOOST_CHECK_THROW(all.send({}, 1), moola::CommError);
}

BOOST_AUTO_TEST_CASE(the_environment_of_a_launcher_is_recognised) {
  BOOST_TEST(moola::launched_ranks().ranks == 1);
  {
    const Variable one("OMPI_COMM_WORLD_SIZE", "1");
    BOOST_TEST(moola::launched_ranks().ranks == 1);
  }
  {
    const Variable one("OMPI_COMM_WORLD_SIZE", "4");
    BOOST_TEST(moola::launched_ranks().ranks == 4);
    const Variable ours("MOOLA_RANKS", "3");
    BOOST_TEST(moola::launched_ranks().ranks == 3);
  }
  {
    const Variable tasks("SLURM_STEP_NUM_TASKS", "8");
    BOOST_TEST(moola::launched_ranks().ranks == 1);  // the batch script's own environment
    const Variable step("SLURM_STEP_ID", "0"), number("SLURM_PROCID", "2");
    BOOST_TEST(moola::launched_ranks().ranks == 8);
  }
  const Variable pmix("PMIX_RANK", "0");
  BOOST_TEST(moola::launched_ranks().ranks == 0);
}

BOOST_AUTO_TEST_CASE(an_error_of_a_solo_rank_becomes_its_exit_code) {
  BOOST_TEST(run_ranks("test", [](World&) -> int { throw moola::ConfigError("as expected by this test"); }) == 2);
  BOOST_TEST(run_ranks("test", [](World&) -> int { throw std::runtime_error("as expected by this test"); }) == 1);
  BOOST_TEST(run_ranks("test", [](World&) { return 85; }) == 85);
}

BOOST_AUTO_TEST_CASE(a_heartbeat_says_where_the_rank_is_and_how_it_ended) {
  const Folder folder;
  const auto file = moola::heartbeat_file(folder.path, 3);
  {
    Heartbeat heart(folder.path, 3);
    const auto first = moola::read_heartbeat(file);
    BOOST_REQUIRE(first.has_value());
    BOOST_TEST(first->rank == 3);
    BOOST_TEST(first->pid == ::getpid());
    note_step(41);
    {
      const WaitingIn outer("tree reduction", 1);
      const WaitingIn inner("receive", 2);
      const auto seen = [&] {
        const auto record = moola::read_heartbeat(file);
        return record && record->step == 41 && record->collective == "tree reduction" && record->peer == 2;
      };
      while (!seen()) std::this_thread::sleep_for(std::chrono::milliseconds(20));  // the test's time limit is the limit
    }
    BOOST_TEST(heart.first_to_report());
    BOOST_TEST(!heart.first_to_report());
    heart.fail(2, "what \xff went wrong");
  }
  const auto last = moola::read_heartbeat(file);
  BOOST_REQUIRE(last.has_value());
  BOOST_CHECK(last->state == moola::HeartbeatRecord::State::failed);
  BOOST_TEST(last->exit_code == 2);
  BOOST_TEST(last->collective.empty());
  BOOST_TEST(last->error.starts_with("what "));
  BOOST_CHECK(!moola::read_heartbeat(folder.path / "none").has_value());
}

BOOST_AUTO_TEST_CASE(a_heartbeat_in_a_missing_folder_is_refused) {
  BOOST_CHECK_THROW(Heartbeat("/nonexistent/folder", 0), moola::CommError);
}

BOOST_AUTO_TEST_SUITE_END()
