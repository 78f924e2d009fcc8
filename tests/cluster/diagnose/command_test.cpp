#include <boost/test/unit_test.hpp>

#include "base/atomic_file.h"
#include "base/json.h"
#include "base/subprocess.h"
#include "log_samples.h"
#include "tests/jobs/program.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::test;

namespace {

ProcessResult ask(const std::string& log, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"--log", log});
  return run_program("moola-diagnose", more);
}

std::string sample(const std::string& name) {
  return (log_samples() / (name + ".log")).string();
}

// What a shell says when it runs `script`, and what is diagnosed of it.
struct RealFailure {
  TemporaryFolder folder;
  ProcessResult ended;
  Json answer;

  explicit RealFailure(const std::string& script) : ended(run_process({"bash", "-c", script})) {
    write_file(folder / "log", ended.output + ended.errors);
    const ProcessResult asked =
        ask((folder / "log").string(), {"--json", "--exit-code", std::to_string(ended.exit_code)});
    BOOST_REQUIRE_MESSAGE(asked.exit_code == 0, asked.errors);
    answer = Json::parse(asked.output);
  }
  std::string cause() const {
    return answer["diagnoses"].empty() ? "" : answer["diagnoses"][0]["cause"].get<std::string>();
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(diagnose_command)

BOOST_AUTO_TEST_CASE(it_tells_the_line_its_meaning_and_what_to_do) {
  const ProcessResult told = ask(sample("gpu-out-of-memory.first-of-two"), {"--exit-code", "1", "--step", "fit"});
  BOOST_TEST(told.exit_code == 0);
  BOOST_TEST(holds_all(told.output, {"gpu-out-of-memory\n  line 1: [rank1]: torch.OutOfMemoryError",
                                     "To do: ", "lost-peer, a consequence\n  line 2: ", "mpi-abort, a consequence"}));
  BOOST_TEST(told.errors.empty());
}

BOOST_AUTO_TEST_CASE(json_is_one_object_that_holds_the_same) {
  const ProcessResult told = ask(sample("time-limit"), {"--exit-code", "143", "--json"});
  const Json json = Json::parse(told.output);
  BOOST_TEST(json["exit_code"] == 143);
  BOOST_TEST(json["diagnoses"][0]["cause"] == "time-limit");
  BOOST_TEST(json["diagnoses"][0]["line_number"] == 1);
  BOOST_TEST(json["diagnoses"][0]["certainty"] == "certain");
  BOOST_TEST(json["telling_line"] == json["diagnoses"][0]["line"]);
}

BOOST_AUTO_TEST_CASE(a_success_and_an_unknown_log_are_told_as_such) {
  BOOST_TEST(ask(sample("success.pretrain"), {"--exit-code", "0"}).output == "Exit status 0: it succeeded.\n");
  BOOST_TEST(holds_all(ask(sample("success.pretrain")).output, {"Nothing in this log", "--exit-code"}));
  BOOST_TEST(holds(ask(sample("success.pretrain"), {"--slurm-state", "TIMEOUT"}).output, "time-limit"));
}

BOOST_AUTO_TEST_CASE(what_is_no_log_is_refused_in_one_paragraph) {
  const TemporaryFolder folder;
  for (const auto& [file, words] :
       {std::pair<std::string, std::string>((folder / "none").string(), "cannot read the log"),
        {folder.path().string(), "is a folder"}}) {
    const ProcessResult told = ask(file);
    BOOST_TEST(told.exit_code == 2);
    BOOST_TEST(holds(told.errors, words));
    BOOST_TEST(told.output.empty());
  }
  BOOST_TEST(run_program("moola-diagnose", {}).exit_code == 2);
  BOOST_TEST(ask(sample("time-limit"), {"--exit-code", "256"}).exit_code == 2);
}

BOOST_AUTO_TEST_CASE(a_pipe_is_read_to_its_end) {
  const std::string told = run_process({"bash", "-c",
                                        "seq 200000 | cat - '" + sample("quota") + "' | '" + program("moola-diagnose") +
                                            "' --log /dev/stdin --exit-code 1 --json"})
                               .output;
  // The pipe can be read once only, and its last words were read with it.
  BOOST_TEST(Json::parse(told)["diagnoses"][0]["line_number"] == 200005);
}

BOOST_AUTO_TEST_CASE(failures_made_here_and_now_are_recognised) {
  BOOST_TEST(RealFailure("/no/such/program").cause() == "missing-file");
  BOOST_TEST(RealFailure("no-such-command-of-ours").cause() == "missing-program");
  BOOST_TEST(RealFailure("cat /no/such/file").cause() == "missing-file");
  BOOST_TEST(RealFailure("/etc/passwd").cause() == "permission");
  BOOST_TEST(RealFailure("bash -c 'kill -SEGV $$'; exit $?").cause() == "segmentation-fault");
  BOOST_TEST(RealFailure("bash -c 'kill -KILL $$'").cause() == "killed");
  BOOST_TEST(RealFailure("echo words > /dev/full").cause() == "full-disk");
  BOOST_TEST(RealFailure("bash -c 'module load cuda'").cause() == "missing-module");
}

BOOST_AUTO_TEST_CASE(failures_of_python_made_here_and_now_are_recognised) {
  if (!find_program("python3")) {
    BOOST_TEST_MESSAGE("SKIPPED, no python3");
    return;
  }
  BOOST_TEST(RealFailure("python3 -c 'import no_such_package'").cause() == "python-package");
  BOOST_TEST(RealFailure("python3 -c 'raise ValueError(1)'").cause() == "python-error");
  BOOST_TEST(RealFailure("python3 /no/such/file.py").cause() == "missing-file");
  BOOST_TEST(RealFailure("ulimit -v 600000; python3 -c 'bytearray(10**12)'").cause() == "python-out-of-memory");
}

BOOST_AUTO_TEST_CASE(failures_of_mpirun_made_here_and_now_are_recognised) {
  if (!find_program("mpirun")) {
    BOOST_TEST_MESSAGE("SKIPPED, no mpirun");
    return;
  }
  const std::string mpirun = "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun ";
  BOOST_TEST(RealFailure(mpirun + "-n 100000 hostname").cause() == "mpi-slots");
  BOOST_TEST(RealFailure(mpirun + "-n 1 /no/such/program").cause() == "missing-program");
}

BOOST_AUTO_TEST_SUITE_END()
