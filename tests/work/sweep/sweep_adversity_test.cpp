// What happens to sweeps on machines and with programs that behave badly: nothing that was finished is lost.
#include <sys/mount.h>

#include <boost/test/unit_test.hpp>

#include "tests/support/messages.h"
#include "tests/work/sweep/sweep_workspace.h"

using namespace moola;
using namespace moola::test;
using sweep::TrialState;
namespace fs = std::filesystem;

namespace {

// A small disk where a sweep keeps its study.
class SmallDisk {
 public:
  SmallDisk(fs::path folder, const std::string& size) : folder_(std::move(folder)) {
    fs::create_directories(folder_);
    mounted_ = ::mount("none", folder_.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount(folder_.c_str());
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool is_mounted() const { return mounted_; }
  void grow(const std::string& size) const {
    BOOST_REQUIRE(::mount("none", folder_.c_str(), "tmpfs", MS_REMOUNT, ("size=" + size).c_str()) == 0);
  }

 private:
  fs::path folder_;
  bool mounted_ = false;
};

std::map<std::uint64_t, std::string> results_of(const SweepWorkspace& workspace) {
  std::map<std::uint64_t, std::string> out;
  for (const std::uint64_t number : workspace.finished())
    out[number] = read_file(workspace.study() / "trials" / fmt::format("{:06}", number) / "result.json");
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sweeps_in_adversity)

BOOST_AUTO_TEST_CASE(a_full_disk_ends_a_sweep_with_a_paragraph_and_it_goes_on_when_there_is_room) {
  bool with_some = false;
  for (const char* size : {"20k", "40k", "200k", "300k"}) {
    BOOST_TEST_CONTEXT(size) {
      SweepWorkspace workspace;
      workspace.write_objective("echo \"{\\\"value\\\": $1}\"");
      const SmallDisk disk(workspace.folder / "artifacts", size);
      if (!disk.is_mounted()) {
        BOOST_TEST_MESSAGE("SKIPPED: no file system can be mounted here");
        return;
      }
      const ProcessResult full = workspace.run(200, {"--workers", "2"});
      BOOST_TEST(full.exit_code == 1, full.errors);
      BOOST_TEST(full.output == "");
      BOOST_TEST(std::ranges::count(full.errors, '\n') == 1, full.errors);
      BOOST_TEST(holds_all(full.errors, {"moola sweep: ", workspace.study().string(), "No space left on device"}));
      const auto kept = results_of(workspace);
      if (kept.size() > 2) {
        with_some = true;
        BOOST_TEST(
            holds_all(full.errors, {"Trials that are over are kept, ", "make room", "the same command goes on"}));
      }
      const std::size_t begun = workspace.noted("begun").size();
      disk.grow("16m");
      const ProcessResult next = workspace.run(60, {"--workers", "2"});
      BOOST_TEST(next.exit_code == 0, next.errors);
      BOOST_TEST(workspace.journal().trials.size() == 60U);
      BOOST_TEST(workspace.count(TrialState::complete) == 60U);
      const auto all = results_of(workspace);
      BOOST_TEST(all.size() == 60U);
      for (const auto& [number, result] : kept) BOOST_TEST(all.at(number) == result);
      const std::vector<std::uint64_t> noted = workspace.noted("begun");
      for (std::size_t i = begun; i < noted.size(); ++i) BOOST_TEST(!kept.contains(noted[i]));
    }
  }
  BOOST_TEST(with_some);
}

BOOST_AUTO_TEST_CASE(a_process_that_has_left_its_group_keeps_no_trial_waiting) {
  SweepWorkspace workspace;
  // It holds the trial's standard output open, and goes on writing there.
  workspace.write_objective(
      "setsid sh -c 'echo $$ > daemon.$MOOLA_TRIAL; while sleep 0.1; do echo still here || exit; done' &\n"
      "while ! [ -s daemon.$MOOLA_TRIAL ]; do sleep 0.01; done\necho \"{\\\"value\\\": $1}\"");
  const auto began = std::chrono::steady_clock::now();
  const ProcessResult result = workspace.run(3, {"--workers", "1"});
  BOOST_TEST(result.exit_code == 0, result.errors);
  BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::seconds(60)));
  BOOST_TEST(workspace.count(TrialState::complete) == 3U);
}

BOOST_AUTO_TEST_CASE(a_program_that_answers_nothing_and_ends_never_is_ended_by_its_time_limit_alone) {
  SweepWorkspace workspace;
  workspace.tables = "[trial]\ntime_limit = \"5s\"\npatience = 0.2\nretries = 0\n";
  workspace.keys = "pruner = \"median\"";
  workspace.write_objective(
      "trap '' TERM\n[ $MOOLA_TRIAL = 1 ] && while :; do sleep 0.05; done\necho \"{\\\"value\\\": $1}\"");
  const ProcessResult result = workspace.run(4, {"--workers", "2"});
  BOOST_TEST(result.exit_code == 0, result.errors);
  BOOST_TEST(workspace.count(TrialState::complete) == 3U);
  const sweep::Study found = workspace.journal();
  BOOST_TEST((found.trials.at(1).state == TrialState::failed));
  BOOST_TEST(holds(found.trials[1].user.at(0).json, "longer than trial.time_limit"));
}

BOOST_AUTO_TEST_SUITE_END()
