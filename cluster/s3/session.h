#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "cluster/http/http_connection.h"
#include "cluster/s3/credentials.h"
#include "cluster/s3/endpoint.h"
#include "cluster/s3/s3_error.h"
#include "cluster/s3/xml_element.h"

namespace moola::cluster::s3 {

/// How patient a session is.
struct Patience {
  int attempts = 8;                            // of one call, the first included
  std::chrono::milliseconds first_wait{1000};  // doubled from attempt to attempt, of which a random half is taken off
  std::chrono::milliseconds longest_wait{30'000};
  /// The longest silence of the server. The interface reads a file that a pod has written through once before it first
  /// says anything about it, for its MD5, and puts parts together before it says that it has.
  Duration quiet = Duration::seconds(300);
  /// Waits that long; tests have another. May throw, to leave. Called by several threads.
  std::function<void(std::chrono::milliseconds)> wait = {};  // empty: sleeps
};

/// A call of the interface.
struct S3Call {
  std::string method, key = {};                                   // without a key: of the bucket
  std::vector<std::pair<std::string, std::string>> query = {};    // not encoded
  std::vector<std::pair<std::string, std::string>> headers = {};  // beside those that every call has
  std::string body = {};
  HttpSource source = {};                                     // a body that lies elsewhere
  std::string source_sha256 = {};                             // of its bytes
  std::function<HttpSink(const HttpAnswer& head)> open = {};  // as HttpConnection::transfer takes it
};

/// Signed calls to one bucket. Every call has a connection of its own, so any number of threads may make them.
class Session {
 public:
  /// Throws ConfigError for what is no address.
  Session(Credentials keys, Endpoint endpoint, Patience patience = {});

  /// One attempt. Throws S3Error for everything but an answer of status 200 to 299.
  HttpAnswer attempt(const S3Call& call) const;
  /// Attempts until one goes through. What passes (a broken connection, silence, 408, 429, 5xx but 501 and 507) is
  /// tried again after a wait, as long as the server asks for if it does; what does not (403, 404, …) is thrown at
  /// once.
  HttpAnswer call(const S3Call& call) const;
  /// The same for several calls that only make sense together.
  void retry(const std::function<void()>& action) const;

  /// The body of an answer as XML whose first element's name begins so ("ListParts": servers end it in different ways).
  /// Throws S3Error, which passes, for anything else: a page of a proxy's, half an answer, or the error that S3 sends
  /// behind a status of 200.
  XmlElement xml(const S3Call& call, const HttpAnswer& answer, std::string_view root) const;
  /// `call` and `xml`, tried again together.
  XmlElement ask(const S3Call& call, std::string_view root) const;

  /// Waits as before attempt `number` (2 is the first repetition).
  void wait_before_attempt(int number) const;
  void wait(std::chrono::milliseconds length) const;

  const Endpoint& endpoint() const { return endpoint_; }
  const Patience& patience() const { return patience_; }
  /// "s3://volume/key", for messages.
  std::string name_of(const std::string& key) const;

 private:
  Credentials keys_;
  Endpoint endpoint_;
  Patience patience_;
  HttpConnection connection_;
  std::unique_ptr<std::mutex> jitter_guard_ = std::make_unique<std::mutex>();
  mutable std::minstd_rand jitter_;

  HttpRequest signed_request(const S3Call& call) const;
  S3Error error_of(const S3Call& call, int status, const XmlElement* said, const HttpAnswer& answer) const;
};

}  // namespace moola::cluster::s3
