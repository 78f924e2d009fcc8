#include "cluster/runpod/http_connection.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <optional>

#include "base/subprocess.h"
#include "runpod_server.h"
#include "support/messages.h"
#include "support/temporary_folder.h"

using namespace moola;
using namespace moola::test;
using namespace moola::cluster::runpod;

namespace {

HttpRequest list_pods() {
  return {.method = "GET", .path = "/v2/pods", .headers = {{"Authorization", std::string("Bearer ") + kTestKey}}};
}

// What kind of failure comes, and how long it took.
struct Failed {
  std::string message;
  bool may_have_arrived = false, hopeless = false;
  double seconds = 0;
};
std::optional<Failed> failure_of(const HttpConnection& connection, const HttpRequest& request) {
  const auto begin = std::chrono::steady_clock::now();
  try {
    connection.send(request);
  } catch (const HttpFailure& failure) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    return Failed{failure.what(), failure.may_have_arrived(), failure.hopeless(), took.count()};
  }
  return std::nullopt;
}

// A certificate that signs itself, for the names given, and its private key.
struct Certificate {
  TemporaryFolder folder;
  std::string file = (folder / "certificate.pem").string(), key = (folder / "key.pem").string();
  explicit Certificate(const std::string& names) {
    const ProcessResult made =
        run_process({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test",
                     "-addext", "subjectAltName=" + names, "-keyout", key, "-out", file});
    BOOST_REQUIRE_MESSAGE(made.exit_code == 0, made.errors);
  }
  ~Certificate() { ::unsetenv("SSL_CERT_FILE"); }
  std::vector<std::string> arguments() const { return {"--certificate", file, "--private", key}; }
  void trust() const { ::setenv("SSL_CERT_FILE", file.c_str(), 1); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(http_connection)

BOOST_AUTO_TEST_CASE(a_key_is_not_sent_unencrypted_over_the_network) {
  for (const char* url : {"http://api.runpod.io", "http://127.0.0.1.example.com", "http://10.0.0.1:8080"}) {
    BOOST_TEST(holds(refusal_of([&] { HttpConnection(url, {}); }), "unencrypted"));
  }
  for (const char* url : {"", "api.runpod.io", "https://", "https://a b", "https://host:0", "https://host:70000",
                          "https://host:1x", "https://user@host", "https://host/path", "ftp://host"}) {
    BOOST_TEST(holds(refusal_of([&] { HttpConnection(url, {}); }), "no address of a server"));
  }
  BOOST_TEST(HttpConnection("https://api.runpod.io/", {}).url() == "https://api.runpod.io");
  BOOST_TEST(HttpConnection("http://localhost:80", {}).url() == "http://localhost:80");
}

BOOST_AUTO_TEST_CASE(an_answer_comes_with_its_status_headers_and_body) {
  RunpodServer server;
  const HttpConnection connection(server.url(), short_limits());
  const HttpAnswer good = connection.send(list_pods());
  BOOST_TEST(good.status == 200);
  BOOST_TEST(good.body == "{\"pods\": []}");
  BOOST_TEST(good.headers.at("content-type") == "application/json");
  const HttpAnswer refused = connection.send({.method = "GET", .path = "/v2/pods"});
  BOOST_TEST(refused.status == 401);
  BOOST_TEST(holds(refused.body, "invalid bearer token"));
}

BOOST_AUTO_TEST_CASE(a_redirection_is_not_followed) {
  RunpodServer server;
  server.misbehave("GET /v2/pods", {{"status", 307}, {"headers", {{"Location", "http://localhost:1/"}}}});
  BOOST_TEST(HttpConnection(server.url(), short_limits()).send(list_pods()).status == 307);
  BOOST_TEST(server.requests("GET") == 1);
}

BOOST_AUTO_TEST_CASE(half_an_answer_silence_and_a_trickle_end_in_time) {
  RunpodServer server;
  const HttpConnection connection(server.url(), short_limits());
  for (const char* kind : {"half", "close", "silent", "trickle"}) {
    server.misbehave("GET /v2/pods", {{"kind", kind}});
    const std::optional<Failed> failed = failure_of(connection, list_pods());
    BOOST_TEST_REQUIRE(failed.has_value(), kind);
    BOOST_TEST(failed->may_have_arrived);
    BOOST_TEST(!failed->hopeless);
    BOOST_TEST(failed->seconds < 30.0, kind);
    BOOST_TEST(failed->message.find(kTestKey) == std::string::npos);
  }
  server.misbehave("GET /v2/pods", {{"kind", "trickle"}});
  BOOST_TEST(holds(failure_of(connection, list_pods())->message, "no whole answer in 6s"));
}

BOOST_AUTO_TEST_CASE(an_answer_without_end_is_bounded) {
  RunpodServer server;
  server.misbehave("GET /v2/pods", {{"kind", "endless"}});
  const auto failed = failure_of(HttpConnection(server.url(), short_limits()), list_pods());
  BOOST_TEST_REQUIRE(failed.has_value());
  BOOST_TEST(holds(failed->message, "more than 1048576 bytes"));
  BOOST_TEST(failed->hopeless);
}

BOOST_AUTO_TEST_CASE(where_nobody_listens_nothing_can_have_arrived) {
  // A port that was given by the system and is free again.
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  BOOST_REQUIRE(::bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0);
  BOOST_REQUIRE(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  ::close(socket);
  const auto failed = failure_of(
      HttpConnection("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)), short_limits()), list_pods());
  BOOST_TEST_REQUIRE(failed.has_value());
  BOOST_TEST(!failed->may_have_arrived);
}

BOOST_AUTO_TEST_CASE(over_tls_only_a_certificate_that_holds_for_the_name_is_talked_to) {
  const Certificate good("IP:127.0.0.1"), other("DNS:somewhere.else");
  RunpodServer server(good.arguments()), stranger(other.arguments());
  const HttpConnection connection(server.url(), short_limits()), elsewhere(stranger.url(), short_limits());
  const auto unknown = failure_of(connection, list_pods());
  BOOST_TEST_REQUIRE(unknown.has_value());
  BOOST_TEST(holds(unknown->message, "certificate does not hold"));
  BOOST_TEST(unknown->hopeless);
  BOOST_TEST(!unknown->may_have_arrived);
  BOOST_TEST(server.requests("") == 0);

  good.trust();
  BOOST_TEST(connection.send(list_pods()).status == 200);
  other.trust();
  const auto wrong_name = failure_of(elsewhere, list_pods());
  BOOST_TEST_REQUIRE(wrong_name.has_value());
  BOOST_TEST(wrong_name->hopeless);
  BOOST_TEST(stranger.requests("") == 0);
}

BOOST_AUTO_TEST_CASE(a_server_that_speaks_no_tls_is_an_error) {
  RunpodServer server;
  const auto failed = failure_of(HttpConnection("https" + server.url().substr(4), short_limits()), list_pods());
  BOOST_TEST_REQUIRE(failed.has_value());
  BOOST_TEST(!failed->may_have_arrived);
}

BOOST_AUTO_TEST_SUITE_END()
