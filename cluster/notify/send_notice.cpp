#include "cluster/notify/send_notice.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <thread>

#include "base/error.h"
#include "base/version.h"
#include "cluster/http/retry_after.h"
#include "cluster/notify/notice_text.h"
#include "cluster/notify/webhook.h"

namespace moola::cluster {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kLongestAnswer = 200;

milliseconds length_of(Duration duration) {
  return std::chrono::duration_cast<milliseconds>(std::chrono::nanoseconds(duration.nanoseconds));
}

// Slack answers in a word, such as no_service.
std::string said(const HttpAnswer& answer) {
  const std::string out = readable_text(answer.body.substr(0, kLongestAnswer));
  return out.empty() ? "no further word" : out;
}

std::string advice(int status) {
  if (status >= 300 && status < 400) return " It points elsewhere; give the last address.";
  if (status == 401 || status == 403) return " It does not take messages from us.";
  if (status == 404 || status == 410) return " The webhook, or its channel, is gone; make another.";
  if (status == 413) return " The message is too long for it.";
  return {};
}

class Sender {
 public:
  Sender(const Webhook& webhook, const NotifySettings& settings, const Notice& notice, const NoticePatience& patience)
      : webhook_(webhook),
        patience_(patience),
        connection_(webhook.server(), patience.limits),
        request_{.method = "POST",
                 .path = webhook.path(),
                 .headers = {{"User-Agent", "moola/" + code_version()}},
                 .body = settings.format == "json" ? json_body(notice) : slack_body(notice)} {}

  Delivery send() {
    for (out_.attempts = 1;; ++out_.attempts) {
      milliseconds wait = patience_.first_wait * (1 << std::min(out_.attempts - 1, 20));
      if (try_once(wait)) return out_;
      const bool late = spent_ + wait + length_of(patience_.limits.whole) > patience_.in_all;
      if (out_.permanent || out_.attempts >= patience_.attempts || late) return out_;
      spent_ += wait;
      if (patience_.wait)
        patience_.wait(wait);
      else
        std::this_thread::sleep_for(wait);
    }
  }

 private:
  const Webhook& webhook_;
  const NoticePatience& patience_;
  HttpConnection connection_;
  HttpRequest request_;
  milliseconds spent_{};
  Delivery out_;

  // Whether it has arrived; if not, `wait` may be the server's to say.
  bool try_once(milliseconds& wait) {
    const Clock::time_point begin = Clock::now();
    const auto spend = [&] { spent_ += std::chrono::duration_cast<milliseconds>(Clock::now() - begin); };
    try {
      const HttpAnswer answer = connection_.send(request_);
      spend();
      if (answer.status >= 200 && answer.status <= 299) {
        out_.problem.clear();
        return true;
      }
      out_.permanent = answer.status < 500 && answer.status != 429;
      out_.problem = webhook_.hide(fmt::format("the webhook in {} answered {}: {}.{}", webhook_.source(), answer.status,
                                               said(answer), advice(answer.status)));
      const auto header = answer.headers.find("retry-after");
      const auto asked = header == answer.headers.end() ? std::nullopt : retry_after(header->second);
      if (asked && !out_.permanent) wait = *asked;
    } catch (const HttpFailure& failure) {
      spend();
      out_.permanent = failure.hopeless();
      out_.problem =
          webhook_.hide(fmt::format("the webhook in {} could not be reached: {}", webhook_.source(), failure.what()));
    }
    return false;
  }
};

}  // namespace

Delivery send(const NotifySettings& settings, const Notice& notice, const NoticePatience& patience) noexcept {
  try {
    try {
      const Webhook webhook = read_webhook(settings);
      return Sender(webhook, settings, notice, patience).send();
    } catch (const Error& error) {
      return {.problem = error.what(), .permanent = error.exit_code() == ExitCode::permanent};
    } catch (const std::exception& error) {
      return {.problem = fmt::format("the notice could not be sent: {}", error.what())};
    }
  } catch (...) {  // no memory to say so, either
    return {.problem = "not sent"};
  }
}

}  // namespace moola::cluster
