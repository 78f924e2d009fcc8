#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "cluster/runpod/answer_fields.h"
#include "cluster/runpod/container.h"

namespace moola::cluster::runpod {

/// Equal pods with a fast network between them. The image must be public: clusters take no registry's credentials.
struct ClusterRequest {
  std::string name;
  Container container = {};
  std::string gpu_id = {};
  int gpus_per_pod = 1, pods = 2;
  std::vector<std::string> data_centers = {};  // empty: any; a cluster is within one
  Mounts mounts = {};
  bool start_ssh = false, start_jupyter = false;
};

/// Throws ConfigError for what RunPod would refuse, before anything is sent.
void check(const ClusterRequest& request);
/// The body of POST /v2/clusters, of the type TRAINING.
Json to_json(const ClusterRequest& request);

struct Cluster {
  std::string id, name;
  std::string gpu_id;
  int gpus_per_pod = 0, pods = 0;        // as asked for
  int pods_there = 0;                    // as made so far
  std::map<std::string, int> by_status;  // pods of each: "RUNNING"
  std::string data_center;               // empty: not placed yet
  std::string primary_pod, primary_ssh;  // "1.2.3.4:22001"; empty: not yet
  std::int64_t created = 0;              // nanoseconds UTC
};

/// Throws DataError.
Cluster parse_cluster(const AnswerFields& fields);

}  // namespace moola::cluster::runpod
