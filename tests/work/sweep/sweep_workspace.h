#pragma once
// moola sweep as a process, on objectives that are small shell scripts.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/atomic_file.h"
#include "base/json.h"
#include "sweep/journal/journal_reader.h"
#include "tests/jobs/program.h"
#include "tests/support/temporary_folder.h"

namespace moola::test {

/// A command that was started, in a process group of its own, and not waited for.
class StartedProcess {
 public:
  /// What it says on standard error is added to the file `errors`; none: it goes nowhere.
  explicit StartedProcess(std::vector<std::string> words, const std::filesystem::path& errors = {}) : errors_(errors) {
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ != 0) {
      ::setpgid(pid_, pid_);  // whoever of the two is first
      return;
    }
    ::setpgid(0, 0);
    const int nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(nowhere, STDOUT_FILENO);
    const int said = errors_.empty() ? nowhere : ::open(errors_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(said, STDERR_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ~StartedProcess() {
    if (over_) return;
    send(SIGKILL);
    wait();
  }
  StartedProcess(const StartedProcess&) = delete;
  StartedProcess& operator=(const StartedProcess&) = delete;

  void send(int signal) const { ::kill(pid_, signal); }
  /// To all that it has started and that is in its process group.
  void send_to_group(int signal) const { ::kill(-pid_, signal); }
  bool is_over() const { return over_; }
  std::string errors() const { return std::filesystem::exists(errors_) ? read_file(errors_) : std::string(); }
  /// The exit code, 128 + n of signal n.
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    over_ = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
  bool over_ = false;
  std::filesystem::path errors_;
};

/// A workspace with a study `made` of one parameter x. The objective is a script that notes when it begins and when it
/// is done, as lines of numbers in two files.
class SweepWorkspace {
 public:
  TemporaryFolder folder;
  std::string space = "x = { float = [-5.0, 5.0] }\n";
  std::string keys = {};  // of [sweep], further ones
  std::string tables = "[trial]\nretries = 50\n";
  std::string sampler = "random";
  mutable int beside = 0;  // processes that go on beside the test, each with a file of its own for its errors

  /// `body` is what the script does between its two notes; $1 is x, $MOOLA_TRIAL the number.
  void write_objective(const std::string& body) const {
    const std::filesystem::path file = folder / "objective.sh";
    write_file(file, fmt::format("#!/bin/sh\necho $MOOLA_TRIAL >> begun\n{}\n", body));
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  }
  std::filesystem::path config() const {
    const std::filesystem::path file = folder / "sweep.toml";
    write_file(file,
               fmt::format("[sweep]\nname = \"made\"\nsampler = \"{}\"\n{}\n{}\n{}\n[sweep.space]\n{}", sampler,
                           keys.find("command") == std::string::npos ? "command = [\"./objective.sh\", \"{x}\"]" : "",
                           keys, tables, space));
    return file;
  }
  std::vector<std::string> call(int trials, std::vector<std::string> further = {}) const {
    std::vector<std::string> out{config().string(),      "--trials", std::to_string(trials), "--workspace",
                                 folder.path().string(), "--quiet"};
    out.insert(out.end(), further.begin(), further.end());
    return out;
  }
  ProcessResult run(int trials, const std::vector<std::string>& further = {}) const {
    return run_program("moola-sweep", call(trials, further));
  }
  std::unique_ptr<StartedProcess> start(int trials, const std::vector<std::string>& further = {}) const {
    std::vector<std::string> words = call(trials, further);
    words.insert(words.begin(), program("moola-sweep"));
    return std::make_unique<StartedProcess>(words, folder.path() / fmt::format("errors-{}", ++beside));
  }

  std::filesystem::path study() const { return folder.path() / "artifacts" / "studies" / "made"; }
  std::filesystem::path journal_file() const { return study() / "journal.log"; }
  sweep::Study journal() const { return sweep::read_journal(journal_file()).at(0); }
  std::size_t count(sweep::TrialState state) const {
    return static_cast<std::size_t>(std::ranges::count(journal().trials, state, &sweep::Trial::state));
  }
  /// The numbers that the objective has noted, in their order.
  std::vector<std::uint64_t> noted(const std::string& file) const {
    std::vector<std::uint64_t> out;
    if (!std::filesystem::exists(folder / file)) return out;
    std::istringstream in(read_file(folder / file));
    for (std::uint64_t number = 0; in >> number;) out.push_back(number);
    return out;
  }
  /// Trials of which a result is kept.
  std::set<std::uint64_t> finished() const {
    std::set<std::uint64_t> out;
    std::error_code error;  // nothing has begun yet
    for (const auto& each : std::filesystem::directory_iterator(study() / "trials", error)) {
      if (std::filesystem::exists(each.path() / "result.json"))
        out.insert(std::stoull(each.path().filename().string()));
    }
    return out;
  }
};

}  // namespace moola::test
