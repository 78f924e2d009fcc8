#include "cluster/runpod/client.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <set>
#include <thread>

#include "base/utc_time.h"
#include "runpod_server.h"
#include "support/messages.h"

using namespace moola;
using namespace moola::test;
using namespace moola::cluster::runpod;

namespace {

ClusterRequest small_cluster(const std::string& name) {
  return {.name = name,
          .container = {.image = "image", .ports = {"22/tcp"}},
          .gpu_id = "NVIDIA H100 80GB HBM3",
          .gpus_per_pod = 8,
          .pods = 3};
}

std::string refused(const PodRequest& request) {
  return refusal_of([&] { check(request); });
}

std::vector<std::string> texts(const std::vector<LogLine>& lines) {
  std::vector<std::string> out;
  for (const LogLine& line : lines) out.push_back(line.text);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(client_calls)

BOOST_FIXTURE_TEST_CASE(a_pod_lives_through_its_states, ServerAndClient) {
  server.tell({{"do", "fate"}, {"name", "life"}, {"state", "EXITED"}, {"after", 60}});
  const Pod made = client.create_pod(small_pod("life")).value;
  BOOST_TEST((made.status == PodStatus::provisioning));
  BOOST_TEST(made.started == kNoTime);
  BOOST_TEST(utc_text(made.created) == "2026-11-22T12:00:00Z");
  BOOST_TEST(made.cost_per_hour == 0.44);
  BOOST_TEST(made.data_center == "US-KS-2");
  server.advance(20);
  BOOST_TEST((client.pod(made.id).status == PodStatus::starting));
  BOOST_TEST(!client.pod(made.id).ssh.has_value());
  server.advance(20);
  const Pod running = client.pod(made.id);
  BOOST_TEST((running.status == PodStatus::running));
  BOOST_TEST(!has_ended(running));
  BOOST_TEST_REQUIRE(running.ssh.has_value());
  BOOST_TEST(running.ssh->host == "127.0.0.1");
  BOOST_TEST(running.ssh->port == 2222);
  BOOST_TEST_REQUIRE(running.ports.size() == 1U);
  BOOST_TEST(running.ports[0].inside == 22);
  BOOST_TEST(running.ports[0].outside.value() == 2222);
  server.advance(60);
  BOOST_TEST(has_ended(client.pod(made.id)));
  BOOST_TEST(client.pod(made.id).cost_per_hour == 0.0);
}

BOOST_FIXTURE_TEST_CASE(every_field_of_a_request_arrives_unchanged, ServerAndClient) {
  const std::string hard = "a b,'\"$HOME\n`x`\\ = {\xC3\xA9}";
  const Made<Volume> volume = client.create_volume({.name = "v", .size_gb = 10, .data_center = "EU-RO-1"});
  PodRequest request{.name = "all " + hard.substr(0, 8),
                     .container = {.image = "host:5000/a/b:c",
                                   .args = hard,
                                   .disk_gb = 1,
                                   .env = {{"B", hard}, {"A", ""}, {"_9", "x=y=z"}},
                                   .ports = {"22/tcp", "8888/http"}},
                     .gpu = GpuRequest{.id = "NVIDIA L40S", .count = 2, .cuda_versions = {"12.8", "12.6"}},
                     .data_centers = {"EU-RO-1"},
                     .mounts = {.volume_id = volume.value.id, .path = "/work space"},
                     .registry_id = "reg1",
                     .start_ssh = true,
                     .start_jupyter = true,
                     .global_networking = true};
  const Pod pod = client.create_pod(request).value;
  BOOST_TEST(pod.name == request.name);
  BOOST_TEST(pod.container.args == hard);
  BOOST_TEST(pod.container.ports == request.container.ports, boost::test_tools::per_element());
  BOOST_TEST(variable(pod, "B").value() == hard);
  BOOST_TEST(variable(pod, "A").value() == "");
  BOOST_TEST(variable(pod, "_9").value() == "x=y=z");
  BOOST_TEST(!variable(pod, "C").has_value());
  BOOST_TEST(pod.gpu_count == 2);
  const Json sent = parse_json(server.requests().back()["body"].get<std::string>(), "sent");
  BOOST_TEST(sent["mounts"]["network"][0]["path"] == "/work space");
  BOOST_TEST(sent["registry"] == "reg1");
  BOOST_TEST(sent["gpu"]["allowedCudaVersions"].size() == 2U);

  request = small_pod("least");
  request.gpu->least_cuda_version = "12.8";
  request.mounts.host_gb = 10;
  request.cloud = Cloud::community;
  BOOST_TEST(client.create_pod(request).value.cost_per_hour == 0.31);
  PodRequest cpu{.name = "cpu", .container = {.image = "i"}, .cpu = CpuRequest{.id = "cpu3c"}};
  BOOST_TEST(client.create_pod(cpu).value.gpu_count == 0);
}

BOOST_AUTO_TEST_CASE(limits_are_held_before_anything_is_sent) {
  PodRequest pod = small_pod("x");
  BOOST_CHECK_NO_THROW(check(pod));
  for (int i = 0; i < 50; ++i) pod.container.env.emplace_back("V" + std::to_string(i), "");
  BOOST_CHECK_NO_THROW(check(pod));
  pod.container.env.emplace_back("V50", "");
  BOOST_TEST(holds_all(refused(pod), {"51 environment variables", "50 at most"}));
  pod.container.env = {{"A", "1"}, {"A", "2"}};
  BOOST_TEST(holds(refused(pod), "A is given twice"));
  for (const char* name : {"", "1A", "A-B", "A=B", "A B"}) {
    pod.container.env = {{name, "1"}};
    BOOST_TEST(holds(refused(pod), "no name of an environment variable"));
  }
  pod.container.env = {{"A", "secret\xFF"}};
  BOOST_TEST(holds(refused(pod), "no UTF-8"));
  BOOST_TEST(refused(pod).find("secret") == std::string::npos);
  pod = small_pod("x");
  pod.container.disk_gb = -1;
  BOOST_TEST(holds(refused(pod), "1 GB or more"));
  pod.container.disk_gb = 1;
  for (const char* port : {"22", "tcp", "0/tcp", "65536/tcp", "22/udp", "22/tcp ", "-1/tcp", "22x/tcp"}) {
    pod.container.ports = {port};
    BOOST_TEST(holds(refused(pod), "is no port"));
  }
  pod.container.ports = {"1/tcp", "65535/http"};
  pod.mounts = {.host_gb = 9};
  BOOST_TEST(holds(refused(pod), "10 GB or more"));
  pod.mounts = {.host_gb = 10, .volume_id = "v"};
  BOOST_TEST(holds(refused(pod), "one disk"));
  pod.mounts = {.volume_id = "v", .path = "workspace"};
  BOOST_TEST(holds(refused(pod), "path from the root"));
  pod.mounts = {.host_gb = 10};
  BOOST_CHECK_NO_THROW(check(pod));
  pod.gpu->count = 0;
  BOOST_TEST(holds(refused(pod), "1 or more"));
  pod.gpu = GpuRequest{.id = "g", .cuda_versions = {"12"}};
  BOOST_TEST(holds(refused(pod), "no version of CUDA"));
  pod.gpu = GpuRequest{.id = "g", .cuda_versions = {"12.8"}, .least_cuda_version = "12.1"};
  BOOST_TEST(holds(refused(pod), "it has both"));
  pod.gpu.reset();
  BOOST_TEST(holds(refused(pod), "neither"));
  pod.cpu = CpuRequest{.id = "cpu3c", .vcpus = 1};
  BOOST_TEST(holds(refused(pod), "2 or more"));
  for (const std::string& name : {std::string(), std::string(121, 'a'), std::string("a\nb"), std::string("\xFF")}) {
    BOOST_TEST(holds(refused(small_pod(name)), "1 to 120 bytes"));
  }
  BOOST_CHECK_NO_THROW(check(small_pod(std::string(120, 'a'))));
  pod = small_pod("x");
  pod.container.image = "";
  BOOST_TEST(holds(refused(pod), "an image or a template"));

  for (const int pods : {1, 251, 2, 250}) {
    ClusterRequest request = small_cluster("c");
    request.pods = pods;
    const std::string message = message_of([&] { check(request); });
    BOOST_TEST((pods == 2 || pods == 250 ? message.empty() : holds(message, "expected 2 to 250")));
  }
  for (const int size : {9, 4097, 10, 4096}) {
    const std::string message = message_of([&] { check(VolumeRequest{"v", size, "EU-RO-1", ""}); });
    BOOST_TEST((size == 10 || size == 4096 ? message.empty() : holds(message, "10 to 4096 GB")));
  }
}

// The other way round: what our checks let through, the interface's description takes as well.
BOOST_FIXTURE_TEST_CASE(nothing_that_is_sent_breaks_the_interface, ServerAndClient) {
  const auto made =
      client.create_template({.container = {.image = "i", .env = {{"A", "b"}}}, .mounts = {.host_gb = 10}});
  PodRequest of_template{.name = "t", .gpu = GpuRequest{.id = "NVIDIA L40S"}, .template_id = made.value.id};
  BOOST_TEST(client.create_pod(of_template).value.container.image == "i");
  client.create_cluster(small_cluster("c"));
  client.gpu_types(Product::cluster, 8, Cloud::secure);
  client.data_centers();
  client.registries();
  for (const Json& one : server.requests()) {
    BOOST_TEST(one["status"].get<int>() < 300, one["method"] << " " << one["path"] << " " << one["body"]);
  }
}

BOOST_FIXTURE_TEST_CASE(actions_are_taken_and_those_that_a_state_forbids_are_explained, ServerAndClient) {
  const std::string id = client.create_pod(small_pod("x")).value.id;
  const std::string message = refusal_of([&] { client.act(id, PodAction::restart); });
  BOOST_TEST(holds_all(message, {"restart", "PROVISIONING", "stop, terminate"}));
  server.misbehave("POST /v2/pods/" + id, {{"kind", "lose"}});
  BOOST_TEST((client.act(id, PodAction::stop).status == PodStatus::exited));
  BOOST_TEST((client.act(id, PodAction::stop).status == PodStatus::exited));
  BOOST_TEST((client.act(id, PodAction::start).status == PodStatus::starting));
  BOOST_TEST(client.terminate_pod(id));
  BOOST_TEST(holds(refusal_of([&] { client.pod(id); }), "404"));
  BOOST_TEST(holds(refusal_of([&] { client.pod("../clusters"); }), "404"));
}

BOOST_FIXTURE_TEST_CASE(a_cluster_is_made_listed_and_ended_as_one, ServerAndClient) {
  const Made<Cluster> made = client.create_cluster(small_cluster("c"));
  BOOST_TEST(!made.was_there);
  BOOST_TEST(made.value.pods == 3);
  BOOST_TEST(client.create_cluster(small_cluster("c")).was_there);
  server.advance(40);
  const Cluster running = client.cluster(made.value.id);
  BOOST_TEST(running.by_status.at("RUNNING") == 3);
  BOOST_TEST(running.primary_ssh == "127.0.0.1:2222");
  const std::vector<Pod> pods = client.cluster_pods(made.value.id);
  BOOST_TEST_REQUIRE(pods.size() == 3U);
  for (int rank = 0; rank < 3; ++rank) BOOST_TEST(pods[static_cast<std::size_t>(rank)].cluster_rank.value() == rank);
  BOOST_TEST(pods[0].cluster_ip == "10.65.0.2");
  BOOST_TEST(client.pods(false).empty());
  BOOST_TEST(client.pods(true).size() == 3U);
  BOOST_TEST(holds(refusal_of([&] { client.terminate_pod(pods[0].id); }), "409"));
  BOOST_TEST(client.delete_cluster(made.value.id));
  BOOST_TEST(!client.delete_cluster(made.value.id));
  BOOST_TEST(client.pods(true).empty());
}

BOOST_FIXTURE_TEST_CASE(no_cluster_is_made_twice, ServerAndClient) {
  server.misbehave("POST /v2/clusters", {{"kind", "lose"}});
  client.create_cluster(small_cluster("c"));
  BOOST_TEST(server.requests("POST /v2/clusters") == 1);
  BOOST_TEST(client.clusters().size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(the_same_settings_have_the_same_template, ServerAndClient) {
  TemplateRequest request{.container = {.image = "i", .env = {{"B", "2"}, {"A", "1"}}}};
  const Made<Template> made = client.create_template(request);
  std::swap(request.container.env[0], request.container.env[1]);
  const Made<Template> again = client.create_template(request);
  BOOST_TEST(again.was_there);
  BOOST_TEST(again.value.id == made.value.id);
  BOOST_TEST(client.pod_template(made.value.id).container.image == "i");
  const std::string name = template_name(request);
  BOOST_TEST(name.size() == 22U);
  std::set<std::string> names{name};
  const auto differs = [&](auto change) {
    TemplateRequest other = request;
    change(other);
    BOOST_TEST(names.insert(template_name(other)).second);
  };
  differs([](auto& r) { r.container.image = "j"; });
  differs([](auto& r) { r.container.env[0].second = "3"; });
  differs([](auto& r) { r.container.disk_gb = 7; });
  differs([](auto& r) { r.container.ports = {"22/tcp"}; });
  differs([](auto& r) { r.container.args = "x"; });
  differs([](auto& r) { r.mounts.host_gb = 10; });
  differs([](auto& r) { r.start_ssh = false; });
  differs([](auto& r) { r.start_jupyter = true; });
  differs([](auto& r) { r.cuda_versions = {"12.8"}; });
  differs([](auto& r) { r.registry_id = "r"; });
  BOOST_TEST(client.delete_template(made.value.id));
  BOOST_TEST(client.templates().empty());
}

BOOST_FIXTURE_TEST_CASE(a_volume_of_that_name_elsewhere_is_not_taken, ServerAndClient) {
  client.create_volume({.name = "v", .size_gb = 10, .data_center = "EU-RO-1"});
  BOOST_TEST(client.create_volume({.name = "v", .size_gb = 10, .data_center = "EU-RO-1"}).was_there);
  BOOST_TEST(
      holds_all(refusal_of([&] { client.create_volume({.name = "v", .size_gb = 10, .data_center = "US-KS-2"}); }),
                {"EU-RO-1", "US-KS-2"}));
  BOOST_TEST(client.volumes().size() == 1U);
  BOOST_TEST(client.volume(client.volumes()[0].id).size_gb == 10);
}

BOOST_FIXTURE_TEST_CASE(the_end_of_a_log_is_read_and_no_key_in_it, ServerAndClient) {
  const std::string id = client.create_pod(small_pod("x")).value.id;
  for (int i = 0; i < 5; ++i) server.tell({{"do", "log"}, {"pod", id}, {"line", "line " + std::to_string(i)}});
  server.tell({{"do", "log"}, {"pod", id}, {"line", "pulled"}, {"source", "system"}});
  server.tell({{"do", "log"}, {"pod", id}, {"line", std::string("key=") + kTestKey}});
  const Duration quiet = Duration::seconds(2);
  BOOST_TEST((texts(client.log(id, {.tail = 3}, quiet)) == std::vector<std::string>{"line 4", "pulled", "key=(key)"}));
  BOOST_TEST((texts(client.log(id, {.source = "system"}, quiet)) == std::vector<std::string>{"pulled"}));
  BOOST_TEST(client.log(id, {.tail = 0}, quiet).empty());
  BOOST_TEST(holds(refusal_of([&] { client.log(id, {.tail = 5001}, quiet); }), "0 to 5000"));
  BOOST_TEST(holds(refusal_of([&] { client.log("none", {}, quiet); }), "404"));
}

BOOST_FIXTURE_TEST_CASE(a_log_is_followed_over_broken_connections_without_loss_or_repetition, ServerAndClient) {
  const std::string id = client.create_pod(small_pod("x")).value.id;
  const auto write = [&](const std::string& line) { server.tell({{"do", "log"}, {"pod", id}, {"line", line}}); };
  write("0");
  write("same");
  write("same");
  std::vector<std::string> seen;
  client.follow_log(
      id, {},
      [&](const LogLine& line) {
        seen.push_back(line.text);
        if (seen.size() == 3) server.tell({{"do", "cut_logs"}});
        // All of one second, so of one id: what is sent again must be told from what is new.
        if (seen.size() == 3) write("same");
        if (seen.size() == 4) server.misbehave("GET /v2/pods/" + id + "/logs", {{"kind", "close"}});
        if (seen.size() == 4) server.tell({{"do", "cut_logs"}});
        if (seen.size() == 4) server.advance(1);
        if (seen.size() == 4) write("last");
        return line.text != "last";
      },
      nullptr);
  BOOST_TEST((seen == std::vector<std::string>{"0", "same", "same", "same", "last"}));
}

BOOST_FIXTURE_TEST_CASE(following_ends_with_the_pod_and_when_it_is_told_to, ServerAndClient) {
  const std::string id = client.create_pod(small_pod("x")).value.id;
  std::atomic<bool> stop = false;
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    stop = true;
  });
  client.follow_log(
      id, {}, [](const LogLine&) { return true; }, [&] { return stop.load(); });
  BOOST_TEST(stop.load());
  later.join();
  server.tell({{"do", "log"}, {"pod", id}, {"line", "bye"}});
  int lines = 0;
  client.follow_log(
      id, {},
      [&](const LogLine&) {
        ++lines;
        client_of(server, waits).terminate_pod(id);
        return true;
      },
      nullptr);
  BOOST_TEST(lines == 1);
}

BOOST_AUTO_TEST_SUITE_END()
