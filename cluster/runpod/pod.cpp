#include "cluster/runpod/pod.h"

#include <fmt/format.h>

#include <array>
#include <limits>

#include "base/error.h"
#include "base/named_choice.h"

namespace moola::cluster::runpod {
namespace {

constexpr std::array<NamedChoice<PodStatus>, 6> kStatuses{{{"PROVISIONING", PodStatus::provisioning},
                                                           {"STARTING", PodStatus::starting},
                                                           {"RUNNING", PodStatus::running},
                                                           {"EXITED", PodStatus::exited},
                                                           {"ERROR", PodStatus::error},
                                                           {"TERMINATED", PodStatus::terminated}}};

PodStatus status_of(const std::string& text) {
  for (const auto& choice : kStatuses) {
    if (choice.name == text) return choice.value;
  }
  return PodStatus::other;
}

int small(std::optional<std::int64_t> value, const char* what) {
  if (!value) return 0;
  if (*value < 0 || *value > std::numeric_limits<int>::max()) {
    throw DataError(fmt::format("RunPod's answer has {} = {}, which is out of range.", what, *value));
  }
  return static_cast<int>(*value);
}

std::optional<SshEndpoint> endpoint(const std::optional<AnswerFields>& ssh, const char* name) {
  const auto fields = ssh ? ssh->object_if(name) : std::nullopt;
  if (!fields) return std::nullopt;
  return SshEndpoint{
      .host = fields->text("host"), .user = fields->text("username"), .port = small(fields->whole("port"), "port")};
}

}  // namespace

void check(const PodRequest& request) {
  const std::string what = fmt::format("pod '{}'", request.name);
  check_name(request.name, "pod");
  check(request.container, what);
  check(request.mounts, what);
  if (request.container.image.empty() && request.template_id.empty()) {
    throw ConfigError(fmt::format("{}: expected an image or a template; it has neither.", what));
  }
  if (request.gpu.has_value() == request.cpu.has_value()) {
    throw ConfigError(
        fmt::format("{}: expected either GPUs or CPUs; it asks for {}.", what, request.gpu ? "both" : "neither"));
  }
  if (request.gpu) {
    if (request.gpu->id.empty() || request.gpu->count < 1) {
      throw ConfigError(
          fmt::format("{}: {} GPUs of the type '{}'; expected 1 or more, and a type that `moola runpod "
                      "gpus` lists.",
                      what, request.gpu->count, request.gpu->id));
    }
    check_cuda_versions(request.gpu->cuda_versions, what);
    if (!request.gpu->least_cuda_version.empty()) check_cuda_versions({request.gpu->least_cuda_version}, what);
    if (!request.gpu->least_cuda_version.empty() && !request.gpu->cuda_versions.empty()) {
      throw ConfigError(fmt::format("{}: expected either versions of CUDA or the least of them; it has both.", what));
    }
  }
  if (request.cpu) {
    if (request.cpu->id.empty() || request.cpu->vcpus < 2) {
      throw ConfigError(
          fmt::format("{}: {} virtual CPUs of the flavour '{}'; expected 2 or more, and a flavour such as "
                      "cpu3c.",
                      what, request.cpu->vcpus, request.cpu->id));
    }
    if (request.mounts.host_gb != 0) {
      throw ConfigError(fmt::format("{}: a pod without GPUs has no disk on its host; take a network volume.", what));
    }
  }
}

Json to_json(const PodRequest& request) {
  Json body{{"name", request.name}};
  add_to(body, request.container);
  body["cloud"] = request.cloud == Cloud::secure ? "SECURE" : "COMMUNITY";
  if (request.gpu) {
    body["gpu"] = {{"id", request.gpu->id}, {"count", request.gpu->count}};
    if (!request.gpu->cuda_versions.empty()) body["gpu"]["allowedCudaVersions"] = request.gpu->cuda_versions;
    if (!request.gpu->least_cuda_version.empty()) body["gpu"]["minCudaVersion"] = request.gpu->least_cuda_version;
  }
  if (request.cpu) body["cpu"] = {{"id", request.cpu->id}, {"vcpuCount", request.cpu->vcpus}};
  if (!request.data_centers.empty()) body["dataCenterIds"] = request.data_centers;
  add_to(body, request.mounts);
  if (!request.registry_id.empty()) body["registry"] = request.registry_id;
  if (!request.template_id.empty()) body["templateId"] = request.template_id;
  if (request.start_ssh) body["startSsh"] = true;
  if (request.start_jupyter) body["startJupyter"] = true;
  if (request.global_networking) body["globalNetworking"] = true;
  return body;
}

Pod parse_pod(const AnswerFields& fields) {
  Pod pod;
  pod.id = fields.text("id");
  pod.name = fields.text("name");
  pod.status_text = fields.text("status");
  pod.status = status_of(pod.status_text);
  pod.actions = fields.texts_or_none("actions");
  pod.container.image = fields.text_or_empty("image");
  pod.container.args = fields.text_or_empty("args");
  pod.container.disk_gb = small(fields.whole_if("disk"), "disk");
  pod.container.env = fields.pairs_or_none("env");
  pod.container.ports = fields.texts_or_none("ports");
  if (const auto gpu = fields.object_if("gpu")) {
    pod.gpu_id = gpu->text("id");
    pod.gpu_count = gpu->whole_if("count") ? small(gpu->whole("count"), "gpu.count") : 1;
  }
  pod.data_center = fields.text_or_empty("dataCenterId");
  if (const auto cluster = fields.object_if("cluster")) {
    pod.cluster_id = cluster->text("id");
    if (const auto rank = cluster->whole_if("rank")) pod.cluster_rank = small(rank, "cluster.rank");
    pod.cluster_ip = cluster->text_or_empty("ip");
  }
  pod.cost_per_hour = fields.number_if("cost").value_or(0);
  pod.created = fields.moment_or_none("createdAt");
  pod.started = fields.moment_or_none("startedAt");
  const auto ssh = fields.object_if("ssh");
  pod.ssh = endpoint(ssh, "direct");
  pod.ssh_proxy = endpoint(ssh, "proxy");
  if (const auto runtime = fields.object_if("runtime")) {
    pod.up_seconds = runtime->whole_if("uptime");
    runtime->objects_or_none("ports", [&](const AnswerFields& port) {
      PublicPort one{.inside = small(port.whole_if("private"), "port")};
      if (const auto outside = port.whole_if("public")) one.outside = small(outside, "port");
      one.protocol = port.text_or_empty("type");
      one.ip = port.text_or_empty("ip");
      pod.ports.push_back(std::move(one));
    });
  }
  return pod;
}

std::vector<Pod> parse_pods(const Json& answer, const std::string& where) {
  std::vector<Pod> pods;
  AnswerFields(answer, where).objects("pods", [&](const AnswerFields& one) { pods.push_back(parse_pod(one)); });
  return pods;
}

std::optional<std::string> variable(const Pod& pod, std::string_view name) {
  for (const auto& [key, value] : pod.container.env) {
    if (key == name) return value;
  }
  return std::nullopt;
}

bool has_ended(const Pod& pod) {
  return pod.status == PodStatus::exited || pod.status == PodStatus::error || pod.status == PodStatus::terminated;
}

}  // namespace moola::cluster::runpod
