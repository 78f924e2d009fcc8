#include "cluster/runpod/instant_cluster.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace moola::cluster::runpod {
namespace {

constexpr int kFewestPods = 2, kMostPods = 250;

int count(const AnswerFields& fields, const char* name) {
  return static_cast<int>(std::clamp<std::int64_t>(fields.whole(name), 0, 1'000'000));
}

}  // namespace

void check(const ClusterRequest& request) {
  const std::string what = fmt::format("cluster '{}'", request.name);
  check_name(request.name, "cluster");
  check(request.container, what);
  check(request.mounts, what);
  if (request.container.image.empty()) throw ConfigError(fmt::format("{}: expected an image; it has none.", what));
  if (request.gpu_id.empty() || request.gpus_per_pod < 1) {
    throw ConfigError(fmt::format(
        "{}: {} GPUs of the type '{}' per pod; expected 1 or more, and a type that `moola runpod gpus` lists.", what,
        request.gpus_per_pod, request.gpu_id));
  }
  if (request.pods < kFewestPods || request.pods > kMostPods) {
    throw ConfigError(fmt::format("{}: {} pods; expected {} to {}. One node is a pod, and no cluster.", what,
                                  request.pods, kFewestPods, kMostPods));
  }
}

Json to_json(const ClusterRequest& request) {
  Json body{{"name", request.name}, {"type", "TRAINING"}};
  body["compute"] = {
      {"gpuTypeId", request.gpu_id}, {"gpuCountPerPod", request.gpus_per_pod}, {"podCount", request.pods}};
  add_to(body, request.container);
  if (!request.data_centers.empty()) body["dataCenterIds"] = request.data_centers;
  add_to(body, request.mounts);
  if (request.start_ssh) body["startSsh"] = true;
  if (request.start_jupyter) body["startJupyter"] = true;
  return body;
}

Cluster parse_cluster(const AnswerFields& fields) {
  Cluster cluster;
  cluster.id = fields.text("id");
  cluster.name = fields.text("name");
  if (const auto compute = fields.object_if("compute")) {
    cluster.gpu_id = compute->text("gpuTypeId");
    cluster.gpus_per_pod = count(*compute, "gpuCountPerPod");
    cluster.pods = count(*compute, "podCount");
  }
  if (const auto pods = fields.object_if("pods")) {
    cluster.pods_there = count(*pods, "total");
    const auto statuses = pods->object_if("byStatus");
    for (const char* status : {"PROVISIONING", "STARTING", "RUNNING", "EXITED", "ERROR", "TERMINATED"}) {
      if (statuses && statuses->whole_if(status)) cluster.by_status[status] = count(*statuses, status);
    }
  }
  cluster.data_center = fields.text_or_empty("dataCenterId");
  if (const auto primary = fields.object_if("primary")) {
    cluster.primary_pod = primary->text("podId");
    cluster.primary_ssh = primary->text_or_empty("sshEndpoint");
  }
  cluster.created = fields.moment_or_none("createdAt");
  return cluster;
}

}  // namespace moola::cluster::runpod
