#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace moola {

/// What one rank last said about itself, in a file of its own that the rank rewrites and its launcher reads
/// (interfaces: docs/distributed.md).
struct HeartbeatRecord {
  enum class State { running, finished, failed };

  int rank = 0;
  std::string host;
  std::int64_t pid = 0;
  State state = State::running;
  int exit_code = 0;          // of a rank that finished or failed
  std::string error;          // of one that failed
  std::int64_t step = -1;     // -1: not in the training loop
  std::string phase;          // "loading data", "step"
  std::string collective;     // what it waits in; empty while it computes
  int peer = -1;              // the rank it waits for; -1: all
  std::uint64_t changes = 0;  // grows while the rank gets on
  bool stopping = false;      // has seen a stop signal
  std::int64_t alive = 0;     // nanoseconds UTC when this was written
};

/// `folder`/rank-00003.json
std::filesystem::path heartbeat_file(const std::filesystem::path& folder, int rank);

std::string heartbeat_text(const HeartbeatRecord& record);

/// None when the file isn't there yet or is just being written.
std::optional<HeartbeatRecord> read_heartbeat(const std::filesystem::path& file);

}  // namespace moola
