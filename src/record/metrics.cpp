#include "record/metrics.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string_view>

#include "base/atomic_file.h"
#include "base/error.h"

namespace moola::record {
namespace {

namespace fs = std::filesystem;

// Calls visit(line, offset of its first byte, number from 1) for every complete line; returns the bytes of all complete
// lines.
template <class Visit>
std::size_t for_lines(std::string_view text, Visit visit) {
  std::size_t begin = 0;
  for (std::size_t number = 1; begin < text.size(); ++number) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) break;
    if (!visit(text.substr(begin, end - begin), begin, number)) break;
    begin = end + 1;
  }
  return begin;
}

Json parse_event(std::string_view line, const fs::path& file, std::size_t number) {
  Json event = Json::parse(line, nullptr, false);
  if (!event.is_object()) {
    throw DataError(fmt::format(
        "{}, line {}: expected one JSON object, found {:?}. The file is damaged; cut that line off to go on.",
        file.string(), number, line.substr(0, 60)));
  }
  return event;
}

}  // namespace

MetricsStream::MetricsStream(fs::path file)
    : file_(std::move(file)), fd_(::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) {
  if (fd_ < 0) throw IoError("cannot open " + file_.string(), errno);
  try {
    const std::string text = read_file(file_);
    const std::size_t whole = text.rfind('\n') + 1;  // npos + 1 is 0: no complete line
    if (whole != text.size()) truncate(whole);
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

MetricsStream::MetricsStream(MetricsStream&& other) noexcept : file_(std::move(other.file_)), fd_(other.fd_) {
  other.fd_ = -1;
}

MetricsStream::~MetricsStream() {
  if (fd_ >= 0) ::close(fd_);
}

void MetricsStream::write(const Json& event) {
  if (!event.is_object()) throw std::invalid_argument("an event is a JSON object");
  const std::string line = json_text(event) + "\n";
  const off_t before = ::lseek(fd_, 0, SEEK_END);
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t n = ::write(fd_, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int error = errno;
      // A full disk may have taken half of the line: the next event must not go on from there.
      if (before >= 0) truncate(static_cast<std::size_t>(before));
      throw IoError("cannot write " + file_.string(), error);
    }
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
}

void MetricsStream::truncate(std::size_t bytes) {
  if (::ftruncate(fd_, static_cast<off_t>(bytes)) != 0) throw IoError("cannot cut " + file_.string(), errno);
}

void MetricsStream::cut_after(std::int64_t step) {
  const std::string text = read_file(file_);
  const std::size_t kept = for_lines(text, [&](std::string_view line, std::size_t, std::size_t number) {
    const Json event = parse_event(line, file_, number);
    const auto at = event.find("step");
    return at == event.end() || !at->is_number_integer() || at->get<std::int64_t>() <= step;
  });
  if (kept != text.size()) truncate(kept);
  sync();
}

std::int64_t MetricsStream::bytes() const {
  struct stat status {};
  if (::fstat(fd_, &status) != 0) throw IoError("cannot read the size of " + file_.string(), errno);
  return status.st_size;
}

void MetricsStream::cut_to(std::int64_t to) {
  const std::int64_t found = bytes();
  if (found < to) {
    throw DataError(fmt::format(
        "{} has {} bytes, but the checkpoint to go on from was written when it had {}. Lines are lost; start "
        "the run anew with --fresh.",
        file_.string(), found, to));
  }
  if (found > to) truncate(static_cast<std::size_t>(to));
  sync();
}

void MetricsStream::sync() {
  if (::fsync(fd_) != 0) throw IoError("cannot flush " + file_.string(), errno);
}

std::vector<Json> read_events(const fs::path& file) {
  std::vector<Json> events;
  if (!fs::exists(file)) return events;
  const std::string text = read_file(file);
  for_lines(text, [&](std::string_view line, std::size_t, std::size_t number) {
    events.push_back(parse_event(line, file, number));
    return true;
  });
  return events;
}

Json last_event(const fs::path& file) {
  static constexpr std::streamoff kTail = 1 << 14;  // far more than the longest event
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return nullptr;
  const std::streamoff size = in.tellg(), from = std::max<std::streamoff>(0, size - kTail);
  std::string tail(static_cast<std::size_t>(size - from), '\0');
  in.seekg(from);
  if (!in.read(tail.data(), static_cast<std::streamsize>(tail.size())))
    throw IoError("cannot read " + file.string() + ".");
  const std::size_t end = tail.rfind('\n');
  if (end == std::string::npos) return nullptr;
  const std::size_t begin = end == 0 ? std::string::npos : tail.rfind('\n', end - 1);
  const std::size_t first = begin == std::string::npos ? 0 : begin + 1;
  Json event = Json::parse(tail.substr(first, end - first), nullptr, false);
  return event.is_object() ? event : Json(nullptr);
}

}  // namespace moola::record
