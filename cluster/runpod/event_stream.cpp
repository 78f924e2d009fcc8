#include "cluster/runpod/event_stream.h"

#include <utility>

#include "base/error.h"

namespace moola::cluster::runpod {
namespace {

constexpr std::size_t kLongestLine = std::size_t{1} << 20, kLongestEvent = std::size_t{4} << 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

void EventStream::feed(std::string_view bytes, const std::function<void(const StreamEvent&)>& each) {
  for (const char c : bytes) {
    // "\r\n" is one end of a line, also when the two come in different pieces.
    const bool second_half = c == '\n' && after_carriage_return_;
    after_carriage_return_ = c == '\r';
    if (second_half) continue;
    if (c == '\n' || c == '\r') {
      take_line(each);
      continue;
    }
    if (line_.size() >= kLongestLine) throw DataError("RunPod's log has a line of more than 1 MiB.");
    line_ += c;
  }
}

void EventStream::take_line(const std::function<void(const StreamEvent&)>& each) {
  const std::string whole = std::exchange(line_, {});
  std::string_view line = whole;
  if (at_the_beginning_ && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  at_the_beginning_ = false;
  if (line.empty()) {
    if (has_data_) each({.id = last_id_, .type = type_, .data = data_});
    data_.clear();
    type_.clear();
    has_data_ = false;
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == 0) return;  // a comment, which keeps the connection alive
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "data") {
    if (data_.size() + value.size() > kLongestEvent) throw DataError("RunPod's log has an event of more than 4 MiB.");
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) last_id_ = value;
  } else if (name == "event") {
    type_ = value;
  }
}

}  // namespace moola::cluster::runpod
