#include "cluster/launch/launch_ranks.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstring>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "base/shell_words.h"
#include "base/terminal.h"
#include "cluster/launch/child_process.h"
#include "cluster/launch/rank_watch.h"
#include "cluster/launch/signal_queue.h"

namespace moola::launch {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A stop that comes before the ranks are up waits for them so long; then they are ended: they have done nothing yet.
constexpr auto kStartLimit = seconds(8);
// The ranks' launcher gets so long to end them in an orderly way.
constexpr auto kEndLimit = seconds(4);
// mpirun and srun lose a signal that comes at a bad moment.
constexpr auto kSendAgain = milliseconds(500);
// All ranks have said goodbye, but their launcher stays.
constexpr auto kLingerLimit = seconds(20);

void clear_heartbeats(const std::filesystem::path& folder) {
  create_folders(folder);
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name == "first-error" || (name.starts_with("rank-") && name.ends_with(".json")))
      std::filesystem::remove(entry.path());
  }
}

/// One job from its start to its end.
class Job {
 public:
  explicit Job(const LaunchPlan& plan)
      : plan_(plan), launcher_(choose_launcher(plan)), command_(launch_command(plan, launcher_)) {}

  int run() {
    clear_heartbeats(plan_.heartbeats);
    const SignalQueue signals;
    RankWatch watch(plan_.heartbeats, plan_.ranks);
    ChildProcess child(command_);
    auto next_look = Clock::now();
    std::optional<Clock::time_point> all_ended_at;
    while (!child.ended()) {
      const bool hurry = !watch.all_up() || stop_at_ || end_at_;
      const int number = signals.wait(milliseconds(hurry ? 50 : 200));
      if (number != 0 && number != SIGCHLD) note_signal(number, watch, child);
      note_dead(watch);
      if (Clock::now() < next_look) continue;
      next_look = Clock::now() + milliseconds(hurry ? 50 : 500);
      watch.look();
      pass_stop_on(watch, child);
      end_what_hangs(watch, child);
      if (watch.all_ended() && !all_ended_at) all_ended_at = Clock::now();
      if (all_ended_at && Clock::now() - *all_ended_at > kLingerLimit) end(child);
      if (end_at_ && Clock::now() > *end_at_) kill(watch, child);
    }
    return outcome(watch, *child.ended());
  }

 private:
  const LaunchPlan& plan_;
  Launcher launcher_;
  LaunchCommand command_;
  std::optional<Clock::time_point> stop_at_, sent_at_, end_at_;
  int interrupts_ = 0;
  bool given_up_ = false, stopped_in_start_ = false;
  std::optional<std::string> culprit_;
  bool died_first_ = false;  // the culprit was gone before any rank had reported an error

  void say(const std::string& text) const {
    // Rank 0 may have left a progress bar on the line.
    write_to_terminal((is_terminal() ? "\r\033[K" : "") + paint(Colour::red, "moola " + plan_.name + ": ") + text +
                      "\n");
  }

  void note_dead(RankWatch& watch) {
    if (culprit_) return;
    const auto dead = watch.first_dead();
    if (!dead) return;
    culprit_ = watch.name(*dead);  // as it was; the others' words may change it no more
    // A rank that fails says so before it has the others ended.
    watch.look();
    died_first_ = !watch.first_failed();
  }

  void end(ChildProcess& child) {
    if (end_at_) return;
    child.send(SIGTERM);
    child.send(SIGCONT);
    end_at_ = Clock::now() + kEndLimit;
  }

  // srun ends the ranks of other hosts, so it goes last: two interrupts within a second tell it to.
  void kill(const RankWatch& watch, const ChildProcess& child) const {
    watch.kill_here();
    const bool last = Clock::now() > *end_at_ + kEndLimit;
    child.send(launcher_ == Launcher::srun && !last ? SIGINT : SIGKILL);
  }

  void note_signal(int number, RankWatch& watch, ChildProcess& child) {
    if (number == SIGINT && ++interrupts_ > 1) {
      if (!given_up_) say("interrupted twice: the ranks are killed; the last checkpoint stays");
      given_up_ = true;
      end(child);
      watch.look();
      watch.kill_here();
      return;
    }
    if (!stop_at_) {
      log_info("{}: the ranks finish their step, write a checkpoint and leave{}", ::strsignal(number),
               number == SIGINT ? " (Ctrl-C again ends them at once)" : "");
    }
    if (!stop_at_) stop_at_ = Clock::now();
  }

  void pass_stop_on(const RankWatch& watch, ChildProcess& child) {
    if (!stop_at_ || end_at_) return;
    if (!watch.all_up()) {
      // Before a rank has its handlers a signal would kill it, and mpirun drops one that comes before its ranks.
      if (Clock::now() - *stop_at_ > kStartLimit) {
        stopped_in_start_ = true;
        end(child);
      }
      return;
    }
    if (watch.all_stopping() || (sent_at_ && Clock::now() - *sent_at_ < kSendAgain)) return;
    child.send(SIGUSR2);
    sent_at_ = Clock::now();
  }

  void end_what_hangs(const RankWatch& watch, ChildProcess& child) {
    const auto limit = std::chrono::nanoseconds(plan_.hang_after.nanoseconds);
    if (limit.count() <= 0 || end_at_ || watch.all_ended() || watch.still_for() < limit) return;
    say(
        fmt::format("no rank has got on for {}: {}. The job hangs and is ended; the last checkpoint stays, and the "
                    "same command goes on from it.",
                    readable_seconds(std::chrono::duration<double>(watch.still_for()).count()), watch.describe()));
    given_up_ = true;
    end(child);
  }

  // The ranks' own words come first: srun reports a code of its own for a job it ended, mpirun that of the first rank.
  int outcome(RankWatch& watch, int status) {
    watch.look();
    const auto limit = Clock::now() + kEndLimit;
    while (watch.alive_here() > 0) {
      if (Clock::now() > limit) watch.kill_here();
      if (Clock::now() > limit + kEndLimit) {
        say(fmt::format("the system does not end processes {}: they wait for a device or a file system",
                        watch.alive_processes()));
        break;
      }
      ::usleep(10'000);
    }
    note_dead(watch);
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    constexpr int kFailed = static_cast<int>(ExitCode::failed);
    if (given_up_) return kFailed;
    if (stopped_in_start_) return static_cast<int>(ExitCode::run_again);
    if (const auto failed = watch.first_failed()) {
      // The others notice that a rank is gone, and their own words then name the wrong one.
      if (culprit_ && died_first_)
        say(fmt::format("{}, had ended without a word before: killed perhaps, for a lack of memory (dmesg says so).",
                        *culprit_));
      return failed->exit_code != 0 ? failed->exit_code : kFailed;
    }
    if (const auto finished = watch.finished_code()) return *finished;
    if (!culprit_) {
      if (const auto silent = watch.first_silent()) culprit_ = watch.name(*silent);
    }
    if (culprit_) {
      const std::string cause = code > 128 && code < 128 + 65
                                    ? fmt::format("was killed by signal {} ({})", code - 128, ::strsignal(code - 128))
                                    : fmt::format("ended without a word (exit code {})", code);
      say(fmt::format(
          "{}, {}{}. The other ranks were ended; the last checkpoint stays, and the same command goes on from it.",
          *culprit_, cause,
          code == 128 + SIGKILL ? ": often the system's answer to a lack of memory (dmesg says so)" : ""));
      return kFailed;
    }
    if (code == 0) return 0;  // a program without heartbeats
    if (launcher_ != Launcher::direct || code > 128) {
      say(fmt::format("{} ended with {} before any rank was up. To see its own words: {}", command_.arguments.front(),
                      code, quoted_without_quiet()));
    }
    return code > 128 ? kFailed : code;
  }

  std::string quoted_without_quiet() const {
    std::vector<std::string> words = command_.arguments;
    std::erase(words, launcher_ == Launcher::srun ? "--quiet" : "-q");
    return shell_words(words);
  }
};

}  // namespace

int launch_ranks(const LaunchPlan& plan) {
  if (::access(plan.program.c_str(), X_OK) != 0) {
    throw ConfigError(fmt::format("there is no program {} to start ranks of", plan.program.string()));
  }
  return Job(plan).run();
}

}  // namespace moola::launch
