#include "cluster/runpod/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "cluster/runpod/make_once.h"

namespace moola::cluster::runpod {
namespace {

constexpr const char* kAddress = "https://api.runpod.io";

template <class T>
std::vector<T> list_of(const Json& answer, const char* name, T (*parse)(const AnswerFields&)) {
  std::vector<T> out;
  AnswerFields(answer, "RunPod's answer: ").objects(name, [&](const AnswerFields& one) { out.push_back(parse(one)); });
  return out;
}

// An answer to a request that may have made something: what can't be read is as good as lost.
template <class T>
T made_of(const Json& answer, T (*parse)(const AnswerFields&)) {
  try {
    return parse(AnswerFields(answer, "RunPod's answer: "));
  } catch (const DataError& error) {
    throw LostAnswer(error.what(), 0, error.what());
  }
}

const char* word(PodAction action) {
  return action == PodAction::start ? "start" : action == PodAction::stop ? "stop" : "restart";
}

// Whether the pod already is what the action makes of it, which a repeated request finds.
bool is_so(const Pod& pod, PodAction action) {
  if (action == PodAction::stop) return has_ended(pod);
  return action == PodAction::start && !has_ended(pod) && pod.status != PodStatus::other;
}

std::string joined(const std::vector<std::string>& words) {
  return words.empty() ? "nothing" : fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace

Client::Client(ApiSession session) : session_(std::move(session)) {}

Json Client::get(const std::string& path) {
  return session_.call("GET", path, std::nullopt, WhenLost::send_again);
}

bool Client::remove(const std::string& path) {
  try {
    session_.call("DELETE", path, std::nullopt, WhenLost::send_again);
    return true;
  } catch (const ApiError& error) {
    // Also what the repetition of a request whose answer was lost finds.
    if (error.status() == 404) return false;
    throw;
  }
}

std::vector<GpuType> Client::gpu_types(Product product, int count, Cloud cloud) {
  if (count < 1) throw ConfigError(fmt::format("{} GPUs per pod; expected 1 or more.", count));
  return parse_gpu_types(get(fmt::format("/v2/catalog/gpus?include=AVAILABILITY&product={}&count={}&cloud={}",
                                         product == Product::pod ? "POD" : "CLUSTER", count,
                                         cloud == Cloud::secure ? "SECURE" : "COMMUNITY")));
}

std::vector<DataCenter> Client::data_centers() {
  return parse_data_centers(get("/v2/catalog/datacenters"));
}

Made<Pod> Client::create_pod(const PodRequest& request) {
  check(request);
  return make_once<Pod>(
      session_, "pod", request.name,
      [&] {
        std::vector<Pod> there = pods(false);
        std::erase_if(there, [](const Pod& one) { return one.status == PodStatus::terminated; });
        return there;
      },
      [&] { return made_of(session_.call("POST", "/v2/pods", to_json(request), WhenLost::throw_it), parse_pod); },
      [&](const std::string& id) { terminate_pod(id); });
}

Pod Client::pod(const std::string& id) {
  return parse_pod(AnswerFields(get("/v2/pods/" + url_encoded(id)), "RunPod's answer: "));
}

std::vector<Pod> Client::pods(bool with_those_of_clusters) {
  return list_of(get(with_those_of_clusters ? "/v2/pods?includeClusterPods=true" : "/v2/pods"), "pods", parse_pod);
}

Pod Client::act(const std::string& id, PodAction action) {
  const std::string path = fmt::format("/v2/pods/{}/action", url_encoded(id));
  try {
    const Json answer = session_.call("POST", path, Json{{"action", word(action)}}, WhenLost::send_again);
    return parse_pod(AnswerFields(answer, "RunPod's answer: "));
  } catch (const ApiError& error) {
    if (error.status() != 409) throw;
    const Pod now = pod(id);
    if (is_so(now, action)) return now;
    throw ApiError(fmt::format("RunPod does not {} the pod {}: it is {}, which allows {}.", word(action), id,
                               now.status_text, joined(now.actions)),
                   409, error.detail());
  }
}

bool Client::terminate_pod(const std::string& id) {
  return remove("/v2/pods/" + url_encoded(id));
}

Made<Cluster> Client::create_cluster(const ClusterRequest& request) {
  check(request);
  return make_once<Cluster>(
      session_, "cluster", request.name, [&] { return clusters(); },
      [&] {
        return made_of(session_.call("POST", "/v2/clusters", to_json(request), WhenLost::throw_it), parse_cluster);
      },
      [&](const std::string& id) { delete_cluster(id); });
}

Cluster Client::cluster(const std::string& id) {
  return parse_cluster(AnswerFields(get("/v2/clusters/" + url_encoded(id)), "RunPod's answer: "));
}

std::vector<Cluster> Client::clusters() {
  return list_of(get("/v2/clusters"), "clusters", parse_cluster);
}

std::vector<Pod> Client::cluster_pods(const std::string& id) {
  std::vector<Pod> out = list_of(get(fmt::format("/v2/clusters/{}/pods", url_encoded(id))), "pods", parse_pod);
  std::stable_sort(out.begin(), out.end(), [](const Pod& a, const Pod& b) {
    if (!a.cluster_rank || !b.cluster_rank) return a.cluster_rank.has_value() && !b.cluster_rank.has_value();
    return *a.cluster_rank < *b.cluster_rank;
  });
  return out;
}

bool Client::delete_cluster(const std::string& id) {
  return remove("/v2/clusters/" + url_encoded(id));
}

Made<Volume> Client::create_volume(const VolumeRequest& request) {
  check(request);
  Made<Volume> made = make_once<Volume>(
      session_, "network volume", request.name, [&] { return volumes(); },
      [&] {
        return made_of(session_.call("POST", "/v2/network-volumes", to_json(request), WhenLost::throw_it),
                       parse_volume);
      },
      [&](const std::string& id) { remove("/v2/network-volumes/" + url_encoded(id)); });
  if (made.value.data_center != request.data_center) {
    throw ConfigError(
        fmt::format("the network volume '{}' ({}) is in {}, and {} was asked for. A volume can't be moved: "
                    "take another name.",
                    request.name, made.value.id, made.value.data_center, request.data_center));
  }
  return made;
}

Volume Client::volume(const std::string& id) {
  return parse_volume(AnswerFields(get("/v2/network-volumes/" + url_encoded(id)), "RunPod's answer: "));
}

std::vector<Volume> Client::volumes() {
  return list_of(get("/v2/network-volumes"), "networkVolumes", parse_volume);
}

Made<Template> Client::create_template(const TemplateRequest& request) {
  check(request);
  return make_once<Template>(
      session_, "template", template_name(request), [&] { return templates(); },
      [&] {
        return made_of(session_.call("POST", "/v2/templates", to_json(request), WhenLost::throw_it), parse_template);
      },
      [&](const std::string& id) { delete_template(id); });
}

Template Client::pod_template(const std::string& id) {
  return parse_template(AnswerFields(get("/v2/templates/" + url_encoded(id)), "RunPod's answer: "));
}

std::vector<Template> Client::templates() {
  return list_of(get("/v2/templates"), "templates", parse_template);
}

bool Client::delete_template(const std::string& id) {
  return remove("/v2/templates/" + url_encoded(id));
}

std::vector<Registry> Client::registries() {
  return list_of(get("/v2/registries"), "registries", parse_registry);
}

Client open_client() {
  const char* address = std::getenv("MOOLA_RUNPOD_URL");
  HttpConnection connection(address != nullptr && *address != '\0' ? address : kAddress, HttpLimits{});
  return Client(ApiSession(read_api_key(default_key_file()), std::move(connection)));
}

}  // namespace moola::cluster::runpod
