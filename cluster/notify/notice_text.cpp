#include "cluster/notify/notice_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace moola::cluster {
namespace {

constexpr std::string_view kFence = "```", kNoFence = "'''";
constexpr std::string_view kUnreadable = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::size_t kNoteRoom = 100;                    // for what says that lines are left out
constexpr std::size_t kLongestName = 200;

// Bytes of the character at the beginning of `text`; nothing where there is no well-formed one.
std::optional<std::size_t> character(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return std::nullopt;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xC0) != 0x80) return std::nullopt;
  }
  // Overlong forms, halves of UTF-16 pairs, and what is beyond the last character.
  if ((first == 0xE0 && at(1) < 0xA0) || (first == 0xED && at(1) > 0x9F) || (first == 0xF0 && at(1) < 0x90) ||
      (first == 0xF4 && at(1) > 0x8F))
    return std::nullopt;
  return length;
}

// Bytes of an escape sequence of a terminal at the beginning of `text`; 0: there is none.
std::size_t escape_sequence(std::string_view text) {
  if (!text.starts_with("\x1B[")) return 0;
  std::size_t end = 2;
  while (end < text.size() && text[end] >= 0x20 && text[end] < 0x40) ++end;
  return end < text.size() && text[end] >= 0x40 && text[end] < 0x7F ? end + 1 : 0;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  return out;
}

// A fence within would end the block.
std::string without_fences(std::string text) {
  for (std::size_t at = 0; (at = text.find(kFence, at)) != std::string::npos;)
    text.replace(at, kFence.size(), kNoFence);
  return text;
}

std::string what_happened(const Notice& notice) {
  if (notice.event == "finish") return "has finished";
  if (notice.event == "failure") return "has failed";
  if (notice.event == "over-budget") return "is over its budget";
  if (notice.event == "test") return "sends a test message: this is where its notices arrive";
  return notice.event;
}

// In one line, and no markup.
std::string name_text(std::string_view name) {
  std::string text = readable_text(name.substr(0, kLongestName));
  for (char& c : text) {
    if (c == '\n') c = ' ';
    if (c == '*' || c == '`') c = '\'';
  }
  return escaped(text);
}

}  // namespace

std::string readable_text(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (const std::size_t skipped = escape_sequence(rest); skipped > 0) {
      at += skipped;
      continue;
    }
    const std::optional<std::size_t> length = character(rest);
    const auto c = static_cast<unsigned char>(text[at]);
    const bool control = (c < ' ' && c != '\n' && c != '\t') || c == 127;
    if (!length || control) {
      if (!rest.starts_with("\r\n")) out += kUnreadable;
      ++at;
      continue;
    }
    out += rest.substr(0, *length);
    at += *length;
  }
  return out;
}

std::string slack_body(const Notice& notice) {
  std::string text = fmt::format("*{}* {}", name_text(notice.job), name_text(what_happened(notice)));
  if (!notice.run.empty()) text += fmt::format(" (run {})", name_text(notice.run));
  std::string digest = without_fences(readable_text(notice.digest));
  while (digest.ends_with('\n')) digest.pop_back();
  if (digest.empty()) return json_text({{"text", text}});

  const std::size_t room = kSlackText - characters(text) - 2 * kFence.size() - kNoteRoom;
  std::string kept;
  std::size_t used = 0, left_out = 0;
  for (std::size_t begin = 0; begin <= digest.size();) {
    const std::size_t end = std::min(digest.find('\n', begin), digest.size());
    const std::string line = escaped(digest.substr(begin, end - begin)) + "\n";
    begin = end + 1;
    const std::size_t length = characters(line);
    if (left_out == 0 && used + length <= room) {
      kept += line;
      used += length;
    } else {
      ++left_out;
    }
  }
  text += fmt::format("\n{}\n{}{}", kFence, kept, kFence);
  if (left_out > 0) text += fmt::format("\n{} more line{} left out", left_out, left_out == 1 ? " is" : "s are");
  return json_text({{"text", text}});
}

std::string json_body(const Notice& notice) {
  return json_text({{"schema", "moola.notice/1"},
                    {"event", readable_text(notice.event)},
                    {"job", readable_text(notice.job)},
                    {"run", readable_text(notice.run)},
                    {"digest", readable_text(notice.digest)},
                    {"details", notice.json}});
}

}  // namespace moola::cluster
