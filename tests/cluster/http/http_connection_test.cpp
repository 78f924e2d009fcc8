#include "cluster/http/http_connection.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <span>
#include <stdexcept>

#include "base/subprocess.h"
#include "certificate.h"
#include "cluster/http/retry_after.h"
#include "support/messages.h"
#include "test_server.h"

using namespace moola;
using namespace moola::test;
using namespace moola::cluster;

namespace {

constexpr const char* kKey = "TESTKEY0123456789abcdef";

HttpRequest question() {
  return {.method = "GET", .path = "/things?x=1", .headers = {{"Authorization", std::string("Bearer ") + kKey}}};
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
  PlainServer server;
  const HttpConnection connection(server.url(), short_limits());
  server.misbehave("GET /things", {{"status", 401}, {"detail", "who are you?"}, {"headers", {{"X-Why", "no key"}}}});
  const HttpAnswer refused = connection.send(question());
  BOOST_TEST(refused.status == 401);
  BOOST_TEST(refused.body == "who are you?");
  BOOST_TEST(refused.headers.at("x-why") == "no key");
  const HttpAnswer good = connection.send(question());
  BOOST_TEST(good.status == 200);
  BOOST_TEST(good.body == "ok");
  BOOST_TEST(server.requests()[1]["headers"]["authorization"] == std::string("Bearer ") + kKey);
}

BOOST_AUTO_TEST_CASE(a_redirection_is_not_followed) {
  PlainServer server;
  server.misbehave("GET /things", {{"status", 307}, {"headers", {{"Location", "http://localhost:1/"}}}});
  BOOST_TEST(HttpConnection(server.url(), short_limits()).send(question()).status == 307);
  BOOST_TEST(server.requests("GET") == 1);
}

BOOST_AUTO_TEST_CASE(half_an_answer_silence_and_a_trickle_end_in_time) {
  PlainServer server;
  const HttpConnection connection(server.url(), short_limits());
  for (const char* kind : {"half", "close", "silent", "trickle"}) {
    server.misbehave("GET /things", {{"kind", kind}});
    const std::optional<Failed> failed = failure_of(connection, question());
    BOOST_TEST_REQUIRE(failed.has_value(), kind);
    BOOST_TEST(failed->may_have_arrived);
    BOOST_TEST(!failed->hopeless);
    BOOST_TEST(failed->seconds < 30.0, kind);
    BOOST_TEST(failed->message.find(kKey) == std::string::npos);
  }
  server.misbehave("GET /things", {{"kind", "trickle"}});
  BOOST_TEST(holds(failure_of(connection, question())->message, "no whole answer in 6s"));
}

BOOST_AUTO_TEST_CASE(an_answer_without_end_is_bounded) {
  PlainServer server;
  server.misbehave("GET /things", {{"kind", "endless"}});
  const auto failed = failure_of(HttpConnection(server.url(), short_limits()), question());
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
      HttpConnection("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)), short_limits()), question());
  BOOST_TEST_REQUIRE(failed.has_value());
  BOOST_TEST(!failed->may_have_arrived);
}

BOOST_AUTO_TEST_CASE(over_tls_only_a_certificate_that_holds_for_the_name_is_talked_to) {
  const Certificate good("IP:127.0.0.1"), other("DNS:somewhere.else");
  PlainServer server(good.arguments()), stranger(other.arguments());
  const HttpConnection connection(server.url(), short_limits()), elsewhere(stranger.url(), short_limits());
  const auto unknown = failure_of(connection, question());
  BOOST_TEST_REQUIRE(unknown.has_value());
  BOOST_TEST(holds(unknown->message, "certificate does not hold"));
  BOOST_TEST(unknown->hopeless);
  BOOST_TEST(!unknown->may_have_arrived);
  BOOST_TEST(server.requests("") == 0);

  good.trust();
  BOOST_TEST(connection.send(question()).status == 200);
  other.trust();
  const auto wrong_name = failure_of(elsewhere, question());
  BOOST_TEST_REQUIRE(wrong_name.has_value());
  BOOST_TEST(wrong_name->hopeless);
  BOOST_TEST(stranger.requests("") == 0);
}

BOOST_AUTO_TEST_CASE(a_server_that_speaks_no_tls_is_an_error) {
  PlainServer server;
  const auto failed = failure_of(HttpConnection("https" + server.url().substr(4), short_limits()), question());
  BOOST_TEST_REQUIRE(failed.has_value());
  BOOST_TEST(!failed->may_have_arrived);
}

// A body of numbered lines, read in pieces of odd sizes.
struct Lines {
  std::string text;
  explicit Lines(int count) {
    for (int i = 0; i < count; ++i) text += std::to_string(i) + "\n";
  }
  HttpSource source() const {
    return {text.size(), [this](std::uint64_t at, std::span<char> room) {
              return text.copy(room.data(), std::min<std::size_t>(room.size(), 100'003), static_cast<std::size_t>(at));
            }};
  }
};

BOOST_AUTO_TEST_CASE(a_body_is_sent_from_where_it_lies_and_an_answer_goes_where_it_should) {
  const Certificate certificate("IP:127.0.0.1");
  certificate.trust();
  PlainServer plain, tls(certificate.arguments());
  const Lines lines(200'000);
  for (PlainServer* server : {&plain, &tls}) {
    const HttpConnection connection(server->url(), short_limits());
    const HttpRequest request{.method = "POST", .path = "/things", .headers = {{"Content-Type", "text/plain"}}};
    std::string got;
    int opened = 0;
    const HttpAnswer answer =
        connection.transfer(request, lines.source(), Duration::seconds(4), [&](const HttpAnswer& head) -> HttpSink {
          ++opened;
          if (head.status != 200) return {};
          return [&](std::string_view piece) { got += piece; };
        });
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(got == "ok");
    BOOST_TEST(answer.body == "");
    BOOST_TEST(opened == 1);
    const Json asked = server->requests()[0];
    BOOST_TEST((asked["body"].get<std::string>() == lines.text));
    BOOST_TEST(asked["headers"]["content-type"] == "text/plain");
    BOOST_TEST(asked["headers"]["content-length"] == std::to_string(lines.text.size()));
    server->misbehave("POST", {{"status", 403}, {"detail", "no"}});
    const HttpAnswer refused = connection.transfer(request, {}, Duration::seconds(4));
    BOOST_TEST(refused.status == 403);
    BOOST_TEST(refused.body == "no");
    BOOST_TEST(connection.transfer({.method = "GET", .path = "/"}, {}, Duration::seconds(4)).body == "ok");
  }
}

BOOST_AUTO_TEST_CASE(what_source_and_sink_throw_comes_out) {
  PlainServer server;
  const HttpConnection connection(server.url(), short_limits());
  const HttpRequest request{.method = "POST", .path = "/things"};
  HttpSource broken{10, [](std::uint64_t, std::span<char>) -> std::size_t { throw std::out_of_range("the disk"); }};
  BOOST_CHECK_THROW(connection.transfer(request, broken, Duration::seconds(4)), std::out_of_range);
  BOOST_CHECK_THROW(connection.transfer(request, {}, Duration::seconds(4),
                                        [](const HttpAnswer&) -> HttpSink { throw std::out_of_range("the head"); }),
                    std::out_of_range);
  BOOST_CHECK_THROW(connection.transfer(request, {}, Duration::seconds(4),
                                        [](const HttpAnswer&) -> HttpSink {
                                          return [](std::string_view) { throw std::out_of_range("the body"); };
                                        }),
                    std::out_of_range);
}

BOOST_AUTO_TEST_CASE(silence_ends_a_transfer_and_slowness_does_not) {
  PlainServer server;
  const HttpConnection connection(server.url(), short_limits());
  const auto seconds_of = [&](const char* kind, const std::function<HttpSink(const HttpAnswer&)>& open) {
    server.misbehave("GET", {{"kind", kind}});
    const auto begin = std::chrono::steady_clock::now();
    BOOST_CHECK_THROW(connection.transfer(question(), {}, Duration::seconds(1), open), HttpFailure);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  BOOST_TEST(seconds_of("silent", {}) < 4.0);
  BOOST_TEST(seconds_of("half", {}) < 4.0);
  BOOST_TEST(seconds_of("endless", {}) < 4.0);  // more than the limit of an answer
  // A byte each 0.1 s: left after 3 s of them, of our own accord.
  const auto begin = std::chrono::steady_clock::now();
  server.misbehave("GET", {{"kind", "trickle"}});
  BOOST_CHECK_THROW(connection.transfer(question(), {}, Duration::seconds(1),
                                        [&](const HttpAnswer&) -> HttpSink {
                                          return [&](std::string_view) {
                                            if (std::chrono::steady_clock::now() - begin > std::chrono::seconds(3))
                                              throw std::out_of_range("enough");
                                          };
                                        }),
                    std::out_of_range);
}

BOOST_AUTO_TEST_CASE(a_server_says_in_seconds_when_to_come_back) {
  BOOST_TEST(retry_after(" 12 ")->count() == 12);
  for (const char* text : {"", "-1", "1.5", "Wed, 21 Oct 2026 07:28:00 GMT", "99999999999999999999"}) {
    BOOST_TEST(!retry_after(text).has_value());
  }
}

BOOST_AUTO_TEST_SUITE_END()
