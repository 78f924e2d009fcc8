#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "cluster/runpod/answer_fields.h"
#include "cluster/runpod/container.h"

namespace moola::cluster::runpod {

struct GpuRequest {
  std::string id;  // as the catalogue has it: "NVIDIA H100 80GB HBM3"
  int count = 1;
  // Of the host's driver. One of the two at most; empty: any.
  std::vector<std::string> cuda_versions = {};
  std::string least_cuda_version = {};
};

struct CpuRequest {
  std::string id;  // flavour: "cpu3c"
  int vcpus = 2;
};

/// A pod to be made. Its name is what it is known by: see Client::create_pod.
struct PodRequest {
  std::string name;
  Container container = {};
  std::optional<GpuRequest> gpu = {};  // exactly one of the two
  std::optional<CpuRequest> cpu = {};
  Cloud cloud = Cloud::secure;
  std::vector<std::string> data_centers = {};  // empty: any
  Mounts mounts = {};
  std::string registry_id = {};  // credentials for a private image; empty: none
  std::string template_id = {};  // what is not given here is the template's; empty: none
  bool start_ssh = false, start_jupyter = false, global_networking = false;
};

/// Throws ConfigError for what RunPod would refuse, before anything is sent.
void check(const PodRequest& request);
/// The body of POST /v2/pods.
Json to_json(const PodRequest& request);

enum class PodStatus { provisioning, starting, running, exited, error, terminated, other };
enum class PodAction { start, stop, restart };

/// A way to reach a pod by ssh.
struct SshEndpoint {
  std::string host, user;
  int port = 22;
};

/// A port of a running pod as the world sees it.
struct PublicPort {
  int inside = 0;
  std::optional<int> outside = {};
  std::string protocol = {}, ip = {};
};

struct Pod {
  std::string id, name;
  PodStatus status = PodStatus::other;
  std::string status_text;           // as RunPod writes it: "RUNNING"
  std::vector<std::string> actions;  // that its status allows: "stop", "terminate"
  Container container;
  std::string gpu_id;  // empty: a pod without GPUs
  int gpu_count = 0;
  std::string data_center;                 // empty: not placed yet
  std::string cluster_id;                  // empty: a pod of its own
  std::optional<int> cluster_rank;         // of the node, once it is given
  std::string cluster_ip;                  // in the cluster's network; empty: not given yet
  double cost_per_hour = 0;                // US dollars, now; 0 when it has ended
  std::int64_t created = 0, started = 0;   // nanoseconds UTC; `started` is kNoTime before the first start
  std::optional<std::int64_t> up_seconds;  // of its container
  std::optional<SshEndpoint> ssh;          // straight to the pod; only this one carries files
  std::optional<SshEndpoint> ssh_proxy;    // a shell, and nothing else
  std::vector<PublicPort> ports;
};

/// Throws DataError.
Pod parse_pod(const AnswerFields& fields);
/// The list `pods` of an answer.
std::vector<Pod> parse_pods(const Json& answer, const std::string& where);

/// The value of a variable of the pod's; none when it has none.
std::optional<std::string> variable(const Pod& pod, std::string_view name);
/// It has ended, or will not come back.
bool has_ended(const Pod& pod);

}  // namespace moola::cluster::runpod
