// The one file that knows the HTTP library.
#include "cluster/http/http_connection.h"

#include <fmt/format.h>
#include <httplib.h>
#include <pthread.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <ctime>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/spawn.h"

namespace moola::cluster {
namespace {

using Clock = std::chrono::steady_clock;

// Breaks a request off from beside: the library's own limits start anew with every byte.
class Watchdog {
 public:
  Watchdog(httplib::Client& client, std::optional<Clock::duration> limit, const std::function<bool()>& give_up)
      : thread_([this, &client, limit, give_up] { watch(client, limit, give_up); }) {}
  ~Watchdog() { end(); }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// Whether it had to break the request off.
  bool end() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
    return broken_off_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false, broken_off_ = false;
  std::thread thread_;

  void watch(httplib::Client& client, std::optional<Clock::duration> limit, const std::function<bool()>& give_up) {
    const Clock::time_point begin = Clock::now();
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, std::chrono::milliseconds(100), [this] { return done_; })) {
      lock.unlock();
      const bool over = (limit && Clock::now() - begin > *limit) || (give_up && give_up());
      // Again and again: there may have been no connection yet when it was said last.
      if (over) client.stop();
      lock.lock();
      broken_off_ |= over;
    }
  }
};

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

HttpFailure failure(httplib::Error error, const std::string& url, const HttpRequest& request) {
  const std::string what = fmt::format("{} {}{}", request.method, url, request.path.substr(0, request.path.find('?')));
  switch (error) {
    case httplib::Error::Connection:
    case httplib::Error::BindIPAddress:
      return {what + ": no connection; the name is unknown, the network is down, or nobody listens there", false};
    case httplib::Error::ConnectionTimeout:
      return {what + ": no connection in time", false};
    case httplib::Error::SSLConnection:
      return {what + ": no TLS connection; the server may speak another protocol", false};
    case httplib::Error::SSLLoadingCerts:
      return {what + ": the system's certificate authorities can't be read (Debian: apt install ca-certificates)",
              false, true};
    case httplib::Error::SSLServerVerification:
      return {what + ": the server's certificate does not hold; somebody may stand between", false, true};
    case httplib::Error::Read:
      return {what + ": the answer broke off, or is no HTTP", true};
    default:
      return {what + ": the connection broke while the request was sent", true};
  }
}

std::chrono::microseconds micro(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::nanoseconds(duration.nanoseconds));
}

void prepare(httplib::Client& client, const HttpLimits& limits, Duration silence) {
  client.set_connection_timeout(micro(limits.connect));
  client.set_read_timeout(micro(silence));
  client.set_write_timeout(micro(limits.read));
  client.set_keep_alive(false);
  client.set_follow_location(false);
  client.set_url_encode(false);
  client.enable_server_certificate_verification(true);
}

httplib::Request to_library(const HttpRequest& request) {
  httplib::Request out;
  out.method = request.method;
  out.path = request.path;
  for (const auto& [name, value] : request.headers) out.headers.emplace(name, value);
  if (!request.body.empty()) {
    out.body = request.body;
    if (out.headers.count("Content-Type") == 0) out.headers.emplace("Content-Type", "application/json");
  }
  return out;
}

HttpAnswer head_of(const httplib::Response& response) {
  HttpAnswer answer{.status = response.status};
  for (const auto& [name, value] : response.headers) answer.headers.emplace(lower(name), value);
  return answer;
}

// Sends `source`, a piece at a time. No exception goes through the library: it would leave its connection half closed.
void send_from(const HttpSource& source, httplib::Request& asked, std::exception_ptr& thrown) {
  asked.content_length_ = source.size;
  const auto room = std::make_shared<std::vector<char>>(std::size_t{1} << 18);
  asked.content_provider_ = [&source, &thrown, room](std::size_t offset, std::size_t left, httplib::DataSink& sink) {
    try {
      const std::size_t got = source.read(offset, std::span(*room).first(std::min(room->size(), left)));
      // (A peer that has hung up is the library's to notice.)
      sink.write(room->data(), got);
      return got > 0;
    } catch (...) {
      thrown = std::current_exception();
      return false;
    }
  };
}

// "https://host:port" and nothing after it.
void check_url(const std::string& url) {
  const bool secure = url.starts_with("https://");
  const std::string rest = secure ? url.substr(8) : url.starts_with("http://") ? url.substr(7) : "";
  const std::size_t colon = rest.rfind(':');
  const bool has_port = colon != std::string::npos && !rest.ends_with(']');
  const std::string host = has_port ? rest.substr(0, colon) : rest;
  const bool named = !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-';
  });
  int port = 443;
  if (has_port) {
    const char* end = rest.data() + rest.size();
    const auto [stop, wrong] = std::from_chars(rest.data() + colon + 1, end, port);
    if (wrong != std::errc() || stop != end) port = 0;
  }
  if (!named || port < 1 || port > 65535) {
    throw ConfigError(fmt::format(
        "'{}' is no address of a server: expected https://host or https://host:port, such as https://api.runpod.io.",
        url));
  }
  if (!secure && host != "127.0.0.1" && host != "localhost") {
    throw ConfigError(
        fmt::format("'{}' would send a key over the network unencrypted. Write https://; http:// is for "
                    "127.0.0.1 and localhost alone.",
                    url));
  }
}

}  // namespace

HttpConnection::HttpConnection(std::string url, HttpLimits limits) : url_(std::move(url)), limits_(limits) {
  while (url_.ends_with('/')) url_.pop_back();
  check_url(url_);
}

HttpAnswer HttpConnection::send(const HttpRequest& request) const {
  const BrokenPipeIsNoSignal quiet;
  httplib::Client client(url_);
  prepare(client, limits_, limits_.read);
  std::string body;
  bool too_large = false;
  httplib::Request asked = to_library(request);
  asked.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    too_large = body.size() + size > limits_.body;
    if (!too_large) body.append(data, size);
    return !too_large;
  };
  httplib::Response response;
  httplib::Error error = httplib::Error::Success;
  Watchdog watchdog(client, micro(limits_.whole), nullptr);
  const bool answered = client.send(asked, response, error);
  const bool too_slow = watchdog.end();
  if (!answered) {
    const std::string what =
        fmt::format("{} {}{}", request.method, url_, request.path.substr(0, request.path.find('?')));
    if (too_large)
      throw HttpFailure(fmt::format("{}: the answer has more than {} bytes", what, limits_.body), true, true);
    if (too_slow) throw HttpFailure(fmt::format("{}: no whole answer in {}", what, to_string(limits_.whole)), true);
    throw failure(error, url_, request);
  }
  HttpAnswer answer = head_of(response);
  answer.body = std::move(body);
  return answer;
}

HttpAnswer HttpConnection::stream(const HttpRequest& request, Duration quiet,
                                  const std::function<bool(std::string_view)>& receive,
                                  const std::function<bool()>& give_up) const {
  const BrokenPipeIsNoSignal no_sigpipe;
  httplib::Client client(url_);
  prepare(client, limits_, quiet);
  HttpAnswer answer;
  httplib::Request asked = to_library(request);
  asked.response_handler = [&](const httplib::Response& response) {
    answer = head_of(response);
    return true;
  };
  // No exception goes through the library: it would leave its connection half closed.
  std::exception_ptr thrown;
  asked.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    if (answer.status == 200) {
      try {
        return receive({data, size});
      } catch (...) {
        thrown = std::current_exception();
        return false;
      }
    }
    answer.body.append(data, std::min(size, limits_.body - answer.body.size()));
    return answer.body.size() < limits_.body;
  };
  httplib::Response response;
  httplib::Error error = httplib::Error::Success;
  Watchdog watchdog(client, std::nullopt, give_up);
  const bool answered = client.send(asked, response, error);
  const bool given_up = watchdog.end();
  if (thrown) std::rethrow_exception(thrown);
  if (!answered && answer.status == 0 && !given_up) throw failure(error, url_, request);
  return answer;
}

HttpAnswer HttpConnection::transfer(const HttpRequest& request, const HttpSource& source, Duration quiet,
                                    const std::function<HttpSink(const HttpAnswer& head)>& open) const {
  const BrokenPipeIsNoSignal no_sigpipe;
  httplib::Client client(url_);
  prepare(client, limits_, quiet);
  client.set_write_timeout(micro(quiet));
  client.set_decompress(false);
  httplib::Request asked = to_library(request);
  std::exception_ptr thrown;
  if (source.size > 0) send_from(source, asked, thrown);
  HttpAnswer answer;
  HttpSink sink;
  bool too_large = false;
  asked.response_handler = [&](const httplib::Response& response) {
    try {
      answer = head_of(response);
      if (open) sink = open(answer);
      return true;
    } catch (...) {
      thrown = std::current_exception();
      return false;
    }
  };
  asked.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    try {
      if (sink) {
        sink({data, size});
        return true;
      }
      too_large = answer.body.size() + size > limits_.body;
      if (!too_large) answer.body.append(data, size);
      return !too_large;
    } catch (...) {
      thrown = std::current_exception();
      return false;
    }
  };
  httplib::Response response;
  httplib::Error error = httplib::Error::Success;
  const bool answered = client.send(asked, response, error);
  if (thrown) std::rethrow_exception(thrown);
  if (too_large) {
    throw HttpFailure(fmt::format("{} {}{}: the answer has more than {} bytes", request.method, url_,
                                  request.path.substr(0, request.path.find('?')), limits_.body),
                      true, true);
  }
  if (!answered) throw failure(error, url_, request);
  // (An answer without a body has not been seen on its way.)
  if (answer.status == 0) answer = head_of(response);
  return answer;
}

}  // namespace moola::cluster
