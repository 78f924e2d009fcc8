#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/duration.h"

namespace moola::cluster {

struct HttpRequest {
  std::string method, path;  // "POST", "/v2/pods?x=1": the query is already encoded
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};  // JSON, unless a header says Content-Type; empty: none
};

/// A request's body that stays where it lies, such as a part of a file.
struct HttpSource {
  std::uint64_t size = 0;  // bytes
  /// Fills the beginning of `room` with the bytes from `offset` on, and says how many they are: at least one.
  std::function<std::size_t(std::uint64_t offset, std::span<char> room)> read = {};
};

/// Takes the next piece of an answer's body.
using HttpSink = std::function<void(std::string_view)>;

struct HttpAnswer {
  int status = 0;
  std::map<std::string, std::string> headers = {};  // names in lower case
  std::string body = {};
};

/// No whole answer came.
class HttpFailure : public std::runtime_error {
 public:
  HttpFailure(const std::string& message, bool may_have_arrived, bool hopeless = false)
      : std::runtime_error(message), may_have_arrived_(may_have_arrived), hopeless_(hopeless) {}
  /// The request may have reached the server and been carried out.
  bool may_have_arrived() const { return may_have_arrived_; }
  /// It would fail the same way again: a certificate that does not hold, an answer that is too large.
  bool hopeless() const { return hopeless_; }

 private:
  bool may_have_arrived_, hopeless_;
};

struct HttpLimits {
  Duration connect = Duration::seconds(10), read = Duration::seconds(30), whole = Duration::seconds(60);
  std::size_t body = std::size_t{32} << 20;  // bytes of an answer, unpacked
};

/// Requests to one server, each over a connection of its own; with TLS, the server's certificate is checked against the
/// system's authorities (SSL_CERT_FILE names others). Redirections are not followed: the key would go elsewhere.
class HttpConnection {
 public:
  /// `url`: "https://host" or "https://host:port"; http:// for this machine alone (127.0.0.1, localhost), because a key
  /// travels along. Throws ConfigError.
  HttpConnection(std::string url, HttpLimits limits);

  const std::string& url() const { return url_; }

  /// Throws HttpFailure. Any status is an answer.
  HttpAnswer send(const HttpRequest& request) const;

  /// An answer that arrives bit by bit: each piece of a body of status 200 goes to `receive`, which ends it by saying
  /// false; `give_up` is asked ten times a second and ends it by saying true. Ends quietly, too, when the server closes
  /// the connection or is silent for `quiet`; the limit of the whole does not hold. The answer's body is there for
  /// other statuses only. Throws HttpFailure when no answer came.
  HttpAnswer stream(const HttpRequest& request, Duration quiet, const std::function<bool(std::string_view)>& receive,
                    const std::function<bool()>& give_up) const;

  /// A request, an answer, or both that are larger than memory. They may take as long as they take while bytes go to or
  /// fro; `quiet` is the longest silence. The body is `source`, where that has bytes. `open` gets the head of an answer
  /// that has a body, and says where that goes; to an empty sink: into the answer, up to the limit. Without `open` all
  /// goes there. What `read`, `open` and the sink throw comes out of here. Throws HttpFailure when the answer is not
  /// whole; a server that refuses a body before it has read it is seen as a broken connection.
  HttpAnswer transfer(const HttpRequest& request, const HttpSource& source, Duration quiet,
                      const std::function<HttpSink(const HttpAnswer& head)>& open = {}) const;

 private:
  std::string url_;
  HttpLimits limits_;
};

}  // namespace moola::cluster
