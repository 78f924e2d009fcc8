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
#include "base/descriptor.h"
#include "base/error.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

// Opened for appending, and locked against other writers.
class Appender {
 public:
  explicit Appender(const fs::path& file) : file_(file) {
    const bool is_new = !fs::exists(file);
    out_ = open_file(file, O_RDWR | O_CREAT | O_APPEND);
    while (::flock(out_.get(), LOCK_EX) != 0) {
      if (errno == EINTR) continue;
      // A file system without locks: one write of O_APPEND keeps lines whole all the same.
      break;
    }
    if (is_new) sync_folder(file.parent_path().empty() ? "." : file.parent_path());
  }

  bool ends_within_a_line() const {
    struct stat now {};
    if (::fstat(out_.get(), &now) != 0) fail("cannot look at");
    char last = '\n';
    if (now.st_size > 0 && ::pread(out_.get(), &last, 1, now.st_size - 1) != 1) fail("cannot read");
    return last != '\n';
  }

  void write(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = ::write(out_.get(), text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail("cannot write");
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(out_.get()) != 0) fail("cannot write");
  }

 private:
  const fs::path& file_;
  Descriptor out_;

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
