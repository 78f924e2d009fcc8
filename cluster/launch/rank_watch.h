#pragma once
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/heartbeat_record.h"

namespace moola::launch {

/// What the launcher knows of its ranks: their heartbeats, and for those on this host whether the process still lives.
class RankWatch {
 public:
  using Clock = std::chrono::steady_clock;

  /// `folder` holds the heartbeats of ranks 0 … ranks-1.
  RankWatch(std::filesystem::path folder, int ranks);
  ~RankWatch();
  RankWatch(const RankWatch&) = delete;
  RankWatch& operator=(const RankWatch&) = delete;

  /// Reads every heartbeat. Cost: one small file per rank.
  void look();

  bool all_up() const;
  bool all_stopping() const;
  /// Every rank has said its last words.
  bool all_ended() const;
  /// Since any rank has got on, or come up.
  Clock::duration still_for() const { return Clock::now() - last_change_; }

  /// The rank on this host that vanished first without a last word; looks at the processes, not at the files.
  std::optional<int> first_dead();
  /// The rank whose heartbeat fell silent first, after all have ended: for ranks of other hosts, whose processes can't
  /// be seen.
  std::optional<int> first_silent() const;
  /// The first rank that reported an error.
  std::optional<HeartbeatRecord> first_failed() const;
  /// The exit code all ranks ended with, when all of them finished; the highest when they disagree.
  std::optional<int> finished_code() const;

  /// "rank 2 (host7, process 4711) in step 41": for messages.
  std::string name(int rank) const;
  /// One sentence for each group of ranks that are at the same place: who computes, who waits for whom in which
  /// collective, who is not up.
  std::string describe() const;

  /// Processes on this host that still live.
  int alive_here();
  void kill_here() const;
  /// Those processes, for a message: "4711, 4712".
  std::string alive_processes() const;

 private:
  struct Rank {
    std::optional<HeartbeatRecord> record;
    int process = -1;           // a descriptor of the process, when it is on this host and the kernel has such
    std::uint64_t started = 0;  // the process's start as the kernel counts, to know it again by
    bool here = false;          // on this host
    bool gone = false;          // its process has ended
    bool had_last_word() const { return record && record->state != HeartbeatRecord::State::running; }
  };
  std::filesystem::path folder_;
  std::string host_;
  std::vector<Rank> ranks_;
  std::optional<int> first_dead_;
  Clock::time_point last_change_;

  void look_at(Rank& rank, int number);
  static bool process_ended(const Rank& rank);
};

}  // namespace moola::launch
