#pragma once
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

// The lines of a log that may hold any bytes and be of any size.
namespace moola::cluster {

/// How much of a log is looked at, in bytes.
struct LogBounds {
  std::size_t head = std::size_t{8} << 20;     // of a larger file: its begin
  std::size_t tail = std::size_t{56} << 20;    // and its end; between them lines are only counted
  std::size_t line = std::size_t{8} << 10;     // of one line; the rest of it is left out
  std::size_t counted = std::size_t{4} << 30;  // the most that is read to count lines
};

/// `number`: from 1; 0 where the lines before it were too many to count.
using LineSink = std::function<void(std::string_view text, std::size_t number)>;

/// Cuts a stream of bytes into lines, in memory of one line's bound whatever comes.
///
/// What stands between two carriage returns, as a progress bar writes it, comes as a line of its own with its line's
/// number; empty ones do not come. Colours of a terminal are taken off.
class LineSplitter {
 public:
  LineSplitter(LineSink sink, std::size_t longest, std::size_t first_number = 1)
      : sink_(std::move(sink)), longest_(longest), number_(first_number) {}

  void feed(std::string_view bytes);
  /// What stands behind the last line break.
  void end();
  /// Of the line that comes next; 0 when lines are not counted.
  std::size_t number() const { return number_; }

 private:
  LineSink sink_;
  std::size_t longest_, number_;
  std::string begun_;  // of a piece whose end has not come yet
  std::string plain_;  // a line without its colours

  void keep(std::string_view part);
  void give(std::string_view piece);
};

/// The lines of a text, or of a file within the bounds. A file that grows meanwhile is read as far as it was when it
/// was opened; a pipe to its end. Throws ConfigError for what is no file, IoError.
void read_log_lines(std::string_view log, const LineSink& sink, const LogBounds& bounds = {});
void read_log_file(const std::filesystem::path& file, const LineSink& sink, const LogBounds& bounds = {});

/// For people and for JSON: one line of valid UTF-8 without control characters, blanks at its ends, and what goes
/// beyond `longest` bytes; "…" stands for that.
std::string printable_line(std::string_view text, std::size_t longest = 400);

}  // namespace moola::cluster
