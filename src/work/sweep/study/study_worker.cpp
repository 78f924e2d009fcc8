#include "work/sweep/study/study_worker.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/first_line.h"
#include "base/host_name.h"
#include "base/json.h"
#include "base/process_stat.h"
#include "base/utc_time.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

// Processes that have the same one see each other's numbers.
std::string process_space() {
  std::error_code error;
  const fs::path space = fs::read_symlink("/proc/self/ns/pid", error);
  return first_line("/proc/sys/kernel/random/boot_id") + " " + space.string();
}

// When a process began; 0: there is none, or one that is dead and only not yet buried.
std::int64_t start_of(pid_t pid) {
  const std::optional<ProcessStat> stat = process_stat(pid);
  return stat && !stat->has_ended() ? static_cast<std::int64_t>(stat->start) : 0;
}

template <class T>
T value_of(const Json& json, const char* key, T otherwise) {
  const auto at = json.find(key);
  if (at == json.end()) return otherwise;
  if constexpr (std::is_same_v<T, bool>) return at->is_boolean() ? at->template get<T>() : otherwise;
  if constexpr (std::is_same_v<T, std::string>) return at->is_string() ? at->template get<T>() : otherwise;
  if constexpr (std::is_same_v<T, std::int64_t>) return at->is_number_integer() ? at->template get<T>() : otherwise;
}

std::string file_name(std::string id) {
  for (char& c : id) {
    if (c == '/') c = '_';
  }
  return id + ".json";
}

}  // namespace

StudyWorker::StudyWorker(const fs::path& study_folder, std::chrono::milliseconds silence)
    : folder_(study_folder / "workers"), silence_(silence) {
  static std::atomic<unsigned> count{0};
  id_ = fmt::format("moola-{}-{}-{}-{}", host_name(), ::getpid(), utc_now(), count++);
  create_folders(folder_);
  write();
}

StudyWorker::~StudyWorker() {
  // A process that ends by an exception leaves its trials to others as a dead one does.
}

void StudyWorker::write() {
  const Json content = {{"worker", id_},
                        {"host", host_name()},
                        {"process", ::getpid()},
                        {"process_start", start_of(::getpid())},
                        {"guard", guard_},
                        {"guard_start", guard_ == 0 ? 0 : start_of(guard_)},
                        {"process_space", process_space()},
                        {"beats", beats_},
                        {"left", left_}};
  write_file(folder_ / file_name(id_), json_text(content) + "\n");
  last_beat_ = std::chrono::steady_clock::now();
}

void StudyWorker::beat() {
  if (left_ || std::chrono::steady_clock::now() - last_beat_ < std::chrono::seconds(1)) return;
  ++beats_;
  write();
}

void StudyWorker::set_guard(pid_t guard) {
  guard_ = guard;
  write();
}

void StudyWorker::leave() {
  left_ = true;
  write();
}

WorkerState StudyWorker::state_of(const std::string& id) {
  if (id == id_) return left_ ? WorkerState::left : WorkerState::alive;
  const fs::path file = folder_ / file_name(id);
  std::string content;
  try {
    content = read_file(file);
  } catch (const IoError&) {
    // Somebody has tidied up, or its first words were lost with its host: no file, and it changes no more.
  }
  Json said = content.empty() ? Json::object() : parse_json(content, file.string());
  if (!said.is_object()) said = Json::object();
  if (value_of(said, "left", false)) return WorkerState::left;
  if (value_of(said, "process_space", std::string()) == process_space()) {
    const auto is_there = [&](const char* key, const char* start_key) {
      const std::int64_t began = start_of(static_cast<pid_t>(value_of(said, key, std::int64_t{0})));
      return began != 0 && began == value_of(said, start_key, std::int64_t{-1});
    };
    // What it has started may outlive it by a moment, and the guard sees to that.
    return is_there("process", "process_start") || is_there("guard", "guard_start") ? WorkerState::alive
                                                                                    : WorkerState::lost;
  }
  const auto now = std::chrono::steady_clock::now();
  const auto [at, fresh] = seen_.try_emplace(id, Seen{content, now});
  if (at->second.content != content) at->second = {content, now};
  return now - at->second.since > silence_ ? WorkerState::lost : WorkerState::alive;
}

}  // namespace moola::work
