#include "base/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>

namespace moola {
namespace {

std::mutex& terminal_mutex() {
  static std::mutex mutex;
  return mutex;
}

std::string& status_line() {
  static std::string line;
  return line;
}

// Standard error may be gone (a closed pipe); there is nobody left to tell.
void put(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(STDERR_FILENO, text.data(), text.size());
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace

// The launcher of ranks passes their standard error on through a pipe, and says here how wide the terminal behind it
// is.
static int terminal_behind_the_launcher() {
  static const int columns = [] {
    const char* text = std::getenv("MOOLA_TERMINAL_COLUMNS");
    return text != nullptr ? std::atoi(text) : 0;
  }();
  return columns;
}

bool is_terminal() {
  static const bool terminal = ::isatty(STDERR_FILENO) != 0 || terminal_behind_the_launcher() > 0;
  return terminal;
}

std::string paint(Colour colour, std::string_view text) {
  static const bool colours = [] {
    const char* term = std::getenv("TERM");
    const char* no_color = std::getenv("NO_COLOR");
    return is_terminal() && (no_color == nullptr || *no_color == 0) &&
           (term == nullptr || std::string_view(term) != "dumb");
  }();
  if (!colours) return std::string(text);
  static constexpr const char* kCodes[] = {"31", "32", "33", "34", "2", "1"};
  return std::string("\033[") + kCodes[static_cast<int>(colour)] + "m" + std::string(text) + "\033[0m";
}

int terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return terminal_behind_the_launcher() > 0 ? terminal_behind_the_launcher() : 80;
}

void write_to_terminal(std::string_view text) {
  const std::lock_guard lock(terminal_mutex());
  if (status_line().empty()) {
    put(text);
  } else {
    put("\r\033[K" + std::string(text) + status_line());
  }
}

void show_status(std::string_view line) {
  if (!is_terminal()) return;
  const std::lock_guard lock(terminal_mutex());
  status_line() = std::string(line);
  put("\r\033[K" + status_line());
}

}  // namespace moola
