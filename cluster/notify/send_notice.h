#pragma once
#include <chrono>
#include <functional>
#include <string>

#include "cluster/http/http_connection.h"
#include "cluster/job/notify_settings.h"
#include "cluster/notify/notice.h"

namespace moola::cluster {

/// How long a notice may keep its sender.
struct NoticePatience {
  int attempts = 4;
  std::chrono::milliseconds first_wait{1000};  // doubled from attempt to attempt
  std::chrono::milliseconds in_all{60'000};    // waits and attempts together; none is begun that could end later
  HttpLimits limits{.connect = Duration::seconds(10),
                    .read = Duration::seconds(10),
                    .whole = Duration::seconds(20),
                    .body = std::size_t{64} << 10};
  std::function<void(std::chrono::milliseconds)> wait = {};  // instead of sleeping, for tests
};

struct Delivery {
  std::string problem = {};  // one line without the address; empty: it has arrived
  bool permanent = false;    // the same notice would fail again
  int attempts = 0;

  bool arrived() const { return problem.empty(); }
};

/// Posts a notice. Broken connections, a 5xx and a 429 (after its Retry-After) are tried again, so that a notice whose
/// answer was lost may arrive twice; every other answer above 299 is the end. Throws nothing: what went wrong is in the
/// Delivery, for whoever sends has more important work. Whether the settings want the event is asked by the caller.
Delivery send(const NotifySettings& settings, const Notice& notice, const NoticePatience& patience = {}) noexcept;

}  // namespace moola::cluster
