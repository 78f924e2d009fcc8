#include "work/sweep/trials/trial_runner.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/json.h"
#include "base/launched_ranks.h"
#include "base/process_group.h"
#include "work/sweep/trials/trial_output.h"

namespace moola::work {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kReportsLook{100};
// Between looks at what an ended program has left behind, and until it is left to itself: then it waits for a device or
// a file system, and nobody can end it.
constexpr std::chrono::milliseconds kLeavingLook{2};
constexpr std::chrono::seconds kLeaving{10};

constexpr std::size_t kErrorsKept = 4096, kWordsKept = 300;

// With U+FFFD for what is no UTF-8: a program may say anything, and a journal is JSON.
std::string valid_text(std::string_view text) {
  return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

// The last line that says anything, its end left out where it is long.
std::string last_line(std::string_view text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  if (end == std::string_view::npos) return {};
  text = text.substr(0, end + 1);
  text.remove_prefix(text.find_last_of("\r\n") + 1);  // npos + 1 is 0
  return text.size() <= kWordsKept ? valid_text(text) : valid_text(text.substr(0, kWordsKept)) + "…";
}

Pipe open_stream() {
  Pipe out = open_pipe();
  ::fcntl(out.read_end.get(), F_SETFL, O_NONBLOCK);  // our end alone: the program's own writes must wait for us
  return out;
}

// The program's file descriptor, readable when it is over; none on systems before Linux 5.3.
Descriptor descriptor_of(pid_t pid) {
  return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

}  // namespace

struct TrialRunner::Running {
  TrialTask task;
  Descriptor log, output, errors, process, reports;
  std::uint64_t log_bytes = 0;
  bool log_is_full = false;
  TrialOutput said, reported{1};
  std::string last_errors;  // the end of standard error
  std::unique_ptr<ProcessGroup> program;
  Clock::time_point began = Clock::now();
  std::optional<Clock::time_point> kill_at = {};
  bool timed_out = false, asked_to_end = false;
  std::optional<Clock::time_point> leaves_until = {};  // the program is over, and what it has started is on its way out

  explicit Running(const TrialTask& what) : task(what), said(what.objectives, what.metrics) {}

  void note(std::string_view text, std::uint64_t most) {
    if (log_is_full) return;
    if (log_bytes + text.size() > most) {
      text = "\nmoola: this trial has said more than is kept; the rest was left out.\n";
      log_is_full = true;
    }
    log_bytes += text.size();
    while (!text.empty()) {
      const ssize_t written = ::write(log.get(), text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) {
        // A full disk costs the log, not the trial.
        log_is_full = true;
        return;
      }
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  void ask_to_end(std::chrono::milliseconds patience) {
    const Clock::time_point until = Clock::now() + patience;
    if (!kill_at) program->send(SIGTERM);
    kill_at = kill_at ? std::min(*kill_at, until) : until;
  }
};

TrialRunner::TrialRunner(const TrialRunnerOptions& options) : options_(options) {}

TrialRunner::~TrialRunner() {
  for (const auto& [number, trial] : trials_) trial->program->send(SIGTERM);
  for (const auto& [number, trial] : trials_) trial->program->end(std::chrono::milliseconds(100));
}

void TrialRunner::start(const TrialTask& task) {
  auto trial = std::make_unique<Running>(task);
  trial->log = Descriptor(task.log, O_WRONLY | O_CREAT | O_APPEND);
  if (!trial->log.is_open()) throw IoError(fmt::format("cannot open {}", task.log.string()), errno);
  std::vector<std::string> without = rank_variables();
  without.insert(without.end(), task.without.begin(), task.without.end());
  Pipe output = open_stream(), errors = open_stream();
  try {
    trial->program =
        std::make_unique<ProcessGroup>(task.arguments, ProcessGroupOptions{.environment = task.environment,
                                                                           .without = without,
                                                                           .folder = task.folder,
                                                                           .output = output.write_end.get(),
                                                                           .errors = errors.write_end.get(),
                                                                           .announce_to = guard_.watch_socket()});
  } catch (const IoError& error) {
    at_once_.push_back({.number = task.number, .end = TrialEnd{.exit_code = 127, .not_started = error.what()}});
    return;
  }
  trial->output = std::move(output.read_end);
  trial->errors = std::move(errors.read_end);
  trial->process = descriptor_of(trial->program->id());
  trials_.emplace(task.number, std::move(trial));
}

void TrialRunner::end(std::uint64_t number, std::optional<std::chrono::milliseconds> patience) {
  const auto at = trials_.find(number);
  if (at == trials_.end()) return;
  at->second->asked_to_end = true;
  at->second->ask_to_end(patience.value_or(options_.patience));
}

void TrialRunner::end_all() {
  for (const auto& [number, trial] : trials_) end(number);
}

void TrialRunner::read(Running& trial, TrialEvent& event) {
  std::array<char, 65536> buffer;
  if (!trial.task.reports.empty() && !trial.reports.is_open())
    trial.reports = Descriptor(trial.task.reports, O_RDONLY);  // it may not be there yet
  while (trial.reports.is_open()) {
    const ssize_t got = ::read(trial.reports.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    const std::string_view text(buffer.data(), static_cast<std::size_t>(got));
    for (const sweep::Report& each : trial.reported.take(text)) event.reports.push_back(each);
  }
  for (Descriptor* stream : {&trial.output, &trial.errors}) {
    // So much at a time, that one that floods its output does not keep the others waiting.
    for (int pieces = 0; pieces < 16 && stream->is_open(); ++pieces) {
      const ssize_t got = ::read(stream->get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) break;  // nothing there now
      if (got == 0) {
        stream->close();
        break;
      }
      const std::string_view text(buffer.data(), static_cast<std::size_t>(got));
      trial.note(text, options_.log_bytes);
      if (stream != &trial.output) {
        trial.last_errors += text;
        if (trial.last_errors.size() > kErrorsKept) trial.last_errors.erase(0, trial.last_errors.size() - kErrorsKept);
        continue;
      }
      for (const sweep::Report& each : trial.said.take(text)) event.reports.push_back(each);
    }
  }
}

bool TrialRunner::is_over(Running& trial) {
  const Clock::time_point now = Clock::now();
  if (trial.program->ended()) {
    if (!trial.leaves_until) {
      trial.leaves_until = now + kLeaving;
      trial.program->send(SIGKILL);  // whom it has left behind
      trial.process.close();
    }
    return !trial.program->is_alive() || now >= *trial.leaves_until;
  }
  if (trial.task.time_limit && !trial.kill_at && now - trial.began > *trial.task.time_limit) {
    trial.timed_out = true;
    trial.ask_to_end(options_.patience);
  }
  if (trial.kill_at && now >= *trial.kill_at) trial.program->send(SIGKILL);
  return false;
}

std::vector<TrialEvent> TrialRunner::wait(std::chrono::milliseconds at_most) {
  std::vector<pollfd> watched;
  std::vector<std::size_t> watched_before;  // of each trial, in their order
  bool blind = false;
  auto until = Clock::now() + (at_once_.empty() ? at_most : std::chrono::milliseconds(0));
  for (const auto& [number, trial] : trials_) {
    watched_before.push_back(watched.size());
    for (const Descriptor* each : {&trial->output, &trial->errors, &trial->process}) {
      if (each->is_open()) watched.push_back({.fd = each->get(), .events = POLLIN, .revents = 0});
    }
    if (trial->leaves_until) {
      until = std::min(until, Clock::now() + kLeavingLook);
      continue;
    }
    blind = blind || !trial->process.is_open();
    if (trial->kill_at) until = std::min(until, *trial->kill_at);
    if (trial->task.time_limit && !trial->kill_at)
      until = std::min(until, trial->began + std::chrono::duration_cast<Clock::duration>(*trial->task.time_limit));
  }
  auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
  if (blind) left = std::min(left, std::chrono::milliseconds(20));
  ::poll(watched.data(), watched.size(), static_cast<int>(std::max<std::int64_t>(0, left.count())));

  watched_before.push_back(watched.size());
  const auto has_something = [&](std::size_t trial) {
    return std::any_of(watched.begin() + static_cast<std::ptrdiff_t>(watched_before[trial]),
                       watched.begin() + static_cast<std::ptrdiff_t>(watched_before[trial + 1]),
                       [](const pollfd& each) { return each.revents != 0; });
  };
  const Clock::time_point now = Clock::now();
  // Files of reports can't be waited for, and looking into all of them whenever one trial says something adds up.
  const bool looks_at_all = blind || now >= until || now >= next_look_;
  if (looks_at_all) next_look_ = now + kReportsLook;

  std::vector<TrialEvent> out = std::exchange(at_once_, {});
  std::size_t place = 0;
  for (auto at = trials_.begin(); at != trials_.end();) {
    if (const std::size_t trial = place++; !looks_at_all && !has_something(trial)) {
      ++at;
      continue;
    }
    Running& trial = *at->second;
    TrialEvent event{.number = at->first};
    const bool over = is_over(trial);
    if (over) guard_.forget(trial.program->id());
    read(trial, event);
    if (over) {
      for (const sweep::Report& each : trial.said.finish()) event.reports.push_back(each);
      TrialEnd end{.exit_code = trial.program->exit_code(),
                   .timed_out = trial.timed_out,
                   .asked_to_end = trial.asked_to_end,
                   .values = trial.said.values(),
                   .violation = trial.said.violation(),
                   .returns_file = trial.said.returns_file(),
                   .complaint = trial.said.complaint(),
                   .last_words = last_line(trial.last_errors),
                   .seconds = std::chrono::duration<double>(Clock::now() - trial.began).count()};
      for (const auto& [key, json] : trial.said.attributes()) end.attributes.push_back({key, json});
      event.end = std::move(end);
    }
    if (over || !event.reports.empty()) out.push_back(std::move(event));
    at = over ? trials_.erase(at) : std::next(at);
  }
  return out;
}

}  // namespace moola::work
