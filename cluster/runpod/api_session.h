#pragma once
#include <chrono>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "base/json.h"
#include "cluster/http/http_connection.h"
#include "cluster/runpod/api_error.h"
#include "cluster/runpod/api_key.h"
#include "cluster/runpod/rate_limit.h"

namespace moola::cluster::runpod {

/// How patient a session is.
struct Patience {
  int attempts = 6;                            // of one call, the first included
  std::chrono::milliseconds first_wait{1000};  // doubled from attempt to attempt, of which a random half is taken off
  std::chrono::milliseconds longest_wait{60'000};
  std::chrono::seconds longest_quota_wait{600};  // a quota that is renewed later than this is an error
};

/// The clock that waits are taken on; tests have one of their own. `wait` may throw, to leave.
struct WaitClock {
  std::function<RateLimit::Clock::time_point()> now;
  std::function<void(std::chrono::milliseconds)> wait;
};
WaitClock system_wait_clock();

/// What a call does when its answer is lost.
enum class WhenLost {
  send_again,  // it can be carried out twice without harm
  throw_it,    // LostAnswer: the caller looks what became of it
};

/// Calls of RunPod's REST interface: JSON there and back, with the key, the quota and the retries.
///
/// A request that could not be sent, a 429 (after Retry-After) and, with `send_again`, a lost answer and a 5xx are
/// tried again; every other answer above 299 is an ApiError at once. Not thread-safe. Source: the retry table of
/// createPod in RunPod's API reference, v2.
class ApiSession {
 public:
  ApiSession(ApiKey key, HttpConnection connection, Patience patience = {}, WaitClock clock = system_wait_clock());

  /// The answer's JSON; null for one without a body. Throws ApiError, LostAnswer.
  Json call(const std::string& method, const std::string& path, const std::optional<Json>& body, WhenLost when_lost);

  /// Waits as before attempt `number` (2 is the first repetition).
  void wait_before_attempt(int number);

  const ApiKey& key() const { return key_; }
  const HttpConnection& connection() const { return connection_; }
  const Patience& patience() const { return patience_; }
  const WaitClock& clock() const { return clock_; }

  /// The request with the headers that every one has.
  HttpRequest request(const std::string& method, const std::string& path) const;
  /// The error that an answer above 299 is: what was asked, what RunPod said, what to do.
  ApiError error_of(const std::string& method, const std::string& path, const HttpAnswer& answer) const;

 private:
  ApiKey key_;
  HttpConnection connection_;
  Patience patience_;
  WaitClock clock_;
  RateLimit limit_;
  std::minstd_rand jitter_;

  void wait_for_quota();
  void wait_after_429(const HttpAnswer& answer, int attempt);
};

/// `text` so that it can stand in a path or a query: all but letters, digits and -._~ as %XX.
std::string url_encoded(std::string_view text);

}  // namespace moola::cluster::runpod
