#include "cluster/runpod/placement.h"

#include <boost/test/unit_test.hpp>

#include "runpod_server.h"
#include "support/messages.h"

using namespace moola;
using namespace moola::test;
using namespace moola::cluster::runpod;

namespace {

constexpr const char *k4090 = "NVIDIA GeForce RTX 4090", *kL40S = "NVIDIA L40S", *kH100 = "NVIDIA H100 80GB HBM3",
                     *kB200 = "NVIDIA B200";

std::vector<std::string> ids(const Candidates& candidates) {
  std::vector<std::string> out;
  for (const Candidate& one : candidates.to_try) out.push_back(one.gpu);
  return out;
}
using Words = std::vector<std::string>;

struct Placing : ServerAndClient {
  Candidates candidates = find_candidates(client, {.gpus = {kL40S, k4090, kH100}});
  PlacedPod place(std::optional<double> most = {}) { return place_pod(client, small_pod("p"), candidates, most); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(placement)

BOOST_FIXTURE_TEST_CASE(candidates_come_in_the_order_of_the_wish_with_reasons_for_the_others, ServerAndClient) {
  const auto found = find_candidates(client, {.gpus = {"B200", "H100 SXM", "rtx 4090"}, .most_per_hour = 10.0});
  BOOST_TEST((ids(found) == Words{kH100, k4090}));
  BOOST_TEST(describe(found.left_out) == "NVIDIA B200 (no stock)");
  const auto cheap = find_candidates(client, {.gpus = {kH100, k4090}, .count = 2, .most_per_hour = 0.88});
  BOOST_TEST((ids(cheap) == Words{k4090}));
  BOOST_TEST(cheap.to_try[0].per_hour == 0.88);
  BOOST_TEST(describe(cheap.left_out) == "NVIDIA H100 80GB HBM3 ($5.98 per hour, above $0.88)");
  const auto romania = find_candidates(client, {.gpus = {kH100, k4090}, .data_centers = {"EU-RO-1"}});
  BOOST_TEST((ids(romania) == Words{k4090}));
  BOOST_TEST((romania.to_try[0].data_centers == Words{"EU-RO-1"}));
  BOOST_TEST(describe(romania.left_out) == "NVIDIA H100 80GB HBM3 (no stock in EU-RO-1)");
  const auto community = find_candidates(client, {.gpus = {kL40S, k4090}, .count = 5, .cloud = Cloud::community});
  BOOST_TEST(describe(community.left_out) ==
             "NVIDIA L40S (not in the community cloud); NVIDIA GeForce RTX 4090 (5 GPUs, and its largest host has 4)");
  const auto cluster = find_candidates(client, {.gpus = {kH100}, .count = 8, .pods = 4, .most_per_hour = 100.0});
  BOOST_TEST(cluster.to_try.at(0).per_hour == 8 * 4 * 2.99);
}

BOOST_FIXTURE_TEST_CASE(unknown_names_are_refused_with_the_nearest, ServerAndClient) {
  BOOST_TEST(holds(refusal_of([&] { find_candidates(client, {.gpus = {"RTX 4080"}}); }), "Did you mean 'RTX 4090'?"));
  BOOST_TEST(holds(refusal_of([&] { find_candidates(client, {.gpus = {kL40S}, .data_centers = {"EU-RO-2"}}); }),
                   "Did you mean 'EU-RO-1'?"));
  BOOST_TEST(holds(refusal_of([&] { find_candidates(client, {.gpus = {}}); }), "one type of GPU"));
  BOOST_TEST(
      holds(refusal_of([&] { find_candidates(client, {.gpus = {kL40S}, .most_per_hour = 0.0}); }), "more than 0"));
}

BOOST_FIXTURE_TEST_CASE(no_capacity_and_no_access_go_on_to_the_next, Placing) {
  server.tell({{"do", "free"}, {"gpu", kL40S}, {"pods", 0}});
  server.tell({{"do", "forbid"}, {"gpu", k4090}});
  const PlacedPod placed = place();
  BOOST_TEST(placed.candidate.gpu == kH100);
  BOOST_TEST(placed.pod.gpu_id == kH100);
  BOOST_TEST(describe(placed.refused) ==
             "NVIDIA L40S (400: there are no instances currently available); "
             "NVIDIA GeForce RTX 4090 (403: access denied)");
}

BOOST_FIXTURE_TEST_CASE(a_failure_of_the_server_tries_the_same_again, Placing) {
  server.misbehave("POST /v2/pods", {{"status", 503}}, 2);
  server.misbehave("POST /v2/pods", {{"status", 429}, {"headers", {{"Retry-After", "3"}}}});
  BOOST_TEST(place().candidate.gpu == kL40S);
}

BOOST_FIXTURE_TEST_CASE(what_no_candidate_would_change_stops, Placing) {
  for (const int status : {401, 402, 422}) {
    const int before = server.requests("POST");
    server.misbehave("POST /v2/pods", {{"status", status}, {"detail", "no"}, {"errors", {"$.name: bad"}}});
    BOOST_TEST(holds(refusal_of([&] { place(); }), "no ($.name: bad)"));
    BOOST_TEST(server.requests("POST") == before + 1);
  }
  BOOST_TEST(server.pods().empty());
}

BOOST_FIXTURE_TEST_CASE(when_nothing_works_out_each_answer_is_told, Placing) {
  for (const char* gpu : {kL40S, k4090, kH100}) server.tell({{"do", "free"}, {"gpu", gpu}, {"pods", 0}});
  candidates.left_out = {{kB200, "no stock"}};
  const std::string message = message_of<NoPlace>([&] { place(); });
  BOOST_TEST(holds_all(message, {kL40S, k4090, kH100, "no instances", "Not tried: NVIDIA B200 (no stock)",
                                 "the request that breaks a rule"}));
  candidates.to_try.clear();
  BOOST_TEST(holds(message_of<NoPlace>([&] { place(); }), "no place for the pod 'p'. Not tried"));
}

BOOST_FIXTURE_TEST_CASE(a_pod_that_costs_more_than_the_list_says_is_ended, Placing) {
  server.tell({{"do", "rate"}, {"factor", 2}});
  const PlacedPod placed = place(1.0);
  BOOST_TEST(placed.candidate.gpu == k4090);  // 2 x 0.44; the L40S would be 2 x 0.86
  BOOST_TEST(holds(describe(placed.refused), "RunPod takes $1.72 per hour, above $1.00; ended at once"));
  BOOST_TEST(server.pods().size() == 1U);
  client.terminate_pod(placed.pod.id);
  BOOST_TEST(holds(message_of<NoPlace>([&] { place(0.5); }), "above $0.50"));
  BOOST_TEST(server.pods().empty());
}

BOOST_FIXTURE_TEST_CASE(a_lost_answer_places_one_pod, Placing) {
  server.misbehave("POST /v2/pods", {{"kind", "lose"}});
  BOOST_TEST(place().pod.gpu_id == kL40S);
  BOOST_TEST(place().was_there);
  BOOST_TEST(server.pods().size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_cluster_is_placed_the_same_way, Placing) {
  server.tell({{"do", "free"}, {"gpu", kL40S}, {"pods", 0}});
  const PlacedCluster placed =
      place_cluster(client, {.name = "c", .container = {.image = "i"}, .gpus_per_pod = 2, .pods = 2}, candidates);
  BOOST_TEST(placed.cluster.gpu_id == k4090);
  BOOST_TEST(placed.refused.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
