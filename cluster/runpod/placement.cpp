#include "cluster/runpod/placement.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/nearest.h"

namespace moola::cluster::runpod {
namespace {

// Prices are floats in RunPod's interface: 0.1 cents are no difference.
constexpr double kSamePrice = 0.001;

void check(const PlacementWish& wish, const std::vector<DataCenter>& data_centers) {
  if (wish.gpus.empty())
    throw ConfigError("expected one type of GPU or more to look for; `moola runpod gpus` lists them.");
  if (wish.count < 1 || wish.pods < 1) {
    throw ConfigError(fmt::format("{} GPUs in each of {} pods; expected 1 or more.", wish.count, wish.pods));
  }
  if (wish.most_per_hour && !(*wish.most_per_hour > 0)) {
    throw ConfigError(fmt::format("a price of at most ${} per hour; expected more than 0.", *wish.most_per_hour));
  }
  std::vector<std::string> known;
  for (const DataCenter& one : data_centers) known.push_back(one.id);
  for (const std::string& wanted : wish.data_centers) {
    if (std::find(known.begin(), known.end(), wanted) == known.end()) {
      throw ConfigError(fmt::format("RunPod has no data centre '{}'.{} Those are: {}.", wanted,
                                    did_you_mean(wanted, known), fmt::join(known, ", ")));
    }
  }
}

// Why the type is not tried; empty when it is.
std::string obstacle(const GpuType& gpu, const PlacementWish& wish, const Candidate& candidate) {
  if (!offered(gpu, wish.cloud)) return fmt::format("not in the {} cloud", to_string(wish.cloud));
  if (const int ceiling = most(gpu, wish.cloud); ceiling > 0 && wish.count > ceiling) {
    return fmt::format("{} GPUs, and its largest host has {}", wish.count, ceiling);
  }
  if (wish.most_per_hour && candidate.per_hour <= 0) return "no price in the list";
  if (wish.most_per_hour && candidate.per_hour > *wish.most_per_hour + kSamePrice) {
    return fmt::format("${:.2f} per hour, above ${:.2f}", candidate.per_hour, *wish.most_per_hour);
  }
  if (gpu.stock == Stock::none) return "no stock";
  if (!wish.data_centers.empty() && candidate.data_centers.empty()) {
    return fmt::format("no stock in {}", fmt::join(wish.data_centers, ", "));
  }
  return {};
}

Candidate candidate_of(const GpuType& gpu, const PlacementWish& wish) {
  Candidate out{.gpu = gpu.id, .per_hour = price(gpu, wish.cloud) * wish.count * wish.pods, .stock = gpu.stock};
  for (const std::string& wanted : wish.data_centers) {
    for (const StockAt& there : gpu.data_centers) {
      if (there.data_center == wanted && there.stock != Stock::none) out.data_centers.push_back(wanted);
    }
  }
  return out;
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// What is wrong with a pod that RunPod did make; empty when nothing is.
std::string objection(const Pod& pod, const Candidate& candidate, std::optional<double> most_per_hour) {
  if (most_per_hour && pod.cost_per_hour > *most_per_hour + kSamePrice) {
    return fmt::format("RunPod takes ${:.2f} per hour, above ${:.2f}; ended at once", pod.cost_per_hour,
                       *most_per_hour);
  }
  if (!candidate.data_centers.empty() && !pod.data_center.empty() &&
      !contains(candidate.data_centers, pod.data_center)) {
    return fmt::format("RunPod put it in {}, which was not asked for; ended at once", pod.data_center);
  }
  return {};
}

[[noreturn]] void no_place(const std::string& what, const Candidates& candidates,
                           const std::vector<NoCandidate>& refused, bool all_400) {
  std::string message = fmt::format("no place for {}.", what);
  if (!refused.empty()) message += fmt::format(" Tried: {}.", describe(refused));
  if (!candidates.left_out.empty()) message += fmt::format(" Not tried: {}.", describe(candidates.left_out));
  message += all_400 && refused.size() > 1
                 ? " All were refused alike: it may be the request that breaks a rule, and not the capacity."
                 : " Name more types of GPU or data centres, raise the price, or try again later.";
  throw NoPlace(message, ExitCode::failed);
}

// Tries one candidate after another; `make` gives what it made, or nothing and says why not.
template <class Placed>
Placed first_that_works(const std::string& what, const Candidates& candidates, const auto& make) {
  std::vector<NoCandidate> refused;
  bool all_400 = true;
  for (const Candidate& candidate : candidates.to_try) {
    try {
      std::string reason;
      std::optional<Placed> placed = make(candidate, reason);
      if (placed) {
        placed->refused = std::move(refused);
        return std::move(*placed);
      }
      refused.push_back({candidate.gpu, reason});
      all_400 = false;
    } catch (const ApiError& error) {
      const bool next = error.status() == 400 || error.status() == 403;
      if (!next) throw;
      all_400 &= error.status() == 400;
      refused.push_back({candidate.gpu, fmt::format("{}: {}", error.status(), error.detail())});
    }
  }
  no_place(what, candidates, refused, all_400);
}

}  // namespace

std::string describe(const std::vector<NoCandidate>& left_out) {
  std::string out;
  for (const NoCandidate& one : left_out) {
    out += fmt::format("{}{} ({})", out.empty() ? "" : "; ", one.gpu, one.reason);
  }
  return out;
}

Candidates find_candidates(const PlacementWish& wish, const std::vector<GpuType>& gpus,
                           const std::vector<DataCenter>& data_centers) {
  check(wish, data_centers);
  Candidates out;
  for (const std::string& wanted : wish.gpus) {
    const GpuType& gpu = find_gpu(gpus, wanted);
    Candidate candidate = candidate_of(gpu, wish);
    if (std::string reason = obstacle(gpu, wish, candidate); reason.empty())
      out.to_try.push_back(std::move(candidate));
    else
      out.left_out.push_back({gpu.id, std::move(reason)});
  }
  return out;
}

Candidates find_candidates(Client& client, const PlacementWish& wish) {
  const Product product = wish.pods > 1 ? Product::cluster : Product::pod;
  return find_candidates(wish, client.gpu_types(product, std::max(wish.count, 1), wish.cloud), client.data_centers());
}

PlacedPod place_pod(Client& client, PodRequest request, const Candidates& candidates,
                    std::optional<double> most_per_hour) {
  if (!request.gpu)
    throw ConfigError(fmt::format("pod '{}': expected GPUs to be placed; it asks for none.", request.name));
  const auto make = [&](const Candidate& candidate, std::string& reason) -> std::optional<PlacedPod> {
    request.gpu->id = candidate.gpu;
    request.data_centers = candidate.data_centers;
    Made<Pod> made = client.create_pod(request);
    if (!made.was_there) reason = objection(made.value, candidate, most_per_hour);
    if (reason.empty()) {
      Candidate taken = candidate;
      if (made.was_there) taken = {.gpu = made.value.gpu_id, .per_hour = made.value.cost_per_hour};
      return PlacedPod{std::move(made.value), made.was_there, std::move(taken)};
    }
    client.terminate_pod(made.value.id);
    return std::nullopt;
  };
  return first_that_works<PlacedPod>(fmt::format("the pod '{}'", request.name), candidates, make);
}

PlacedCluster place_cluster(Client& client, ClusterRequest request, const Candidates& candidates) {
  const auto make = [&](const Candidate& candidate, std::string&) -> std::optional<PlacedCluster> {
    request.gpu_id = candidate.gpu;
    request.data_centers = candidate.data_centers;
    Made<Cluster> made = client.create_cluster(request);
    Candidate taken = candidate;
    if (made.was_there) taken = {.gpu = made.value.gpu_id};
    return PlacedCluster{std::move(made.value), made.was_there, std::move(taken)};
  };
  return first_that_works<PlacedCluster>(fmt::format("the cluster '{}'", request.name), candidates, make);
}

}  // namespace moola::cluster::runpod
