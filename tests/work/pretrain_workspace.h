#pragma once
// moola pretrain as its users call it, on the repository's own sample of real bars.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "base/atomic_file.h"
#include "base/sha256.h"
#include "record/run_list.h"
#include "tests/jobs/program.h"
#include "tests/support/temporary_folder.h"

namespace moola::test {

namespace fs = std::filesystem;

// A few seconds of the smallest encoder: the numbers are not the point.
constexpr const char* kConfig = R"(
[data]
bars = ["TX/v1"]
[windows]
stride = 3
holdout = 0.2
holdout_windows = 24
[model]
hidden = 8
[train]
epochs = 1
max_steps = 10
batch = 32
evaluate_every = 4
log_every = 3
[parallel]
microbatch = 5
device = "cpu"
[output]
name = "tiny"
checkpoint_steps = 6
)";

struct Workspace {
  TemporaryFolder folder;
  fs::path path = folder.path(), config = path / "tiny.toml";

  Workspace() {
    const ProcessResult imported = run_program(
        "moola-data",
        {"import", "bars", std::string(MOOLA_SOURCE_DIR) + "/samples/taifex_tx_1m_20241105_20250204.csv.xz", "--symbol",
         "TX", "--timezone", "Asia/Taipei", "--product", "TX", "--roll", "volume", "--workspace", path.string()});
    BOOST_REQUIRE_MESSAGE(imported.exit_code == 0, imported.errors);
    write_file(config, kConfig);
  }

  std::vector<std::string> call(std::vector<std::string> more) const {
    std::vector<std::string> arguments{config.string(), "--workspace", path.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  ProcessResult pretrain(std::vector<std::string> more) const {
    return run_program("moola-pretrain", call(std::move(more)));
  }

  std::vector<fs::path> runs() const {
    std::vector<fs::path> found;
    for (const auto& run : record::list_runs(path).runs) found.push_back(run.path);
    return found;
  }
};

// What must not depend on ranks, interruptions or time.
inline std::string fingerprint(const fs::path& run, const std::string& last = "step-00000010") {
  return sha256_of_file(run / "encoder.safetensors") + sha256_of_file(run / "metrics.jsonl") +
         sha256_of_file(run / "checkpoints" / (last + ".safetensors"));
}

// The exit code of a pretraining that gets `signal` after `delay`.
inline int pretrain_and_signal(const Workspace& workspace, int signal, std::chrono::milliseconds delay, int steps) {
  std::vector<std::string> words = workspace.call({"--set", "train.max_steps=" + std::to_string(steps), "--set",
                                                   "train.epochs=1000", "--set", "train.patience=0", "--quiet"});
  words.insert(words.begin(), program("moola-pretrain"));
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::freopen("/dev/null", "w", stdout) == nullptr) ::_exit(126);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  std::this_thread::sleep_for(delay);
  ::kill(child, signal);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace moola::test
