#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "cluster/pods/pod_wish.h"
#include "cluster/runpod/instant_cluster.h"
#include "cluster/runpod/pod.h"
#include "cluster/runpod/stored.h"

namespace moola::cluster {

/// What a pod of a run is told, besides what is rented.
struct PodOrder {
  std::string run, name;        // the run's id, the pod's name
  std::string public_key = {};  // of ssh, that gets in
  std::int64_t lifetime_s = 0;  // it ends itself afterwards
  int cuda = 0;                 // major version that the driver must know; 0: any
};

/// The script that a pod's first process runs.
std::string pod_start_script();

/// The requests; GPU type and data centres are a candidate's. A request without GPUs is for cores.
runpod::PodRequest pod_request(const PodWish& wish, const PodOrder& order);
runpod::ClusterRequest cluster_request(const PodWish& wish, const PodOrder& order);

/// The same pod for a person to start from RunPod's console: open to ssh, for no run. Throws ConfigError for a job
/// without a time budget.
runpod::TemplateRequest template_request(const PodWish& wish);

/// The image of a job that names none.
std::string default_image();

}  // namespace moola::cluster
