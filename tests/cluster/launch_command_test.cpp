#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "base/error.h"
#include "base/subprocess.h"
#include "cluster/launch/launch_ranks.h"

using namespace moola::launch;

namespace {

LaunchPlan plan(int ranks) {
  LaunchPlan one;
  one.name = "test";
  one.ranks = ranks;
  one.program = "/bin/prog";
  one.arguments = {"a b", "--x"};
  one.heartbeats = "/tmp/beats";
  return one;
}

// Of this process, for as long as it lives.
struct Variables {
  std::vector<std::string> names;
  Variables(std::initializer_list<std::pair<const char*, const char*>> all) {
    for (const auto& [name, value] : all) {
      ::setenv(name, value, 1);
      names.emplace_back(name);
    }
  }
  ~Variables() {
    for (const std::string& name : names) ::unsetenv(name.c_str());
  }
  Variables(const Variables&) = delete;
  Variables& operator=(const Variables&) = delete;
};

bool has(const LaunchCommand& command, const std::string& word) {
  return std::find(command.arguments.begin(), command.arguments.end(), word) != command.arguments.end();
}

std::string variable(const LaunchCommand& command, const std::string& wanted) {
  for (const auto& [name, value] : command.environment) {
    if (name == wanted) return value;
  }
  return "(not set)";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(launch_commands)

BOOST_AUTO_TEST_CASE(one_rank_is_the_program_itself) {
  BOOST_CHECK(choose_launcher(plan(1)) == Launcher::direct);
  const LaunchCommand command = launch_command(plan(1), Launcher::direct);
  BOOST_TEST(command.arguments == (std::vector<std::string>{"/bin/prog", "a b", "--x"}),
             boost::test_tools::per_element());
  BOOST_TEST(variable(command, "MOOLA_RANKS") == "1");
  BOOST_TEST(variable(command, "MOOLA_HEARTBEATS") == "/tmp/beats");
  BOOST_TEST(variable(command, "OMP_NUM_THREADS") == "1");
}

BOOST_AUTO_TEST_CASE(several_ranks_on_this_host_are_a_quiet_mpirun_over_shared_memory) {
  BOOST_CHECK(choose_launcher(plan(2)) == Launcher::mpirun);
  const LaunchCommand command = launch_command(plan(2), Launcher::mpirun);
  BOOST_TEST(command.arguments.front() == "mpirun");
  BOOST_TEST(has(command, "-q"));
  BOOST_TEST(has(command, "self,vader"));
  BOOST_TEST(has(command, "mpi_yield_when_idle"));
  BOOST_TEST(command.arguments.back() == "--x");
}

BOOST_AUTO_TEST_CASE(other_hosts_are_named_and_get_the_variables_and_a_network) {
  LaunchPlan two = plan(4);
  two.hosts = {"a:2", "b:2"};
  two.environment = {{"OMP_NUM_THREADS", "3"}};
  const Variables mine{{"NCCL_DEBUG", "INFO"}};
  const LaunchCommand command = launch_command(two, Launcher::mpirun);
  BOOST_TEST(has(command, "a:2,b:2"));
  BOOST_TEST(!has(command, "self,vader"));
  for (const auto& [name, value] : command.environment) BOOST_TEST(has(command, name));
  BOOST_TEST(has(command, "PATH"));
  BOOST_TEST(has(command, "NCCL_DEBUG"));
  BOOST_TEST(variable(command, "OMP_NUM_THREADS") == "3");
}

BOOST_AUTO_TEST_CASE(srun_starts_the_ranks_with_pmix) {
  const LaunchCommand command = launch_command(plan(4), Launcher::srun);
  BOOST_TEST(command.arguments.front() == "srun");
  BOOST_TEST(has(command, "--mpi=pmix"));
  BOOST_TEST(has(command, "--export=ALL"));
  BOOST_TEST(!has(command, "--overlap"));
}

BOOST_AUTO_TEST_CASE(in_a_slurm_job_the_ranks_are_spread_over_its_nodes_with_their_share_of_cores) {
  const Variables job{{"SLURM_JOB_ID", "7"}, {"SLURM_JOB_NUM_NODES", "2"}, {"SLURM_JOB_CPUS_PER_NODE", "32(x2)"}};
  const LaunchCommand command = launch_command(plan(16), Launcher::srun);
  BOOST_TEST(has(command, "--nodes=2"));
  BOOST_TEST(has(command, "--ntasks-per-node=8"));
  BOOST_TEST(has(command, "--cpus-per-task=4"));
  BOOST_TEST(!has(command, "--overlap"));
  BOOST_TEST(has(launch_command(plan(1), Launcher::srun), "--nodes=1"));
  BOOST_TEST(has(launch_command(plan(3), Launcher::srun), "--ntasks-per-node=2"));
  BOOST_TEST(has(launch_command(plan(200), Launcher::srun), "--overcommit"));
  // mpirun reaches the other nodes by srun, where that is.
  if (moola::find_program("srun")) {
    BOOST_TEST(has(launch_command(plan(16), Launcher::mpirun), "ppr:8:node"));
    BOOST_TEST(has(launch_command(plan(1), Launcher::mpirun), "ppr:1:node"));
  }
  const Variables step{{"SLURM_STEP_ID", "0"}};
  BOOST_TEST(has(launch_command(plan(2), Launcher::mpirun), "localhost:2"));
  BOOST_TEST(has(launch_command(plan(2), Launcher::srun), "--overlap"));
}

BOOST_AUTO_TEST_CASE(srun_gets_hosts_without_slots) {
  LaunchPlan two = plan(4);
  two.hosts = {"a:2", "b"};
  BOOST_TEST(has(launch_command(two, Launcher::srun), "a,b"));
}

BOOST_AUTO_TEST_CASE(an_unknown_launcher_is_refused) {
  ::setenv("MOOLA_LAUNCHER", "rocket", 1);
  BOOST_CHECK_THROW(choose_launcher(plan(2)), moola::ConfigError);
  ::setenv("MOOLA_LAUNCHER", "srun", 1);
  BOOST_CHECK(choose_launcher(plan(2)) == Launcher::srun);
  ::unsetenv("MOOLA_LAUNCHER");
}

BOOST_AUTO_TEST_SUITE_END()
