#pragma once
#include <string>

#include "base/json.h"
#include "cluster/pods/pod_wish.h"
#include "cluster/runpod/client.h"

namespace moola::cluster {

/// What renting for a job would ask of RunPod, and cost.
struct PodPlan {
  PodWish wish;
  runpod::Candidates candidates = {};  // none for a machine without GPUs, whose price only RunPod's answer says
  std::string method_and_path = {};    // "POST /v2/pods"
  Json body = {};                      // of the first candidate, as it would be sent
};

/// Asks RunPod's catalogue; rents nothing. Throws what pod_wish and find_candidates throw, ApiError.
PodPlan plan_pods(const JobFile& job, runpod::Client& client);

/// For people: what is tried in which order, what it costs, and the request, its script left out.
std::string pod_plan_text(const PodPlan& plan);
Json pod_plan_json(const PodPlan& plan);

}  // namespace moola::cluster
