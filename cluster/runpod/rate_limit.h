#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace moola::cluster::runpod {

/// The quota that RunPod's answers tell of: so many requests in a minute, an hour, a day.
///
/// Source: the headers RateLimit (`"minute";r=0;t=12, "hour";r=2800;t=1812`: requests left, seconds until it is
/// renewed).
class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;

  /// Takes the header RateLimit of an answer that came at `now`. What can't be read is left out.
  void read(std::string_view header, Clock::time_point now);

  /// What a request at `now` would have to wait for; nothing while there is quota left.
  struct Wait {
    std::chrono::seconds length;
    std::string window;  // "minute"
  };
  std::optional<Wait> wait_at(Clock::time_point now) const;

 private:
  std::map<std::string, Clock::time_point> used_up_until_;
};

}  // namespace moola::cluster::runpod
