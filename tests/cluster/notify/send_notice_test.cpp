#include "cluster/notify/send_notice.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>

#include "base/atomic_file.h"
#include "cluster/http/certificate.h"
#include "cluster/http/test_server.h"
#include "cluster/notify/webhook.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;
using namespace moola::cluster;
using std::chrono::milliseconds;

namespace {

constexpr const char* kPath = "/services/T0001/B0002/SECRETSECRET";

// A server, settings that post there, and patience that takes no time.
struct Hook {
  PlainServer server;
  NotifySettings settings{.webhook = kWebhookFile, .url = server.url() + kPath};
  std::vector<milliseconds> waits;
  NoticePatience patience{.limits = short_limits(), .wait = [this](milliseconds length) { waits.push_back(length); }};
  Notice notice{.event = "finish", .job = "night", .run = "r1", .digest = "all is well"};

  Delivery send() {
    waits.clear();
    const Delivery out = cluster::send(settings, notice, patience);
    BOOST_TEST(out.problem.find("SECRET") == std::string::npos, out.problem);
    BOOST_TEST(out.problem.find('\n') == std::string::npos, out.problem);
    return out;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(send_notice)

BOOST_FIXTURE_TEST_CASE(a_notice_is_posted_once_as_json, Hook) {
  BOOST_TEST(send().arrived());
  const Json asked = server.requests();
  BOOST_TEST_REQUIRE(asked.size() == 1U);
  BOOST_TEST(asked[0]["method"] == "POST");
  BOOST_TEST(asked[0]["path"] == kPath);
  BOOST_TEST(asked[0]["headers"]["content-type"] == "application/json");
  BOOST_TEST(holds(asked[0]["body"], "all is well"));
  BOOST_TEST(parse_json(asked[0]["body"].get<std::string>(), "body").contains("text"));
  settings.format = "json";
  BOOST_TEST(send().arrived());
  BOOST_TEST(parse_json(server.requests()[1]["body"].get<std::string>(), "body")["schema"] == "moola.notice/1");
}

BOOST_FIXTURE_TEST_CASE(passing_faults_are_tried_again_and_a_refusal_never, Hook) {
  server.misbehave("POST", {{"status", 503}}, 2);
  Delivery done = send();
  BOOST_TEST(done.arrived());
  BOOST_TEST(done.attempts == 3);
  BOOST_TEST((waits == std::vector{milliseconds(1000), milliseconds(2000)}));

  server.misbehave("POST", {{"kind", "close"}});
  server.misbehave("POST", {{"kind", "half"}});
  BOOST_TEST(send().attempts == 3);

  for (const int status : {400, 401, 403, 404, 410, 307}) {
    server.misbehave("POST", {{"status", status}, {"detail", "no_service for " + std::string(kPath)}});
    done = send();
    BOOST_TEST(!done.arrived());
    BOOST_TEST(done.permanent);
    BOOST_TEST(done.attempts == 1);
    BOOST_TEST(holds_all(done.problem, {std::to_string(status), "no_service for (webhook)", "the job file"}));
  }
}

BOOST_FIXTURE_TEST_CASE(it_waits_as_long_as_the_server_says_unless_that_is_too_long, Hook) {
  server.misbehave("POST", {{"status", 429}, {"headers", {{"Retry-After", "7"}}}});
  BOOST_TEST(send().arrived());
  BOOST_TEST((waits == std::vector{milliseconds(7000)}));
  server.misbehave("POST", {{"status", 429}, {"headers", {{"Retry-After", "600"}}}});
  const Delivery done = send();
  BOOST_TEST(!done.arrived());
  BOOST_TEST(!done.permanent);
  BOOST_TEST(done.attempts == 1);
  BOOST_TEST(waits.empty());
}

BOOST_FIXTURE_TEST_CASE(it_gives_up_in_the_end, Hook) {
  server.misbehave("POST", {{"status", 500}, {"detail", "rollup_error"}}, 10);
  const Delivery done = send();
  BOOST_TEST(done.attempts == 4);
  BOOST_TEST(!done.permanent);
  BOOST_TEST(holds_all(done.problem, {"500", "rollup_error"}));
}

BOOST_FIXTURE_TEST_CASE(a_server_that_says_nothing_or_too_much_does_not_hold_anybody_up, Hook) {
  patience.attempts = 1;
  for (const char* kind : {"silent", "trickle", "endless"}) {
    server.misbehave("POST", {{"kind", kind}});
    const auto begin = std::chrono::steady_clock::now();
    BOOST_TEST(!send().arrived());
    BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::seconds(30)), kind);
  }
}

BOOST_FIXTURE_TEST_CASE(where_nobody_listens_it_says_so_without_the_address, Hook) {
  settings.url = "http://127.0.0.1:1" + std::string(kPath) + "?token=SECRET";
  const Delivery done = send();
  BOOST_TEST(holds(done.problem, "could not be reached"));
  BOOST_TEST(done.attempts == 4);
}

BOOST_AUTO_TEST_CASE(over_tls_the_certificate_must_hold) {
  const Certificate certificate("IP:127.0.0.1");
  PlainServer server(certificate.arguments());
  const NotifySettings settings{.webhook = kWebhookFile, .url = server.url() + kPath};
  const NoticePatience patience{.limits = short_limits(), .wait = [](milliseconds) {}};
  const Delivery refused = send(settings, {.event = "finish", .job = "night"}, patience);
  BOOST_TEST(refused.permanent);
  BOOST_TEST(holds(refused.problem, "certificate does not hold"));
  BOOST_TEST(server.requests("") == 0);
  certificate.trust();
  BOOST_TEST(send(settings, {.event = "finish", .job = "night"}, patience).arrived());
}

BOOST_FIXTURE_TEST_CASE(the_address_comes_from_a_variable_or_a_private_file, Hook) {
  ::setenv("MOOLA_TEST_HOOK", settings.url.c_str(), 1);
  settings = {.webhook = "MOOLA_TEST_HOOK"};
  BOOST_TEST(send().arrived());
  ::unsetenv("MOOLA_TEST_HOOK");
  BOOST_TEST(holds(send().problem, "variable MOOLA_TEST_HOOK, which is not set"));

  const TemporaryFolder folder;
  const std::filesystem::path file = folder / "hook";
  settings.webhook = file.string();
  BOOST_TEST(holds(send().problem, "which is not there"));
  write_file(file, server.url() + kPath + "\n");
  std::filesystem::permissions(file, std::filesystem::perms(0644));
  const Delivery open = send();
  BOOST_TEST(holds(open.problem, "chmod 600"));
  BOOST_TEST(open.permanent);
  std::filesystem::permissions(file, std::filesystem::perms(0600));
  BOOST_TEST(send().arrived());
}

BOOST_FIXTURE_TEST_CASE(what_is_no_address_is_refused_and_not_shown, Hook) {
  for (const char* url : {"", "SECRET", "ftp://host/SECRET", "https:///SECRET", "https://user:SECRET@host/x",
                          "http://example.com/SECRET", "https://host:0/SECRET", "https://host/SEC RET",
                          "https://host/\xC3\xA9SECRET", "https://host/SECRET\r\nX-Evil: 1"}) {
    const std::string message = message_of<ConfigError>([&] { Webhook(url, "X"); });
    BOOST_TEST(holds(message, "the webhook in X is no address"));
    BOOST_TEST(message.find("SEC") == std::string::npos, message);
  }
  const Webhook fine("https://hooks.slack.com/services/a?b=c#d", "X");
  BOOST_TEST(fine.server() == "https://hooks.slack.com");
  BOOST_TEST(fine.path() == "/services/a?b=c");
  BOOST_TEST(Webhook("https://host?q", "X").path() == "/?q");
}

BOOST_AUTO_TEST_SUITE_END()
