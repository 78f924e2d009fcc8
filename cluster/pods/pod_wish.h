#pragma once
#include <cstdint>
#include <string>

#include "cluster/job/job_file.h"
#include "cluster/runpod/placement.h"

namespace moola::cluster {

/// The machine that a job wants of RunPod: one pod, or the equal pods of an instant cluster, for all of its steps.
struct PodWish {
  int nodes = 1, gpus = 0, vcpus = 2;  // GPUs and cores of each node
  int slots = 1;                       // ranks of each node
  RunpodSettings settings = {};
  double dollars = 0;             // that it may cost in all; 0: the time alone limits it
  std::int64_t seconds = 0;       // that it may take in all; 0: the money alone does
  std::int64_t replacements = 3;  // for pods that are lost
};

/// Throws ConfigError for what no pod could run: steps that want different machines, several nodes without a network
/// volume, no image, and a job without an end by time or money.
PodWish pod_wish(const JobFile& job);

/// What to look for in RunPod's catalogue.
runpod::PlacementWish placement_wish(const PodWish& wish);

/// Seconds that a machine of that price may be up, when so much was spent before; 0 when nothing is left.
std::int64_t lifetime_s(const PodWish& wish, double dollars_per_hour, double dollars_spent, std::int64_t seconds_spent);

}  // namespace moola::cluster
