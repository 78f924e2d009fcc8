// What reads a server's bytes, fed with bytes of any kind.
#include <boost/test/unit_test.hpp>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cluster/runpod/answer_fields.h"
#include "cluster/runpod/catalog.h"
#include "cluster/runpod/event_stream.h"
#include "cluster/runpod/instant_cluster.h"
#include "cluster/runpod/pod.h"
#include "cluster/runpod/rate_limit.h"
#include "cluster/runpod/stored.h"
#include "support/messages.h"

using namespace moola;
using namespace moola::test;
using namespace moola::cluster::runpod;

namespace {

std::vector<std::string> events_of(const std::vector<std::string>& pieces) {
  EventStream stream;
  std::vector<std::string> out;
  for (const std::string& piece : pieces) {
    stream.feed(piece,
                [&](const StreamEvent& event) { out.push_back(event.id + "|" + event.type + "|" + event.data); });
  }
  return out;
}

const char* const kPod =
    R"({"pods":[{"id":"p","name":"n","status":"RUNNING","actions":["stop"],"image":"i","args":"","disk":50,"env":{"A":"b"},
    "ports":["22/tcp"],"gpu":{"id":"g","count":2},"dataCenterId":null,"cost":0.5,"createdAt":"2026-06-01T12:00:00+00:00",
    "startedAt":"2026-06-01T12:00:01.5Z","ssh":{"proxy":null,"direct":{"host":"h","port":22,"username":"u"}},
    "runtime":{"uptime":3,"ports":[{"private":22,"public":null,"type":"tcp","ip":null}]},"cluster":{"id":"c","rank":null}}]})";

}  // namespace

BOOST_AUTO_TEST_SUITE(readers)

BOOST_AUTO_TEST_CASE(events_are_the_same_however_the_bytes_are_cut) {
  const std::string text =
      "\xEF\xBB\xBF: hello\r\n\r\nid: 1\ndata: a\ndata:b\n\nevent: log\rdata: {\"x\": \"c:d\"}\r\rid\ndata\n\nid: "
      "2\ndata: \n\n"
      "retry: 3\nwhatever\n\ndata: unfinished";
  const std::vector<std::string> expected{"1||a\nb", "1|log|{\"x\": \"c:d\"}", "||", "2||"};
  BOOST_TEST((events_of({text}) == expected));
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    BOOST_TEST((events_of({text.substr(0, cut), text.substr(cut)}) == expected));
  }
  std::vector<std::string> bytes;
  for (const char c : text) bytes.emplace_back(1, c);
  BOOST_TEST((events_of(bytes) == expected));
}

BOOST_AUTO_TEST_CASE(a_stream_without_ends_of_lines_is_bounded) {
  EventStream stream;
  BOOST_TEST(holds(refusal_of([&] {
                     for (int i = 0; i < 100; ++i) stream.feed(std::string(65536, 'x'), [](const StreamEvent&) {});
                   }),
                   "1 MiB"));
  EventStream event;
  BOOST_TEST(holds(refusal_of([&] {
                     for (int i = 0; i < 100; ++i)
                       event.feed("data: " + std::string(65536, 'x') + "\n", [](const StreamEvent&) {});
                   }),
                   "4 MiB"));
}

BOOST_AUTO_TEST_CASE(the_quota_is_read_and_nonsense_is_none) {
  const RateLimit::Clock::time_point now{};
  RateLimit limit;
  limit.read(R"("minute";r=0;t=12, "hour";r=2800;t=1812, "day";r=49500;t=45012)", now);
  BOOST_TEST_REQUIRE(limit.wait_at(now).has_value());
  BOOST_TEST(limit.wait_at(now)->length.count() == 12);
  BOOST_TEST(limit.wait_at(now)->window == "minute");
  BOOST_TEST(limit.wait_at(now + std::chrono::milliseconds(11'500))->length.count() == 1);
  BOOST_TEST(!limit.wait_at(now + std::chrono::seconds(12)).has_value());
  limit.read(R"("hour";t=100;r=0)", now);
  BOOST_TEST(limit.wait_at(now)->window == "hour");
  limit.read(R"("hour";r=1;t=100, "minute" ; r=5 ; t=2)", now);
  BOOST_TEST(!limit.wait_at(now).has_value());
  for (const char* text : {"", ",,;;", "\"minute\"", "\"minute\";r=0", "\"minute\";r=0;t=-1", "\"minute\";r=0;t=x",
                           "minute;r=99999999999999999999;t=1", "\";r=0;t=5", "=;r=;t="}) {
    RateLimit none;
    none.read(text, now);
    BOOST_TEST((!none.wait_at(now).has_value() || none.wait_at(now)->length.count() <= 5), text);
  }
}

BOOST_AUTO_TEST_CASE(a_pod_is_read_with_all_that_may_be_null) {
  const std::vector<Pod> pods = parse_pods(parse_json(kPod, "test"), "answer: ");
  BOOST_TEST_REQUIRE(pods.size() == 1U);
  const Pod& pod = pods[0];
  BOOST_TEST(pod.gpu_count == 2);
  BOOST_TEST(pod.data_center.empty());
  BOOST_TEST(pod.started - pod.created == 1'500'000'000);
  BOOST_TEST(pod.ssh->user == "u");
  BOOST_TEST(!pod.ssh_proxy.has_value());
  BOOST_TEST(!pod.ports.at(0).outside.has_value());
  BOOST_TEST(!pod.cluster_rank.has_value());
}

BOOST_AUTO_TEST_CASE(a_status_that_is_new_is_no_reason_to_show_nothing) {
  Json answer = parse_json(kPod, "test");
  answer["pods"][0]["status"] = "MIGRATING";
  answer["pods"][0]["whatever"] = {{"new", true}};
  const Pod pod = parse_pods(answer, "answer: ").at(0);
  BOOST_TEST((pod.status == PodStatus::other));
  BOOST_TEST(pod.status_text == "MIGRATING");
  BOOST_TEST(!has_ended(pod));
}

BOOST_AUTO_TEST_CASE(a_secret_in_a_field_of_the_wrong_type_is_not_shown) {
  Json answer = parse_json(kPod, "test");
  answer["pods"][0]["env"]["A"] = {"secret"};
  const std::string message = refusal_of([&] { parse_pods(answer, "answer: "); });
  BOOST_TEST(holds(message, "env.A should be a text"));
  BOOST_TEST(message.find("secret") == std::string::npos);
}

// Every field in turn becomes every type: the answer is read, or refused with a DataError, and never anything else.
BOOST_AUTO_TEST_CASE(answers_of_any_shape_are_read_or_refused) {
  const std::vector<Json> values{nullptr,
                                 true,
                                 -1,
                                 0,
                                 1e300,
                                 18446744073709551615ULL,
                                 "",
                                 "x",
                                 Json::array(),
                                 Json::object(),
                                 Json::array({Json::array()}),
                                 Json::array({nullptr}),
                                 Json{{"id", 1}}};
  const std::vector<std::string> answers{
      kPod,
      R"({"pods":{"total":2,"byStatus":{"RUNNING":2}},"id":"c","name":"n","compute":{"gpuTypeId":"g","gpuCountPerPod":8,"podCount":2},"primary":{"podId":"p","sshEndpoint":"h:1"},"createdAt":"2026-06-01T12:00:00Z"})",
      R"({"gpus":[{"id":"g","name":"n","memory":24,"secure":true,"community":false,"price":{"secure":1,"community":2},"maxCount":{"secure":8,"community":1},"availability":"LOW","dataCenters":[{"id":"d","availability":"LOW"}]}],"dataCenters":[{"id":"d"}]})",
      R"({"id":"v","name":"n","dataCenter":"d","size":10,"image":"i","env":{"A":"b"},"serverless":false})"};
  std::size_t read = 0, refused = 0;
  const auto all_readers = [&](const Json& answer) {
    const AnswerFields fields(answer, "answer: ");
    const std::vector<std::function<void()>> readers{
        [&] { parse_pods(answer, "answer: "); }, [&] { parse_cluster(fields); }, [&] { parse_gpu_types(answer); },
        [&] { parse_data_centers(answer); },     [&] { parse_volume(fields); },  [&] { parse_template(fields); },
        [&] { parse_registry(fields); }};
    for (const auto& reader : readers) {
      try {
        reader();
        ++read;
      } catch (const DataError&) {
        ++refused;
      }
    }
  };
  for (const std::string& text : answers) {
    const Json answer = parse_json(text, "test");
    all_readers(answer);
    const Json flat = answer.flatten();
    for (const auto& [path, leaf] : flat.items()) {
      for (Json::json_pointer at(path); !at.empty(); at = at.parent_pointer()) {
        for (const Json& value : values) {
          Json other = answer;
          other[at] = value;
          all_readers(other);
        }
      }
    }
  }
  BOOST_TEST(read > 100U);
  BOOST_TEST(refused > 100U);
}

BOOST_AUTO_TEST_SUITE_END()
