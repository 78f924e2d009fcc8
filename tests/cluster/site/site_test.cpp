#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "base/atomic_file.h"
#include "base/json.h"
#include "base/subprocess.h"
#include "cluster/site/disk_trial.h"
#include "cluster/site/needed_versions.h"
#include "tests/jobs/program.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::cluster;
using namespace moola::test;
namespace fs = std::filesystem;

namespace {

/// moola doctor --site on a node whose tools are ours.
struct Node {
  TemporaryFolder tools, workspace;

  void tool(const std::string& name, const std::string& script) const {
    write_file(tools / name, "#!/bin/sh\n" + script + "\n");
    fs::permissions(tools / name, fs::perms::owner_all);
  }
  ProcessResult ask(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"env", "PATH=" + tools.path().string() + ":/usr/bin:/bin", program("moola-doctor"),
                               "--site", "--workspace", workspace.path().string()});
    return run_process(more);
  }
  Json row(const std::string& topic, std::vector<std::string> more = {}) const {
    more.emplace_back("--json");
    const Json said = Json::parse(ask(more).output);
    for (const Json& each : said["findings"]) {
      if (each["topic"] == topic) return each;
    }
    return Json{{"level", "no such row"}, {"found", ""}, {"advice", ""}, {"details", Json::object()}};
  }
};

constexpr const char* kTwoGpus =
    "case \"$*\" in *query-gpu=index*) echo '0, NVIDIA H100, 580.10, 4, 81559, 0'; echo '1, NVIDIA H100, 580.10, "
    "40000, 81559, "
    "97';; esac";

}  // namespace

BOOST_AUTO_TEST_SUITE(site)

BOOST_AUTO_TEST_CASE(versions_are_compared_as_numbers) {
  BOOST_TEST((version_numbers("2.36") > version_numbers("2.9")));
  BOOST_TEST((version_numbers("2.36.1") > version_numbers("2.36")));
  BOOST_TEST((version_numbers("4.1.4-3+b1") == VersionNumbers{4, 1, 4}));
  BOOST_TEST(version_numbers("x").empty());
  BOOST_TEST(version_numbers("99999999999").empty());
  BOOST_TEST(version_text({2, 36}) == "2.36");
}

BOOST_AUTO_TEST_CASE(what_a_program_needs_is_read_from_its_tables_of_strings) {
  const TemporaryFolder folder;
  using namespace std::string_literals;
  write_file(folder / "a", "\0GLIBC_2.4\0GLIBC_2.36\0GLIBC_2.9\0text GLIBC_2.99\0GLIBC_2.98 text\0GLIBC_PRIVATE\0"s);
  BOOST_TEST((highest_version(folder / "a", "GLIBC_") == VersionNumbers{2, 36}));
  BOOST_TEST(highest_version(folder / "none", "GLIBC_").empty());
  // Our own program started here, so it needs no more than there is.
  const VersionNumbers ours = highest_version(program("moola-doctor"), "GLIBC_");
  BOOST_TEST((ours >= VersionNumbers{2, 2} && ours < VersionNumbers{3}));
}

BOOST_AUTO_TEST_CASE(a_good_file_system_keeps_all_rules) {
  const TemporaryFolder folder;
  for (const auto trial :
       {try_flock, try_record_lock, try_exclusive_create, try_hard_link, try_rename_over_open_file}) {
    const DiskTrial result = trial(folder.path());
    BOOST_TEST(result.holds, result.why_not);
  }
  BOOST_TEST(std::abs(server_clock_ahead(folder.path())) < 1.0);
  const DiskSpeed speed = measure_disk(folder.path(), 0.2);
  BOOST_TEST(speed.write > 0);
  BOOST_TEST(speed.fsync_seconds > 0);
  BOOST_TEST(!fs::exists(folder / "speed"));
}

BOOST_AUTO_TEST_CASE(a_file_system_without_links_or_room_is_told_as_such) {
  // The kernel's own refuses both, and anything else that writes.
  BOOST_TEST(!try_exclusive_create("/proc").holds);
  BOOST_TEST(!try_flock("/proc").holds);
  BOOST_TEST(!try_record_lock("/proc").holds);
  const ProcessResult said = run_process({program("moola-doctor"), "--site", "--workspace", "/proc/none"});
  BOOST_TEST(said.exit_code == 2);
  BOOST_TEST(holds(said.output, "--workspace DIR"));
}

BOOST_AUTO_TEST_CASE(rows_are_those_of_the_same_table_and_nothing_is_left_in_the_workspace) {
  const Node node;
  const ProcessResult said = node.ask();
  BOOST_TEST(holds_all(said.output, {"processor", "glibc", "C++ run time", "MPI flavour", "disk rules", "disk speed",
                                     "clock", "room", "open files", "locked memory", "host name", "interfaces"}));
  BOOST_TEST(fs::is_empty(node.workspace.path()));
  BOOST_TEST(!holds(run_program("moola-doctor", {"--workspace", node.workspace.path().string()}).output, "disk rules"));
}

BOOST_AUTO_TEST_CASE(gpus_that_were_promised_must_be_here_and_idle) {
  Node node;
  node.tool("nvidia-smi", kTwoGpus);
  BOOST_TEST(node.row("GPU 0")["level"] == "fine");
  BOOST_TEST(node.row("GPU 1")["level"] == "warning");
  BOOST_TEST(node.row("GPUs wanted", {"--gpus", "1"})["level"] == "fine");
  BOOST_TEST(node.row("GPUs wanted", {"--gpus", "2"})["level"] == "broken");
  BOOST_TEST(node.ask({"--gpus", "2"}).exit_code == 2);
  node.tool("nvidia-smi", "echo 'NVIDIA-SMI has failed' ; exit 9");
  BOOST_TEST(node.row("GPUs wanted", {"--gpus", "1"})["found"] == "1 wanted, 0 here, 0 idle");
  BOOST_TEST(run_program("moola-doctor", {"--gpus", "1"}).exit_code == 2);  // without --site
}

BOOST_AUTO_TEST_CASE(an_mpirun_of_another_version_is_named) {
  const Node node;
  node.tool("mpirun", "echo 'mpirun (Open MPI) 3.1.6'");
  const Json other = node.row("MPI flavour");
  if (other["details"].value("linked", "") == "") {
    BOOST_TEST_MESSAGE("SKIPPED, no rank programs are built");
    return;
  }
  BOOST_TEST(other["level"] == "broken");
  node.tool("mpirun", "echo 'mpirun (Open MPI) " + other["details"]["linked"].get<std::string>() + "'");
  BOOST_TEST(node.row("MPI flavour")["level"] == "fine");
  node.tool("mpirun", "echo 'HYDRA build details:'");
  BOOST_TEST(holds(node.row("MPI flavour")["found"].get<std::string>(), "not Open MPI"));
}

BOOST_AUTO_TEST_CASE(slurm_and_munge_are_asked_and_may_be_silent) {
  const Node node;
  node.tool("srun", "echo 'MPI plugin types are...'; echo pmi2; echo none");
  BOOST_TEST(node.row("PMIx")["level"] == "warning");
  node.tool("srun", "exit 1");
  BOOST_TEST(node.row("PMIx")["found"] == "srun is here, but does not answer");
  node.tool("srun", "echo 'MPI plugin types are...'; echo pmix; echo none");
  BOOST_TEST(node.row("PMIx")["level"] == "fine");
  node.tool("sinfo", "echo 'main* up 1-00:00:00'; echo 'low up infinite'");
  BOOST_TEST(node.row("Slurm's controller")["details"]["time_limit"] == "1-00:00:00");
  node.tool("sinfo", "echo 'slurm_load_partitions: Unable to contact slurm controller' >&2; exit 1");
  BOOST_TEST(node.row("Slurm's controller")["level"] == "warning");
  node.tool("munge", "echo MUNGE:abc:");
  node.tool("unmunge", "grep -q MUNGE");
  BOOST_TEST(node.row("munge")["level"] == "fine");
  node.tool("unmunge", "exit 15");
  BOOST_TEST(node.row("munge")["level"] == "warning");
  node.tool("sinfo", "echo 'main* up infinite'");
  BOOST_TEST(node.row("munge")["level"] == "note");
}

BOOST_AUTO_TEST_SUITE_END()
