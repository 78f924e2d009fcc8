#include "comm/heartbeat.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>

#include "base/error.h"
#include "base/host_name.h"
#include "base/log.h"
#include "base/stop_flag.h"
#include "base/utc_time.h"
#include "comm/activity.h"

namespace moola::comm {
namespace {

constexpr auto kPause = std::chrono::milliseconds(250);
constexpr std::size_t kLongestError = 4000;
// A network file system may keep what was written for half a minute: so often other hosts get to see it.
constexpr std::int64_t kSyncNanoseconds = 5'000'000'000;
// A task works when its process uses this share of a core. What looks for messages and writes heartbeats beside it
// takes less than a fifth of that.
constexpr auto kCpuWindow = std::chrono::seconds(1);
constexpr int kWorkingShare = 20;

std::chrono::nanoseconds cpu_time() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace

Heartbeat::Heartbeat(const std::filesystem::path& folder, int rank)
    : folder_(folder),
      rank_(rank),
      host_(host_name()),
      looked_{.at = std::chrono::steady_clock::now(), .used = cpu_time()} {
  const std::filesystem::path file = heartbeat_file(folder, rank);
  fd_ = ::open(file.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
  if (fd_ < 0 && errno == ENOENT) {
    throw CommError("the launcher's folder " + folder.string() + " is not there for rank " + std::to_string(rank) +
                    ": either the call that started this rank has been killed, or its workspace is not on a file "
                    "system that host " +
                    host_ + " shares.");
  }
  if (fd_ < 0)
    throw IoError("cannot write the heartbeat of rank " + std::to_string(rank) + " to " + file.string(), errno);
  write(HeartbeatRecord::State::running, 0, {});

  // Signals are for the main thread: the mask is inherited.
  sigset_t all, old;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &old);
  thread_ = std::thread([this] {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, kPause, [this] { return done_; })) {
      note_cpu_use();
      write(HeartbeatRecord::State::running, 0, {});
    }
  });
  ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
}

Heartbeat::~Heartbeat() {
  stop();
  ::close(fd_);
}

void Heartbeat::stop() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Heartbeat::finish(int exit_code) {
  stop();
  write(HeartbeatRecord::State::finished, exit_code, {});
}

void Heartbeat::fail(int exit_code, const std::string& error) {
  stop();
  write(HeartbeatRecord::State::failed, exit_code, error.substr(0, kLongestError));
}

bool Heartbeat::first_to_report() const {
  const int claim = ::open((folder_ / "first-error").c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
  if (claim < 0) return errno != EEXIST;  // better twice than never
  ::close(claim);
  return true;
}

void Heartbeat::note_cpu_use() {
  const CpuUse now{.at = std::chrono::steady_clock::now(), .used = cpu_time()};
  if (now.at - looked_.at < kCpuWindow) return;
  const bool works = (now.used - looked_.used) * kWorkingShare >= now.at - looked_.at;
  looked_ = now;
  Activity& here = activity();
  // A collective spins while it waits, also for a rank that will never come.
  const bool waits = here.collective.load(std::memory_order_relaxed) != nullptr;
  if (works && !waits && here.task.load(std::memory_order_relaxed) >= 0)
    here.changes.fetch_add(1, std::memory_order_release);
}

void Heartbeat::write(HeartbeatRecord::State state, int exit_code, const std::string& error) {
  const Activity& now = activity();
  HeartbeatRecord record;
  record.rank = rank_;
  record.host = host_;
  record.pid = ::getpid();
  record.state = state;
  record.exit_code = exit_code;
  record.error = error;
  record.changes = now.changes.load(std::memory_order_acquire);
  record.step = now.step.load(std::memory_order_relaxed);
  record.phase = now.phase.load(std::memory_order_relaxed);
  if (const std::int64_t task = now.task.load(std::memory_order_relaxed); task >= 0) {
    const bool more = !record.phase.empty() && record.phase != "step";
    record.phase = "task " + std::to_string(task) + (more ? ", " + record.phase : "");
  }
  if (const char* collective = now.collective.load(std::memory_order_relaxed); collective != nullptr)
    record.collective = collective;
  record.peer = now.peer.load(std::memory_order_relaxed);
  record.stopping = stop_requested();
  record.alive = utc_now();
  std::string text = heartbeat_text(record);
  // One write over the whole of the former text; spaces behind a JSON object are nothing.
  if (text.size() < longest_) text.resize(longest_, ' ');
  longest_ = text.size();
  // A full disk is no reason to stop training: the launcher then sees a rank that stands still, and the log says why.
  if (::pwrite(fd_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    static std::atomic<bool> said{false};
    if (!said.exchange(true))
      log_warning("cannot write the heartbeat of rank {}: the launcher may take it for hanging", rank_);
  }
  const bool news = state != HeartbeatRecord::State::running || record.stopping != was_stopping_;
  if (news || record.alive - synced_ > kSyncNanoseconds) {
    ::fdatasync(fd_);
    synced_ = record.alive;
    was_stopping_ = record.stopping;
  }
}

}  // namespace moola::comm
