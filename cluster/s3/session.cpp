#include "cluster/s3/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "base/sha256.h"
#include "base/utc_time.h"
#include "base/version.h"
#include "cluster/http/retry_after.h"
#include "cluster/s3/object_key.h"
#include "cluster/s3/signature.h"

namespace moola::cluster::s3 {
namespace {

constexpr std::size_t kLongestDetail = 300;
constexpr std::chrono::seconds kLongestAskedWait{600};

// What a person can read of what a server has said: one line, no control characters, not endless.
std::string readable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 127) c = ' ';
  }
  if (text.size() > kLongestDetail) {
    std::size_t end = kLongestDetail;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end) + " …";
  }
  return text;
}

bool passes(int status, const std::string& code) {
  if (status == 501 || status == 507) return false;
  return status >= 500 || status == 408 || status == 429 || code == "RequestTimeout" || code == "SlowDown" ||
         code == "InternalError" || code == "ServiceUnavailable";
}

std::string advice(int status, const std::string& code, const Credentials& keys) {
  if (code == "RequestTimeTooSkewed") return "This machine's clock is wrong by an hour or more. Set it.";
  if (code == "InvalidAccessKeyId" || code == "SignatureDoesNotMatch" || status == 401) {
    return fmt::format(
        "The S3 key in {} is not, or no longer, one of RunPod's. Make another in the console (Settings, S3 API Keys); "
        "the key of the REST interface does not do.",
        keys.source());
  }
  if (code == "XAmzContentSHA256Mismatch" || code == "BadDigest")
    return "Something has changed the file while it was sent. Send it again when nothing writes to it.";
  if (code == "NoSuchBucket") return "There is no such volume, or it belongs to another account or data centre.";
  switch (status) {
    case 403:
      return fmt::format(
          "The S3 key in {} may not do this, or the volume belongs to another account. It takes an S3 key of RunPod's; "
          "the key of the REST interface does not do.",
          keys.source());
    case 404:
      return "There is no such file.";
    case 413:
      return "The server takes no body of that size.";
    case 429:
      return "There were too many requests. Try again later.";
    case 501:
      return "RunPod has not built that.";
    case 507:
      return "The volume is full. Remove something, or make it larger in the console.";
    default:
      return status >= 500 ? "That is a failure of RunPod's. Try again later." : "That is no answer Moola knows.";
  }
}

}  // namespace

Session::Session(Credentials keys, Endpoint endpoint, Patience patience)
    : keys_(std::move(keys)),
      endpoint_(std::move(endpoint)),
      patience_(std::move(patience)),
      connection_(endpoint_.url, HttpLimits{}),
      jitter_(std::random_device{}()) {}

std::string Session::name_of(const std::string& key) const {
  return fmt::format("s3://{}/{}", endpoint_.bucket, key);
}

HttpRequest Session::signed_request(const S3Call& call) const {
  const std::string& url = connection_.url();
  SignedParts parts{
      .method = call.method,
      .path = "/" + endpoint_.bucket + (call.key.empty() ? "" : "/" + call.key),
      .query = call.query,
      .headers = {{"host", url.substr(url.find("://") + 3)},
                  {"x-amz-content-sha256", call.source.size > 0 ? call.source_sha256 : sha256_hex(call.body)},
                  {"x-amz-date", utc_compact(utc_now())}}};
  HttpRequest out{.method = call.method, .path = encoded_path(parts.path), .headers = call.headers, .body = call.body};
  if (!call.query.empty()) out.path += "?" + canonical_query(call.query);
  out.headers.insert(out.headers.end(), {{"Host", parts.headers.at("host")},
                                         {"x-amz-content-sha256", parts.headers.at("x-amz-content-sha256")},
                                         {"x-amz-date", parts.headers.at("x-amz-date")},
                                         {"Authorization", authorization(parts, keys_, endpoint_.region)},
                                         {"Accept-Encoding", "identity"},
                                         {"User-Agent", "moola/" + code_version()}});
  if (!call.body.empty()) out.headers.emplace_back("Content-Type", "application/xml");
  return out;
}

S3Error Session::error_of(const S3Call& call, int status, const XmlElement* said, const HttpAnswer& answer) const {
  const std::string code = said != nullptr ? said->text_of("Code") : "";
  std::string detail;
  if (said != nullptr)
    detail = code + (said->has("Message") ? ": " + said->text_of("Message") : "");
  else if (answer.body.empty())
    detail = "no further word";
  else
    detail = fmt::format("{} bytes that are no answer of S3's, beginning with: {}", answer.body.size(),
                         answer.body.substr(0, 100));
  std::optional<std::chrono::seconds> asked;
  if (const auto header = answer.headers.find("retry-after"); header != answer.headers.end())
    asked = retry_after(header->second);
  const bool again = passes(status, code);
  return {fmt::format("RunPod's S3 interface answered {} {} with {}: {}. {}", call.method, name_of(call.key), status,
                      readable(keys_.hide(detail)), advice(status, code, keys_)),
          status, code, again, asked};
}

HttpAnswer Session::attempt(const S3Call& call) const {
  HttpAnswer answer;
  try {
    const auto open = [&](const HttpAnswer& head) {
      return call.open && head.status >= 200 && head.status < 300 ? call.open(head) : HttpSink();
    };
    answer = connection_.transfer(signed_request(call), call.source, patience_.quiet, open);
  } catch (const HttpFailure& failure) {
    throw S3Error(fmt::format("RunPod's S3 interface could not be asked: {}.", keys_.hide(failure.what())), 0, "",
                  !failure.hopeless());
  }
  if (answer.status >= 200 && answer.status < 300) return answer;
  std::optional<XmlElement> said;
  try {
    said = parse_xml(answer.body, "an error");
    if (said->name != "Error") said.reset();
  } catch (const DataError&) {
    // A page of a proxy's, or nothing: the status says enough.
  }
  throw error_of(call, answer.status, said ? &*said : nullptr, answer);
}

void Session::wait(std::chrono::milliseconds length) const {
  if (patience_.wait)
    patience_.wait(length);
  else
    std::this_thread::sleep_for(length);
}

void Session::wait_before_attempt(int number) const {
  const int doublings = std::clamp(number - 2, 0, 20);
  const auto full = std::min<std::int64_t>(patience_.first_wait.count() << doublings, patience_.longest_wait.count());
  std::int64_t length = 0;
  {
    const std::lock_guard lock(*jitter_guard_);
    length = std::uniform_int_distribution<std::int64_t>(full / 2, full)(jitter_);
  }
  wait(std::chrono::milliseconds(length));
}

void Session::retry(const std::function<void()>& action) const {
  for (int attempt = 1;; ++attempt) {
    try {
      return action();
    } catch (const S3Error& error) {
      if (!error.passes() || attempt >= patience_.attempts) throw;
      if (error.retry_after() && *error.retry_after() <= kLongestAskedWait)
        wait(*error.retry_after());
      else
        wait_before_attempt(attempt + 1);
    }
  }
}

HttpAnswer Session::call(const S3Call& call) const {
  HttpAnswer answer;
  retry([&] { answer = attempt(call); });
  return answer;
}

XmlElement Session::xml(const S3Call& call, const HttpAnswer& answer, std::string_view root) const {
  const std::string what = fmt::format("RunPod's answer to {} {}", call.method, name_of(call.key));
  XmlElement said;
  try {
    said = parse_xml(answer.body, what);
  } catch (const DataError& error) {
    throw S3Error(readable(keys_.hide(error.what())), 0, "", true);
  }
  // (A failure after the status was sent. S3 does that when parts are put together.)
  if (said.name == "Error") throw error_of(call, said.text_of("Code") == "InternalError" ? 500 : 400, &said, answer);
  if (!said.name.starts_with(root)) {
    throw S3Error(fmt::format("{} is a {}, where a {} was expected.", what, readable(said.name), root), 0, "", true);
  }
  return said;
}

XmlElement Session::ask(const S3Call& call, std::string_view root) const {
  XmlElement out;
  retry([&] { out = xml(call, attempt(call), root); });
  return out;
}

}  // namespace moola::cluster::s3
