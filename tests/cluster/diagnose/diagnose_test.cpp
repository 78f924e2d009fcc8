#include "cluster/diagnose/diagnose.h"

#include <boost/test/unit_test.hpp>
#include <set>

#include "base/atomic_file.h"
#include "cluster/diagnose/log_evidence.h"
#include "log_samples.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::cluster;
using namespace moola::test;
namespace fs = std::filesystem;

namespace {

std::string sample(const std::string& name) {
  return read_file(log_samples() / (name + ".log"));
}

std::string_view name_of(const Diagnosis& diagnosis) {
  return words_of(diagnosis.cause).name;
}

std::string first_of(std::string_view log, std::optional<int> exit_code, const DiagnoseContext& context = {}) {
  const auto found = diagnose(log, exit_code, context);
  return found.empty() ? "" : std::string(name_of(found.front()));
}

std::string lines(int count, const std::string& text) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text + "\n";
  return out;
}

constexpr const char* kGpuFull = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n";
constexpr const char* kTimeLimit =
    "slurmstepd: error: *** JOB 5 ON n1 CANCELLED AT 2026-02-03T04:05:06 DUE TO TIME LIMIT ***\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(diagnosis)

BOOST_AUTO_TEST_CASE(each_tools_failure_is_recognised_by_its_own_words_and_line) {
  for (const LogSample& each : failed_logs()) {
    BOOST_TEST_CONTEXT(each.name) {
      const auto found = diagnose(sample(each.name), each.exit_code);
      BOOST_REQUIRE(!found.empty());
      BOOST_TEST(name_of(found.front()) == each.cause());
      BOOST_TEST(found.front().line_number == each.line);
      BOOST_TEST((found.front().role == Diagnosis::Role::cause));
      // The line of that number, as it stands in the log.
      std::istringstream log(sample(each.name));
      std::string line;
      for (std::size_t i = 0; i < each.line; ++i) std::getline(log, line);
      while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
      line.erase(0, line.find_first_not_of(' '));
      BOOST_TEST(found.front().line == line);
      for (std::size_t i = 1; i < found.size(); ++i) BOOST_TEST((found[i].role != Diagnosis::Role::cause));
    }
  }
}

BOOST_AUTO_TEST_CASE(no_sample_is_left_untested) {
  std::set<std::string> listed(logs_of_successes().begin(), logs_of_successes().end());
  for (const LogSample& each : failed_logs()) listed.insert(each.name);
  for (const auto& entry : fs::directory_iterator(log_samples())) {
    const std::string name = entry.path().filename().string();
    BOOST_TEST(listed.erase(name.substr(0, name.rfind('.'))) == 1U, name);
  }
  BOOST_TEST(listed.empty());
}

BOOST_AUTO_TEST_CASE(a_success_has_no_diagnosis_whatever_its_log_says) {
  for (const std::string& name : logs_of_successes()) {
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST(diagnose(sample(name), 0).empty());
      BOOST_TEST(diagnose(sample(name), std::nullopt).empty());
    }
  }
  for (const LogSample& each : failed_logs()) BOOST_TEST(diagnose(sample(each.name), 0).empty());
}

BOOST_AUTO_TEST_CASE(a_failure_whose_log_says_nothing_known_is_told_as_such) {
  for (const char* name : {"success.pretrain", "success.config-words", "success.nccl-info"}) {
    BOOST_TEST(first_of(sample(name), 1) == "program-failed", name);
    BOOST_TEST((diagnose(sample(name), 1).front().certainty == Diagnosis::Certainty::likely));
  }
  BOOST_TEST(first_of("", 1) == "program-failed");
}

BOOST_AUTO_TEST_CASE(without_an_exit_code_only_sure_words_count_and_none_is_certain) {
  BOOST_TEST(first_of(kGpuFull, std::nullopt) == "gpu-out-of-memory");
  BOOST_TEST((diagnose(kGpuFull, std::nullopt).front().certainty == Diagnosis::Certainty::likely));
  BOOST_TEST((diagnose(kGpuFull, 1).front().certainty == Diagnosis::Certainty::certain));
  BOOST_TEST(first_of(kGpuFull + lines(400, "step"), std::nullopt) == "");  // the program has caught it
  BOOST_TEST(first_of("cat: a: No such file or directory\n", std::nullopt) == "missing-file");
  BOOST_TEST(first_of("cat: a: No such file or directory\n" + lines(5, "step"), std::nullopt) == "");
}

BOOST_AUTO_TEST_CASE(of_several_causes_the_first_in_time_wins) {
  const std::string disk = "moola pretrain: cannot write /a: No space left on device\n";
  BOOST_TEST(first_of(kGpuFull + disk, 1) == "gpu-out-of-memory");
  BOOST_TEST(first_of(disk + kGpuFull, 1) == "full-disk");
}

BOOST_AUTO_TEST_CASE(an_error_that_the_program_got_over_gives_way_to_the_one_that_ended_it) {
  const std::string log = kGpuFull + lines(400, "step") + kTimeLimit;
  const auto found = diagnose(log, 143);
  BOOST_TEST(name_of(found.front()) == "time-limit");
  BOOST_TEST(found.front().line_number == 402U);
  BOOST_REQUIRE(found.size() == 3U);
  BOOST_TEST(name_of(found[1]) == "terminated");
  BOOST_TEST(name_of(found[2]) == "gpu-out-of-memory");
  BOOST_TEST((found[2].role == Diagnosis::Role::before));
  // The same error again is told where it ended the program.
  BOOST_TEST(diagnose(kGpuFull + lines(400, "step") + kGpuFull, 1).front().line_number == 402U);
}

BOOST_AUTO_TEST_CASE(what_only_says_that_another_rank_failed_comes_last_wherever_it_stands) {
  const std::string abort = "MPI_ABORT was invoked on rank 3 in communicator MPI_COMM_WORLD\n";
  for (const std::string& log : {abort + kGpuFull, kGpuFull + abort}) {
    const auto found = diagnose(log, 1);
    BOOST_TEST(name_of(found.at(0)) == "gpu-out-of-memory");
    BOOST_TEST(name_of(found.at(1)) == "mpi-abort");
    BOOST_TEST((found[1].role == Diagnosis::Role::consequence));
    BOOST_TEST(holds(found[1].means, "Rank 3 "));
  }
}

BOOST_AUTO_TEST_CASE(only_the_last_attempt_of_a_log_that_holds_several_counts) {
  const std::string log = kTimeLimit + attempt_line("fit", 2) + "\n" + kGpuFull;
  const auto found = diagnose(log, 1);
  BOOST_TEST(found.size() == 1U);
  BOOST_TEST(name_of(found.front()) == "gpu-out-of-memory");
  BOOST_TEST(found.front().line_number == 3U);
  BOOST_TEST(first_of(log + attempt_line("fit", 3) + "\n", 1) == "program-failed");
}

BOOST_AUTO_TEST_CASE(exit_codes_tell_what_the_log_does_not) {
  BOOST_TEST(first_of("step 1\n", 137) == "killed");
  BOOST_TEST(first_of("step 1\n", 139) == "segmentation-fault");
  BOOST_TEST(first_of("step 1\n", 135) == "bus-error");
  BOOST_TEST(first_of("step 1\n", 132) == "illegal-instruction");
  BOOST_TEST(first_of("step 1\n", 134) == "aborted");
  BOOST_TEST(first_of("step 1\n", 143) == "terminated");
  BOOST_TEST(first_of("step 1\n", 85) == "run-again");
  BOOST_TEST(first_of(kTimeLimit, 85) == "run-again");
  BOOST_TEST(first_of("step 1\n", 85, {.is_moola_job = false}) == "program-failed");
  BOOST_TEST(first_of("step 1\n", 3, {.is_moola_job = true}) == "gate-not-met");
  BOOST_TEST(first_of("step 1\n", 3) == "program-failed");
  BOOST_TEST(first_of("moola cv: rows.csv:3: no number\n", 2) == "refused");
  BOOST_TEST(first_of("moola cv: the network is gone\n", 1) == "failed");
  BOOST_TEST((diagnose("step 1\n", 137).front().certainty == Diagnosis::Certainty::likely));
}

BOOST_AUTO_TEST_CASE(what_slurm_knows_counts_even_without_a_log) {
  BOOST_TEST(first_of("", std::nullopt, {.slurm_state = "TIMEOUT"}) == "time-limit");
  BOOST_TEST(first_of("", std::nullopt, {.slurm_state = "OUT_OF_MEMORY"}) == "host-out-of-memory");
  BOOST_TEST(first_of("", std::nullopt, {.slurm_state = "OUT_OF_ME+"}) == "host-out-of-memory");
  BOOST_TEST(first_of("", std::nullopt, {.slurm_state = "NODE_FAIL"}) == "node-failure");
  BOOST_TEST(first_of("", std::nullopt, {.slurm_state = "PREEMPTED"}) == "preempted");
  BOOST_TEST(first_of("", 1, {.slurm_state = "CANCELLED by 1000"}) == "cancelled");
  BOOST_TEST(first_of("", 1, {.slurm_state = "FAILED", .slurm_exit_code = "0:53"}) == "no-log-folder");
  BOOST_TEST(first_of("", std::nullopt, {.slurm_state = "COMPLETED"}) == "");
  // A kill that Slurm knows the reason of.
  const auto found = diagnose("srun: error: n1: task 0: Killed\n", 137, {.slurm_state = "OUT_OF_MEMORY"});
  BOOST_TEST(name_of(found.front()) == "host-out-of-memory");
  BOOST_TEST((found.front().certainty == Diagnosis::Certainty::certain));
  BOOST_TEST((found.at(1).role == Diagnosis::Role::consequence));
}

BOOST_AUTO_TEST_CASE(advice_names_the_keys_of_the_job_file_and_what_they_are) {
  const auto found = diagnose(sample("host-out-of-memory.cgroup"), 137, {.step = "fit", .memory = "4G"});
  BOOST_TEST(holds(found.front().advice, "step.fit.memory (now 4G)"));
  BOOST_TEST(holds(diagnose(kTimeLimit, 143, {.step = "fit", .time = "2h"}).front().advice, "step.fit.time (now 2h)"));
  BOOST_TEST(holds(diagnose(sample("missing-library.loader"), 127).front().means, "libgone.so.7"));
  BOOST_TEST(holds(diagnose(sample("old-glibc"), 1).front().means, "2.99"));
}

BOOST_AUTO_TEST_CASE(every_cause_has_its_name_its_sentences_and_its_line_in_the_documentation) {
  std::set<std::string_view> names;
  const std::string page = read_file(fs::path(MOOLA_SOURCE_DIR) / "docs/diagnose.md");
  for (std::size_t i = 0; i < all_causes().size(); ++i) {
    const CauseWords& words = all_causes()[i];
    BOOST_TEST_CONTEXT(words.name) {
      BOOST_TEST(static_cast<std::size_t>(words.cause) == i);
      BOOST_TEST(names.insert(words.name).second);
      BOOST_TEST(holds(page, "`" + std::string(words.name) + "`"));
      BOOST_TEST(words.means.ends_with('.'));
      BOOST_TEST(words.advice.ends_with('.'));
      if (!words.page.empty()) BOOST_TEST(fs::exists(fs::path(MOOLA_SOURCE_DIR) / words.page));
    }
  }
}

BOOST_AUTO_TEST_CASE(no_brace_is_left_in_what_is_said) {
  for (const LogSample& each : failed_logs()) {
    for (const Diagnosis& one : diagnose(sample(each.name), each.exit_code)) {
      BOOST_TEST(one.means.find('{') == std::string::npos, each.name << ": " << one.means);
      BOOST_TEST(one.advice.find('{') == std::string::npos, each.name << ": " << one.advice);
    }
  }
  for (const char* state : {"TIMEOUT", "OUT_OF_MEMORY", "NODE_FAIL", "PREEMPTED", "CANCELLED"})
    BOOST_TEST(diagnose("", 1, {.slurm_state = state}).front().means.find('{') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_telling_line_is_that_of_the_cause_else_the_last_words) {
  BOOST_TEST(last_telling_line(sample("killed.launcher")).starts_with("moola pretrain: rank 1 (n1, process "));
  BOOST_TEST(
      last_telling_line(sample("gpu-out-of-memory.first-of-two")).starts_with("[rank1]: torch.OutOfMemoryError"));
  BOOST_TEST(last_telling_line(sample("refused.moola")) ==
             "moola pretrain: configs/a.toml:12: train.batch = 0 must be 1 or more.");
  BOOST_TEST(last_telling_line("the solver gave up\n------\nsrun: error: n1: task 0: Exited with exit code 4\n") ==
             "the solver gave up");
  BOOST_TEST(last_telling_line("solver: no solution\n\n   \n") == "solver: no solution");
  BOOST_TEST(last_telling_line("") == "");
  BOOST_TEST(last_telling_line(std::string("\0\xff\x1b[31m\n", 7)) == "?");
}

BOOST_AUTO_TEST_CASE(a_file_is_diagnosed_as_its_text_is) {
  const TemporaryFolder folder;
  for (const LogSample& each : failed_logs()) {
    const auto file = diagnose_file(log_samples() / (each.name + ".log"), each.exit_code).diagnoses;
    const auto text = diagnose(sample(each.name), each.exit_code);
    BOOST_REQUIRE(file.size() == text.size());
    for (std::size_t i = 0; i < file.size(); ++i)
      BOOST_TEST(json_text(diagnosis_json(file[i])) == json_text(diagnosis_json(text[i])));
  }
  BOOST_TEST(holds(refusal_of([&] { diagnose_file(folder.path(), 1); }), "is a folder"));
  BOOST_TEST(holds(refusal_of([&] { diagnose_file(folder / "none.log", 1); }), "none.log"));
}

BOOST_AUTO_TEST_SUITE_END()
