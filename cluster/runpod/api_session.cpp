#include "cluster/runpod/api_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/text_ends.h"
#include "base/version.h"
#include "cluster/http/retry_after.h"

namespace moola::cluster::runpod {
namespace {

constexpr std::size_t kLongestDetail = 600;

// What a person can read of what a server has said: one line, no control characters, not endless.
std::string readable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 127) c = ' ';
  }
  return shortened(text, kLongestDetail, " …");
}

// "detail (first error; second error)" of a problem+json; the beginning of any other body.
std::string detail_of(const HttpAnswer& answer) {
  const Json problem = Json::parse(answer.body, nullptr, false);
  if (!problem.is_object()) {
    if (answer.body.empty()) return "no further word";
    return fmt::format("{} bytes that are no JSON, beginning with: {}", answer.body.size(),
                       readable(answer.body.substr(0, 100)));
  }
  const auto text = [&](const char* name) {
    const auto found = problem.find(name);
    return found != problem.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  std::string out = text("detail").empty() ? text("title") : text("detail");
  std::string errors;
  if (const auto found = problem.find("errors"); found != problem.end() && found->is_array()) {
    for (const Json& one : *found) {
      if (one.is_string()) errors += (errors.empty() ? "" : "; ") + one.get<std::string>();
    }
  }
  if (!errors.empty()) out += " (" + errors + ")";
  return out.empty() ? "no further word" : readable(out);
}

std::string advice(int status, const ApiKey& key) {
  switch (status) {
    case 400:
      return "The request breaks a rule, or there is no capacity.";
    case 401:
      return fmt::format(
          "The key in {} is not, or no longer, one of RunPod's. Make another in the console (Settings, "
          "API Keys).",
          key.source());
    case 402:
      return "The account's balance does not cover it. Add credit in the console (Billing).";
    case 403:
      return fmt::format("The key in {} may not do this, or the account has no access to what was asked for.",
                         key.source());
    case 404:
      return "It is gone, or belongs to another account.";
    case 409:
      return "Its state does not allow that now.";
    case 422:
      return "The request is not what RunPod's interface takes; this version of Moola may be older than the interface.";
    case 429:
      return "The account's quota of requests is used up. Try again later.";
    default:
      return status >= 500 ? "That is a failure of RunPod's. Try again later." : "That is no answer Moola knows.";
  }
}

}  // namespace

WaitClock system_wait_clock() {
  return {RateLimit::Clock::now, [](std::chrono::milliseconds length) { std::this_thread::sleep_for(length); }};
}

std::string url_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

ApiSession::ApiSession(ApiKey key, HttpConnection connection, Patience patience, WaitClock clock)
    : key_(std::move(key)),
      connection_(std::move(connection)),
      patience_(patience),
      clock_(std::move(clock)),
      jitter_(std::random_device{}()) {}

HttpRequest ApiSession::request(const std::string& method, const std::string& path) const {
  return {.method = method,
          .path = path,
          .headers = {{"Authorization", key_.authorization()},
                      {"Accept", "application/json"},
                      {"User-Agent", "moola/" + code_version()}}};
}

ApiError ApiSession::error_of(const std::string& method, const std::string& path, const HttpAnswer& answer) const {
  const std::string detail = key_.hide(detail_of(answer));
  return {fmt::format("RunPod answered {} {} with {}: {}. {}", method, path.substr(0, path.find('?')), answer.status,
                      detail, advice(answer.status, key_)),
          answer.status, detail};
}

void ApiSession::wait_before_attempt(int number) {
  const int doublings = std::clamp(number - 2, 0, 20);
  const auto full = std::min<std::int64_t>(patience_.first_wait.count() << doublings, patience_.longest_wait.count());
  clock_.wait(std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(full / 2, full)(jitter_)));
}

void ApiSession::wait_for_quota() {
  const std::optional<RateLimit::Wait> wait = limit_.wait_at(clock_.now());
  if (!wait) return;
  if (wait->length > patience_.longest_quota_wait) {
    throw ApiError(fmt::format("RunPod's quota of requests for the {} is used up; it is renewed in {}. Try again then.",
                               readable(wait->window), readable_seconds(static_cast<double>(wait->length.count()))),
                   429, "quota used up");
  }
  clock_.wait(wait->length);
}

void ApiSession::wait_after_429(const HttpAnswer& answer, int attempt) {
  const auto header = answer.headers.find("retry-after");
  const auto asked = header == answer.headers.end() ? std::nullopt : retry_after(header->second);
  if (!asked) return wait_before_attempt(attempt + 1);
  if (*asked > patience_.longest_quota_wait) {
    throw ApiError(fmt::format("RunPod's quota of requests is used up; it asks to come back in {}. Try again then.",
                               readable_seconds(static_cast<double>(asked->count()))),
                   429, "quota used up");
  }
  clock_.wait(*asked);
}

Json ApiSession::call(const std::string& method, const std::string& path, const std::optional<Json>& body,
                      WhenLost when_lost) {
  HttpRequest asked = request(method, path);
  if (body) asked.body = json_text(*body);
  const std::string where = method + " " + path.substr(0, path.find('?'));
  for (int attempt = 1;; ++attempt) {
    const bool last = attempt >= patience_.attempts;
    wait_for_quota();
    HttpAnswer answer;
    try {
      answer = connection_.send(asked);
    } catch (const HttpFailure& failure) {
      const std::string what = key_.hide(failure.what());
      const std::string message = fmt::format("RunPod could not be asked: {}.{}", what,
                                              attempt > 1 ? fmt::format(" That was attempt {}.", attempt) : "");
      if (failure.may_have_arrived() && when_lost == WhenLost::throw_it) throw LostAnswer(message, 0, what);
      if (failure.hopeless() || last) throw ApiError(message, 0, what);
      wait_before_attempt(attempt + 1);
      continue;
    }
    if (const auto header = answer.headers.find("ratelimit"); header != answer.headers.end()) {
      limit_.read(header->second, clock_.now());
    }
    if (answer.status == 429 && !last) {
      wait_after_429(answer, attempt);
      continue;
    }
    if (answer.status >= 500) {
      const ApiError error = error_of(method, path, answer);
      if (when_lost == WhenLost::throw_it) throw LostAnswer(error.what(), error.status(), error.detail());
      if (last) throw error;
      wait_before_attempt(attempt + 1);
      continue;
    }
    if (answer.status < 200 || answer.status > 299) throw error_of(method, path, answer);
    if (answer.body.empty()) return nullptr;
    try {
      // What stands in an answer ends up in messages.
      return parse_json(key_.hide(std::move(answer.body)), "RunPod's answer to " + where);
    } catch (const DataError& error) {
      const std::string what = key_.hide(readable(error.what()));
      if (when_lost == WhenLost::throw_it) throw LostAnswer(what, 0, what);
      if (last) throw ApiError(what, 0, what);
      wait_before_attempt(attempt + 1);
    }
  }
}

}  // namespace moola::cluster::runpod
