#pragma once
#include <functional>
#include <string>
#include <string_view>

namespace moola::cluster::runpod {

/// One event of a server-sent stream.
struct StreamEvent {
  std::string id, type, data;
};

/// Puts events together from the bytes of a stream, however they are cut.
///
/// Source: WHATWG HTML, 9.2.6 "Interpreting an event stream". A line is 1 MiB at most, an event 4 MiB.
class EventStream {
 public:
  /// `each` gets every event that `bytes` completes. Throws DataError for a line or an event without end.
  void feed(std::string_view bytes, const std::function<void(const StreamEvent&)>& each);

 private:
  std::string line_, data_, type_, last_id_;
  bool has_data_ = false, after_carriage_return_ = false, at_the_beginning_ = true;

  void take_line(const std::function<void(const StreamEvent&)>& each);
};

}  // namespace moola::cluster::runpod
