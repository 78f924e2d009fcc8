#include <boost/test/unit_test.hpp>
#include <chrono>

#include "cluster/runpod/client.h"
#include "runpod_server.h"
#include "support/messages.h"

using namespace moola;
using namespace moola::test;
using namespace moola::cluster::runpod;

namespace {

int status_of(const auto& action) {
  try {
    action();
  } catch (const ApiError& error) {
    BOOST_TEST(std::string(error.what()).find(kTestKey) == std::string::npos, error.what());
    return error.status();
  }
  return -1;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(retries)

BOOST_FIXTURE_TEST_CASE(what_passes_is_asked_again_with_growing_waits, ServerAndClient) {
  for (const char* kind : {"half", "close", "html"}) server.misbehave("GET /v2/pods", {{"kind", kind}});
  server.misbehave("GET /v2/pods", {{"status", 503}});
  server.misbehave("GET /v2/pods", {{"kind", "body"}, {"body", "{\"pods\": ["}});
  BOOST_TEST(client.pods(false).empty());
  BOOST_TEST(server.requests("GET /v2/pods") == 6);
  BOOST_TEST_REQUIRE(waits.waits.size() == 5U);
  for (std::size_t i = 0; i < 5; ++i) {
    BOOST_TEST(waits.waits[i].count() >= 500 << i);
    BOOST_TEST(waits.waits[i].count() <= 1000 << i);
  }
}

BOOST_FIXTURE_TEST_CASE(patience_ends_after_six_attempts, ServerAndClient) {
  server.misbehave("GET /v2/pods", {{"status", 500}, {"detail", "on fire"}}, 7);
  BOOST_TEST(status_of([&] { client.pods(false); }) == 500);
  BOOST_TEST(server.requests("GET /v2/pods") == 6);
  const std::string message = message_of<ApiError>([&] {
    server.misbehave("GET /v2/pods", {{"kind", "html"}}, 6);
    client.pods(false);
  });
  BOOST_TEST(holds(message, "not JSON"));
}

BOOST_FIXTURE_TEST_CASE(what_does_not_pass_is_asked_once, ServerAndClient) {
  for (const int status : {400, 401, 402, 403, 404, 409, 422, 307}) {
    const int before = server.requests("GET");
    server.misbehave("GET /v2/pods", {{"status", status}, {"detail", std::string("no, ") + kTestKey}});
    BOOST_TEST(status_of([&] { client.pods(false); }) == status);
    BOOST_TEST(server.requests("GET") == before + 1);
  }
  BOOST_TEST(waits.waits.empty());
}

BOOST_FIXTURE_TEST_CASE(a_refused_key_is_named_by_where_it_is_from, ServerAndClient) {
  Client wrong = client_of(server, waits, "rpa_WRONG");
  const std::string message = refusal_of([&] { wrong.pods(false); });
  BOOST_TEST(holds_all(message, {"401", "RUNPOD_API_KEY"}));
  BOOST_TEST(message.find("rpa_WRONG") == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_429_is_waited_out_as_long_as_it_says, ServerAndClient) {
  server.misbehave("GET /v2/pods", {{"status", 429}, {"headers", {{"Retry-After", "7"}}}});
  server.misbehave("GET /v2/pods", {{"status", 429}, {"headers", {{"Retry-After", "soon"}}}});
  client.pods(false);
  BOOST_TEST_REQUIRE(waits.waits.size() == 2U);
  BOOST_TEST(waits.waits[0].count() == 7000);
  BOOST_TEST(waits.waits[1].count() <= 2000);
  server.misbehave("GET /v2/pods", {{"status", 429}, {"headers", {{"Retry-After", "86400"}}}});
  BOOST_TEST(holds(message_of<ApiError>([&] { client.pods(false); }), "24 h"));
}

BOOST_AUTO_TEST_CASE(the_quota_is_waited_for_before_it_is_overdrawn) {
  RunpodServer server;
  Client client(ApiSession(ApiKey(kTestKey, "x"), cluster::HttpConnection(server.url(), {})));
  server.tell({{"do", "quota"}, {"left", 1}, {"renewed_in", 2}});
  const auto begin = std::chrono::steady_clock::now();
  client.pods(false);
  client.pods(false);
  BOOST_TEST((std::chrono::steady_clock::now() - begin > std::chrono::milliseconds(1500)));
  for (const Json& one : server.requests()) BOOST_TEST(one["status"] == 200);
}

// What a create may meet on its way, and after which there must be one pod.
BOOST_FIXTURE_TEST_CASE(no_pod_is_made_twice_whatever_becomes_of_the_answer, ServerAndClient) {
  const std::vector<Json> ways{
      {{"kind", "lose"}}, {{"kind", "close"}}, {{"kind", "half"}}, {{"kind", "html"}}, {{"status", 502}}};
  int number = 0;
  for (const Json& first : ways) {
    for (const Json& second : ways) {
      const std::string name = "run-" + std::to_string(++number);
      server.misbehave("POST /v2/pods", first);
      server.misbehave("POST /v2/pods", second);
      const Made<Pod> made = client.create_pod(small_pod(name));
      BOOST_TEST(!made.was_there);
      int there = 0;
      for (const Json& pod : server.pods()) there += pod["name"] == name;
      BOOST_TEST(there == 1);
      // What is left of the misbehaviour goes to nobody else.
      for (int i = 0; i < 2; ++i)
        status_of([&] { client.session().call("POST", "/v2/pods", Json::object(), WhenLost::throw_it); });
    }
  }
}

BOOST_FIXTURE_TEST_CASE(a_list_that_lags_behind_leaves_no_second_pod, ServerAndClient) {
  server.misbehave("POST /v2/pods", {{"kind", "lose"}});
  server.tell({{"do", "lag"}, {"lists", 2}});
  const Made<Pod> made = client.create_pod(small_pod("late"));
  BOOST_TEST(server.requests("POST /v2/pods") == 2);
  const Json pods = server.pods();
  BOOST_TEST_REQUIRE(pods.size() == 1U);
  BOOST_TEST(pods[0]["id"] == made.value.id);
}

BOOST_FIXTURE_TEST_CASE(the_same_call_again_finds_what_the_first_has_made, ServerAndClient) {
  const Made<Pod> first = client.create_pod(small_pod("once"));
  const Made<Pod> again = client.create_pod(small_pod("once"));
  BOOST_TEST(!first.was_there);
  BOOST_TEST(again.was_there);
  BOOST_TEST(again.value.id == first.value.id);
  BOOST_TEST(server.pods().size() == 1U);
  server.tell({{"do", "add_pod"}, {"pod", {{"name", "once"}}}});
  BOOST_TEST(holds(refusal_of([&] { client.create_pod(small_pod("once")); }), "2 pods called 'once'"));
}

BOOST_FIXTURE_TEST_CASE(a_create_that_is_never_answered_ends_with_an_error, ServerAndClient) {
  server.misbehave("POST /v2/pods", {{"kind", "close"}}, 6);
  BOOST_TEST(holds(message_of<ApiError>([&] { client.create_pod(small_pod("never")); }), "after 6 attempts"));
  BOOST_TEST(server.pods().empty());
}

BOOST_FIXTURE_TEST_CASE(an_end_whose_answer_is_lost_is_an_end, ServerAndClient) {
  const std::string id = client.create_pod(small_pod("x")).value.id;
  server.misbehave("DELETE /v2/pods", {{"kind", "lose"}});
  client.terminate_pod(id);
  BOOST_TEST(server.pods().empty());
  BOOST_TEST(!client.terminate_pod(id));
}

BOOST_FIXTURE_TEST_CASE(answers_of_the_wrong_shape_are_one_clear_error, ServerAndClient) {
  const std::vector<std::pair<std::string, std::string>> answers{
      {"[]", "should be an object"},
      {"{}", "pods should be a list, and is nothing"},
      {"{\"pods\": {}}", "pods should be a list"},
      {"{\"pods\": [3]}", "pods[0] should be an object, and is 3"},
      {std::string("{\"pods\": [{\"id\": [\"") + kTestKey + "\"]}]}", "is [\"(key)\"]"},
      {"{\"pods\": [{\"id\": 7}]}", "pods[0].id should be a text, and is 7"},
      {"{\"pods\": [{\"id\": \"a\", \"name\": \"b\", \"status\": \"RUNNING\", \"cost\": \"x\"}]}",
       "pods[0].cost should be a number, and is \"x\""},
      {"{\"pods\": [{\"id\": \"a\", \"name\": \"b\", \"status\": \"RUNNING\", \"createdAt\": \"noon\"}]}",
       "createdAt should be a time"}};
  for (const auto& [body, expected] : answers) {
    server.misbehave("GET /v2/pods", {{"kind", "body"}, {"body", body}});
    BOOST_TEST(holds(refusal_of([&] { client.pods(false); }), expected));
  }
}

BOOST_AUTO_TEST_SUITE_END()
