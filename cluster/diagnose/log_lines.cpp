#include "cluster/diagnose/log_lines.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/descriptor.h"
#include "base/error.h"

namespace moola::cluster {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;

/// An open file.
class LogFile {
 public:
  explicit LogFile(const std::filesystem::path& file) : name_(file.string()), in_(file, O_RDONLY) {
    if (!in_.is_open()) throw IoError("cannot read the log " + name_, errno);
    struct stat about {};
    const int looked = ::fstat(in_.get(), &about);
    if (looked != 0 || S_ISDIR(about.st_mode))
      throw ConfigError(fmt::format("{} is a folder; a log is a file. Name one of the files in it.", name_));
    if (S_ISREG(about.st_mode)) size_ = static_cast<std::size_t>(about.st_size);
  }

  /// As far as is known before reading; 0 for pipes and for files of the kernel.
  std::size_t size() const { return size_; }

  /// The next bytes, `most` at the most; none at the end.
  std::string_view next(std::size_t most) {
    buffer_.resize(kPiece);
    while (true) {
      const ssize_t got = ::read(in_.get(), buffer_.data(), std::min(most, buffer_.size()));
      if (got >= 0) return {buffer_.data(), static_cast<std::size_t>(got)};
      if (errno != EINTR) throw IoError("cannot read the log " + name_, errno);
    }
  }

  void go_to(std::size_t offset) {
    if (::lseek(in_.get(), static_cast<off_t>(offset), SEEK_SET) < 0)
      throw IoError("cannot read the log " + name_, errno);
  }

 private:
  std::string name_;
  Descriptor in_;
  std::size_t size_ = 0;
  std::vector<char> buffer_;
};

// Takes off "\033[…letter", and any other escape with the byte behind it.
void strip_colours(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\033') {
      out += text[i];
      continue;
    }
    if (++i >= text.size() || text[i] != '[') continue;
    for (++i; i < text.size() && (text[i] < '@' || text[i] > '~');) ++i;
  }
}

// Bytes of the character at the begin of `text`; 0 when it is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0x80                    ? 1
                             : first >= 0xC2 && first < 0xE0 ? 2
                             : (first & 0xF0U) == 0xE0       ? 3
                             : first >= 0xF0 && first < 0xF5 ? 4
                                                             : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return 0;
  }
  // Written longer than needed, half of a pair, or beyond the last.
  const bool wrong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) ||
                     (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F);
  return wrong ? 0 : length;
}

}  // namespace

void LineSplitter::keep(std::string_view part) {
  begun_ += part.substr(0, longest_ - std::min(longest_, begun_.size()));
}

void LineSplitter::give(std::string_view piece) {
  if (piece.empty()) return;
  piece = piece.substr(0, longest_);
  if (piece.find('\033') == std::string_view::npos) {
    sink_(piece, number_);
    return;
  }
  strip_colours(piece, plain_);
  if (!plain_.empty()) sink_(plain_, number_);
}

void LineSplitter::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto* found = static_cast<const char*>(std::memchr(bytes.data(), '\n', bytes.size()));
    std::string_view line = found == nullptr ? bytes : bytes.substr(0, static_cast<std::size_t>(found - bytes.data()));
    bytes.remove_prefix(line.size() + (found == nullptr ? 0 : 1));
    while (true) {
      const auto* back = line.empty() ? nullptr : static_cast<const char*>(std::memchr(line.data(), '\r', line.size()));
      if (back == nullptr) break;
      const std::string_view piece = line.substr(0, static_cast<std::size_t>(back - line.data()));
      line.remove_prefix(piece.size() + 1);
      if (begun_.empty()) {
        give(piece);
      } else {
        keep(piece);
        give(begun_);
        begun_.clear();
      }
    }
    if (found == nullptr) {
      keep(line);
      return;
    }
    if (begun_.empty()) {
      give(line);
    } else {
      keep(line);
      give(begun_);
      begun_.clear();
    }
    if (number_ != 0) ++number_;
  }
}

void LineSplitter::end() {
  give(begun_);
  begun_.clear();
}

void read_log_lines(std::string_view log, const LineSink& sink, const LogBounds& bounds) {
  LineSplitter lines(sink, bounds.line);
  if (log.size() <= bounds.head + bounds.tail) {
    lines.feed(log);
    lines.end();
    return;
  }
  lines.feed(log.substr(0, bounds.head));
  const std::string_view gap = log.substr(bounds.head, log.size() - bounds.head - bounds.tail);
  const auto passed = static_cast<std::size_t>(std::ranges::count(gap, '\n'));
  const std::size_t next = lines.number() + passed;
  lines.end();
  LineSplitter rest(sink, bounds.line, next);
  rest.feed(log.substr(log.size() - bounds.tail));
  rest.end();
}

void read_log_file(const std::filesystem::path& file, const LineSink& sink, const LogBounds& bounds) {
  LogFile log(file);
  LineSplitter lines(sink, bounds.line);
  // How far the file was when it was opened; no end where that is not known.
  const std::size_t whole = log.size() == 0 ? static_cast<std::size_t>(-1) : log.size();
  const bool cut = log.size() > bounds.head + bounds.tail;
  std::size_t at = 0;
  for (const std::size_t end = cut ? bounds.head : whole; at < end;) {
    const std::string_view bytes = log.next(end - at);
    if (bytes.empty()) break;
    at += bytes.size();
    lines.feed(bytes);
  }
  std::size_t number = lines.number();
  lines.end();
  if (!cut) return;
  const std::size_t tail = whole - bounds.tail;
  if (tail - at > bounds.counted) {
    number = 0;
    log.go_to(tail);
    at = tail;
  }
  while (at < tail) {
    const std::string_view bytes = log.next(tail - at);
    if (bytes.empty()) return;  // it has been cut off meanwhile
    at += bytes.size();
    number += static_cast<std::size_t>(std::ranges::count(bytes, '\n'));
  }
  LineSplitter rest(sink, bounds.line, number);
  while (at < whole) {
    const std::string_view bytes = log.next(whole - at);
    if (bytes.empty()) break;
    at += bytes.size();
    rest.feed(bytes);
  }
  rest.end();
}

std::string printable_line(std::string_view text, std::size_t longest) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto first = static_cast<unsigned char>(text.front());
    if (length == 0) {
      out += '?';
    } else if (first < 0x20 || first == 0x7F) {
      out += ' ';
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
    if (out.size() > longest + 8) break;
  }
  const std::size_t begin = out.find_first_not_of(' ');
  if (begin == std::string::npos) return "";
  out = out.substr(begin, out.find_last_not_of(' ') + 1 - begin);
  if (out.size() <= longest) return out;
  std::size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0U) == 0x80) --end;
  return out.substr(0, end) + "…";
}

}  // namespace moola::cluster
