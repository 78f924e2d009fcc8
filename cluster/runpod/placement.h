#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cluster/runpod/client.h"

namespace moola::cluster::runpod {

/// Where something may run, and what it may cost.
struct PlacementWish {
  std::vector<std::string> gpus;  // ids or names, the most wanted first
  int count = 1;                  // GPUs of a pod
  int pods = 1;                   // more than one: an instant cluster
  Cloud cloud = Cloud::secure;
  std::vector<std::string> data_centers = {};  // empty: any
  std::optional<double> most_per_hour = {};    // US dollars, all pods together
};

/// One thing to try.
struct Candidate {
  std::string gpu;                             // id
  std::vector<std::string> data_centers = {};  // those wished for that have it; empty: any
  double per_hour = 0;                         // US dollars by the list, all pods together
  Stock stock = Stock::other;
};

/// A type that is not tried, and why.
struct NoCandidate {
  std::string gpu, reason;
};

struct Candidates {
  std::vector<Candidate> to_try;
  std::vector<NoCandidate> left_out;
};

/// What of the catalogue fits the wish, in its order. Throws ConfigError for a GPU or data centre that RunPod does not
/// have, with the nearest name, and for a wish that asks for nothing.
Candidates find_candidates(const PlacementWish& wish, const std::vector<GpuType>& gpus,
                           const std::vector<DataCenter>& data_centers);
/// The same, with RunPod's catalogue of now: two requests.
Candidates find_candidates(Client& client, const PlacementWish& wish);

/// "NVIDIA L40S (no stock); NVIDIA H100 PCIe ($2.99 per hour, above $2.50)".
std::string describe(const std::vector<NoCandidate>& left_out);

/// The candidate a pod was made of, and what the others had said before. Of one that was there already, the candidate
/// says what it is.
struct PlacedPod {
  Pod pod;
  bool was_there = false;
  Candidate candidate;
  std::vector<NoCandidate> refused = {};
};
struct PlacedCluster {
  Cluster cluster;
  bool was_there = false;
  Candidate candidate;
  std::vector<NoCandidate> refused = {};
};

/// No candidate worked out; the message has each one's answer. Another hour may be luckier, unless all were refused for
/// the request's sake.
class NoPlace : public Error {
 public:
  using Error::Error;
};

/// Makes the pod of the first candidate that RunPod accepts. GPU type and data centres of `request` are the
/// candidate's.
///
/// 400 and 403 go on to the next candidate, a 429, a 5xx and a broken connection try the same again (ApiSession), and
/// 401, 402 and 422 stop: no candidate would help. A pod that costs more than `most_per_hour`, or stands in a data
/// centre that was not asked for, is ended at once and counts as refused. A pod of that name that is there already is
/// taken as it is. Throws NoPlace, ApiError, ConfigError.
/// Source: the retry table of createPod in RunPod's API reference, v2.
PlacedPod place_pod(Client& client, PodRequest request, const Candidates& candidates,
                    std::optional<double> most_per_hour);
/// The same for a cluster, whose price RunPod does not say: what its pods cost is added up once they are there.
PlacedCluster place_cluster(Client& client, ClusterRequest request, const Candidates& candidates);

}  // namespace moola::cluster::runpod
