#include "base/progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/duration.h"
#include "base/log.h"
#include "base/terminal.h"

namespace moola {
namespace {

std::string count_text(double count, const std::string& unit) {
  if (unit == "B") return fmt::format("{:.1f} MB", count * 1e-6);
  if (count >= 1e6) return fmt::format("{:.2f} M {}", count * 1e-6, unit);
  if (count >= 1e4) return fmt::format("{:.1f} k {}", count * 1e-3, unit);
  return fmt::format("{:.0f} {}", count, unit);
}

// The first characters of UTF-8 text, whole ones.
std::string first_columns(const std::string& text, int columns) {
  std::size_t at = 0;
  for (int left = std::max(1, columns); at < text.size(); ++at) {
    const bool begins_character = (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80;
    if (begins_character && left-- == 0) break;
  }
  return text.substr(0, at);
}

}  // namespace

Progress::Progress(std::string title, std::int64_t total, std::string unit, std::function<Clock::time_point()> now)
    : title_(std::move(title)),
      unit_(std::move(unit)),
      now_(std::move(now)),
      total_(total),
      began_(now_()),
      last_drawn_(began_) {}

Progress::~Progress() {
  if (drawn_) show_status("");
}

void Progress::start_at(std::int64_t already) {
  already_ = already;
  began_ = now_();
}

void Progress::update(std::int64_t done, const std::string& note) {
  const auto now = now_();
  const bool terminal = is_terminal();
  const auto pause = terminal ? std::chrono::milliseconds(100) : std::chrono::milliseconds(30'000);
  if (now - last_drawn_ < pause) return;
  last_drawn_ = now;
  const double seconds = std::chrono::duration<double>(now - began_).count();
  const double rate = seconds > 0 ? static_cast<double>(done - already_) / seconds : 0;
  std::string text = title_ + " ";
  if (total_ > 0) {
    const double share = std::clamp(static_cast<double>(done) / static_cast<double>(total_), 0.0, 1.0);
    if (terminal) {
      static constexpr int kWidth = 24;
      const int full = static_cast<int>(share * kWidth);
      for (int i = 0; i < kWidth; ++i) text += i < full ? "█" : "░";
      text += " ";
    }
    text += fmt::format("{:.1f} % ", share * 100);
    const double left = static_cast<double>(std::max<std::int64_t>(0, total_ - done));
    if (rate > 0) text += fmt::format("{} left ", readable_seconds(left / rate));
  } else {
    text += count_text(static_cast<double>(done), unit_) + " ";
  }
  // Of slow things their time says more than a rate of 0.
  text +=
      rate > 0 && rate < 0.5 && unit_ != "B" ? readable_seconds(1 / rate) + " each" : count_text(rate, unit_) + "/s";
  if (!note.empty()) text += "  " + note;
  if (terminal) {
    show_status(first_columns(text, terminal_width() - 1));  // a longer line would wrap and stay
    drawn_ = true;
  } else {
    log_info("{}", text);
  }
}

}  // namespace moola
