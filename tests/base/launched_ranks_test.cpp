#include "base/launched_ranks.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <map>
#include <string>

using namespace moola;

namespace {

// Variables of a launcher, for a while; nothing of another one.
class Launcher {
 public:
  explicit Launcher(const std::map<std::string, std::string>& variables) {
    for (const char* each :
         {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE", "SLURM_STEP_ID",
          "SLURM_PROCID", "SLURM_LOCALID", "SLURM_NODEID", "SLURM_STEP_TASKS_PER_NODE", "PMIX_RANK"}) {
      if (const char* was = std::getenv(each)) before_[each] = was;
      names_.push_back(each);
      ::unsetenv(each);
    }
    for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
  }
  ~Launcher() {
    for (const std::string& each : names_) ::unsetenv(each.c_str());
    for (const auto& [name, value] : before_) ::setenv(name.c_str(), value.c_str(), 1);
  }
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;

 private:
  std::vector<std::string> names_;
  std::map<std::string, std::string> before_;
};

LocalRank slurm(const char* node, const char* local, const char* tasks) {
  const Launcher launcher(
      {{"SLURM_STEP_ID", "0"}, {"SLURM_NODEID", node}, {"SLURM_LOCALID", local}, {"SLURM_STEP_TASKS_PER_NODE", tasks}});
  return local_rank();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ranks_of_launchers)

BOOST_AUTO_TEST_CASE(a_process_alone_is_the_first_of_one) {
  const Launcher launcher({});
  BOOST_TEST(launched_rank() == 0);
  BOOST_TEST(local_rank().rank == 0);
  BOOST_TEST(local_rank().ranks == 1);
}

BOOST_AUTO_TEST_CASE(open_mpi_says_it_in_numbers) {
  const Launcher launcher(
      {{"OMPI_COMM_WORLD_RANK", "5"}, {"OMPI_COMM_WORLD_LOCAL_RANK", "1"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "4"}});
  BOOST_TEST(launched_rank() == 5);
  BOOST_TEST(local_rank().rank == 1);
  BOOST_TEST(local_rank().ranks == 4);
}

BOOST_AUTO_TEST_CASE(slurm_says_it_for_all_nodes_at_once) {
  BOOST_TEST(slurm("0", "3", "4").ranks == 4);
  BOOST_TEST(slurm("0", "3", "4").rank == 3);
  BOOST_TEST(slurm("2", "1", "2(x3),1").ranks == 2);
  BOOST_TEST(slurm("3", "0", "2(x3),1").ranks == 1);
  BOOST_TEST(slurm("1", "7", "1,8(x2)").ranks == 8);
  BOOST_TEST(slurm("1", "7", "1,8(x2)").rank == 7);
  BOOST_TEST(slurm("9", "0", "2(x3),1").ranks == 1);
  BOOST_TEST(slurm("0", "0", "").ranks == 1);
  BOOST_TEST(slurm("0", "9", "garbage").rank == 0);
}

BOOST_AUTO_TEST_SUITE_END()
