#include "cluster/run/event_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "base/atomic_file.h"
#include "base/error.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

// Opened for appending, and locked against other writers.
class Appender {
 public:
  explicit Appender(const fs::path& file) : file_(file) {
    const bool is_new = !fs::exists(file);
    fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd_ < 0) fail("cannot open");
    while (::flock(fd_, LOCK_EX) != 0) {
      if (errno == EINTR) continue;
      // A file system without locks: one write of O_APPEND keeps lines whole all the same.
      break;
    }
    if (is_new) sync_folder(file.parent_path().empty() ? "." : file.parent_path());
  }
  ~Appender() {
    if (fd_ >= 0) ::close(fd_);
  }
  Appender(const Appender&) = delete;
  Appender& operator=(const Appender&) = delete;

  bool ends_within_a_line() const {
    struct stat now {};
    if (::fstat(fd_, &now) != 0) fail("cannot look at");
    char last = '\n';
    if (now.st_size > 0 && ::pread(fd_, &last, 1, now.st_size - 1) != 1) fail("cannot read");
    return last != '\n';
  }

  void write(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = ::write(fd_, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail("cannot write");
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(fd_) != 0) fail("cannot write");
  }

 private:
  const fs::path& file_;
  int fd_ = -1;

  [[noreturn]] void fail(const char* what) const { throw IoError(fmt::format("{} {}", what, file_.string()), errno); }
};

}  // namespace

void append_event(const fs::path& file, const Json& event) {
  const Appender appender(file);
  // The torn line stays, as one that no reader takes for an event.
  appender.write((appender.ends_within_a_line() ? "\n" : "") + json_text(event) + "\n");
}

std::vector<Json> read_events(const fs::path& file) {
  std::vector<Json> out;
  if (!fs::exists(file)) return out;
  const std::string text = read_file(file);
  std::size_t begin = 0, number = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; begin = end + 1, end = text.find('\n', begin)) {
    ++number;
    const std::string_view line(text.data() + begin, end - begin);
    if (line.empty()) continue;
    try {
      Json event = parse_json(line, fmt::format("{}, line {}", file.string(), number));
      if (!event.is_object())
        throw DataError(fmt::format("{}, line {}, is no event but {}.", file.string(), number, line.substr(0, 60)));
      out.push_back(std::move(event));
    } catch (const DataError&) {
      // Torn by a kill, and closed by the next writer.
      if (line.front() != '{' || line.back() == '}') throw;
    }
  }
  return out;
}

}  // namespace moola::cluster
