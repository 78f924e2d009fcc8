#include "cluster/launch/rank_watch.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <map>
#include <optional>

#include "base/host_name.h"
#include "base/process_stat.h"

namespace moola::launch {
namespace {

// glibc 2.36 declares pidfd_open without C linkage. -1 on kernels before 5.3.
int open_process(std::int64_t pid) {
  return static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0));
}

// When the process began; 0 when there is none, or one that has ended and is not yet waited for.
std::uint64_t start_of(std::int64_t pid) {
  const std::optional<ProcessStat> stat = process_stat(static_cast<pid_t>(pid));
  return stat && !stat->has_ended() ? stat->start : 0;
}

// "0", "0 and 3", "0, 2 and 3"; long runs as "0 to 63".
std::string list(const std::vector<int>& ranks) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < ranks.size();) {
    std::size_t end = i + 1;
    while (end < ranks.size() && ranks[end] == ranks[end - 1] + 1) ++end;
    if (end - i >= 3) {
      parts.push_back(fmt::format("{} to {}", ranks[i], ranks[end - 1]));
    } else {
      for (std::size_t k = i; k < end; ++k) parts.push_back(std::to_string(ranks[k]));
    }
    i = end;
  }
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i)
    text += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  return (ranks.size() == 1 ? "rank " : "ranks ") + text;
}

std::string place(const HeartbeatRecord& record) {
  const std::string where = record.step >= 0 ? fmt::format(" in step {}", record.step) : std::string();
  const std::string phase =
      record.phase == "step" || record.phase.empty() ? std::string() : fmt::format(" ({})", record.phase);
  if (record.collective.empty()) return fmt::format("at work{}{}", where, phase);
  const std::string whom = record.peer >= 0 ? fmt::format("rank {}", record.peer) : "the others";
  return fmt::format("waiting for {} in '{}'{}{}", whom, record.collective, where, phase);
}

}  // namespace

RankWatch::RankWatch(std::filesystem::path folder, int ranks)
    : folder_(std::move(folder)),
      host_(host_name()),
      ranks_(static_cast<std::size_t>(ranks)),
      last_change_(Clock::now()) {}

RankWatch::~RankWatch() {
  for (const Rank& rank : ranks_) {
    if (rank.process >= 0) ::close(rank.process);
  }
}

void RankWatch::look_at(Rank& rank, int number) {
  std::optional<HeartbeatRecord> now = read_heartbeat(heartbeat_file(folder_, number));
  if (!now) return;
  if (!rank.record || rank.record->changes != now->changes || rank.record->state != now->state)
    last_change_ = Clock::now();
  const bool is_new = !rank.record;
  rank.record = std::move(now);
  rank.here = rank.record->host == host_;
  if (!is_new || !rank.here) return;
  rank.process = open_process(rank.record->pid);
  rank.started = start_of(rank.record->pid);
}

bool RankWatch::process_ended(const Rank& rank) {
  // Without a descriptor: it ended before it was opened, or the kernel has no such descriptors.
  if (rank.process < 0) return rank.started == 0 || start_of(rank.record->pid) != rank.started;
  pollfd ended{rank.process, POLLIN, 0};  // readable once the process has ended
  return ::poll(&ended, 1, 0) > 0;
}

void RankWatch::look() {
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    if (!ranks_[i].had_last_word()) look_at(ranks_[i], static_cast<int>(i));
  }
}

bool RankWatch::all_up() const {
  return std::all_of(ranks_.begin(), ranks_.end(), [](const Rank& rank) { return rank.record.has_value(); });
}

bool RankWatch::all_stopping() const {
  return std::all_of(ranks_.begin(), ranks_.end(),
                     [](const Rank& rank) { return rank.record && (rank.record->stopping || rank.had_last_word()); });
}

bool RankWatch::all_ended() const {
  return std::all_of(ranks_.begin(), ranks_.end(), [](const Rank& rank) { return rank.had_last_word(); });
}

int RankWatch::alive_here() {
  int alive = 0;
  std::vector<int> gone_now;
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    Rank& rank = ranks_[i];
    if (!rank.here || rank.gone) continue;
    if (!process_ended(rank)) {
      ++alive;
      continue;
    }
    rank.gone = true;
    look_at(rank, static_cast<int>(i));  // its last word may be newer than our last look
    if (!rank.had_last_word()) gone_now.push_back(static_cast<int>(i));
  }
  if (!first_dead_ && !gone_now.empty()) {
    // Several since the last look: the others were ended because of the one that fell silent first.
    first_dead_ = *std::min_element(gone_now.begin(), gone_now.end(), [this](int a, int b) {
      return ranks_[static_cast<std::size_t>(a)].record->alive < ranks_[static_cast<std::size_t>(b)].record->alive;
    });
  }
  return alive;
}

std::optional<int> RankWatch::first_dead() {
  alive_here();
  return first_dead_;
}

std::optional<int> RankWatch::first_silent() const {
  std::optional<int> first;
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    if (!ranks_[i].record || ranks_[i].had_last_word()) continue;
    if (!first || ranks_[i].record->alive < ranks_[static_cast<std::size_t>(*first)].record->alive)
      first = static_cast<int>(i);
  }
  return first;
}

std::optional<HeartbeatRecord> RankWatch::first_failed() const {
  std::optional<HeartbeatRecord> first;
  for (const Rank& rank : ranks_) {
    if (!rank.record || rank.record->state != HeartbeatRecord::State::failed) continue;
    if (!first || rank.record->alive < first->alive) first = rank.record;
  }
  return first;
}

std::optional<int> RankWatch::finished_code() const {
  int code = 0;
  for (const Rank& rank : ranks_) {
    if (!rank.record || rank.record->state != HeartbeatRecord::State::finished) return std::nullopt;
    code = std::max(code, rank.record->exit_code);
  }
  return code;
}

std::string RankWatch::name(int rank) const {
  const auto& record = ranks_[static_cast<std::size_t>(rank)].record;
  if (!record) return fmt::format("rank {}", rank);
  return fmt::format("rank {} ({}, process {}), {}", rank, record->host, record->pid, place(*record));
}

std::string RankWatch::describe() const {
  std::map<std::string, std::vector<int>> groups;
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    const auto& record = ranks_[i].record;
    const std::string where = !record                                             ? "never came up"
                              : record->state == HeartbeatRecord::State::finished ? "finished"
                              : record->state == HeartbeatRecord::State::failed   ? "failed"
                              : record->collective.empty() && ranks_[i].here
                                  ? place(*record) + fmt::format(" (process {})", record->pid)
                                  : place(*record);
    groups[where].push_back(static_cast<int>(i));
  }
  std::string text;
  for (const auto& [where, who] : groups) {
    text += fmt::format("{}{} {}", text.empty() ? "" : "; ", list(who),
                        where == "never came up" ? where : (who.size() == 1 ? "is " : "are ") + where);
  }
  return text;
}

void RankWatch::kill_here() const {
  for (const Rank& rank : ranks_) {
    // Through the descriptor: the number may belong to another process by now.
    if (!rank.here || rank.gone) continue;
    if (rank.process >= 0) {
      ::syscall(SYS_pidfd_send_signal, rank.process, SIGKILL, nullptr, 0);
    } else if (!process_ended(rank)) {
      ::kill(static_cast<pid_t>(rank.record->pid), SIGKILL);
    }
  }
}

std::string RankWatch::alive_processes() const {
  std::string text;
  for (const Rank& rank : ranks_) {
    if (rank.here && !rank.gone) text += fmt::format("{}{}", text.empty() ? "" : ", ", rank.record->pid);
  }
  return text;
}

}  // namespace moola::launch
