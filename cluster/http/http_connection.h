#pragma once
#include <cstddef>
#include <functional>
#include <map>
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
  std::string body = {};  // JSON; empty: none
};

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

 private:
  std::string url_;
  HttpLimits limits_;
};

}  // namespace moola::cluster
