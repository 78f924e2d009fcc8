#include "cluster/pods/pod_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/duration.h"
#include "base/text_table.h"
#include "cluster/pods/pod_request.h"

namespace moola::cluster {
namespace {

double most_dollars(const PodWish& wish, double per_hour) {
  return per_hour * static_cast<double>(lifetime_s(wish, per_hour, 0, 0)) / 3600;
}

std::string machine_text(const PodWish& wish) {
  const std::string pods = wish.nodes > 1 ? fmt::format("an instant cluster of {} pods", wish.nodes) : "a pod";
  const std::string what = wish.gpus > 0 ? fmt::format("{} GPUs{}", wish.gpus, wish.nodes > 1 ? " each" : "")
                                         : fmt::format("{} cores of {}", wish.vcpus, wish.settings.cpu);
  const std::string disk = wish.settings.network_volume.empty()
                               ? fmt::format("{} GB of disk that goes with it", wish.settings.disk)
                               : fmt::format("the network volume {}", wish.settings.network_volume);
  return fmt::format("{} with {} and {}, image {}", pods, what, disk,
                     wish.settings.image.empty() ? default_image() : wish.settings.image);
}

}  // namespace

PodPlan plan_pods(const JobFile& job, runpod::Client& client) {
  PodPlan out{.wish = pod_wish(job)};
  PodOrder order{.run = "RUN", .name = "moola-RUN-1", .public_key = "(the public key of the run)"};
  if (out.wish.gpus > 0) out.candidates = find_candidates(client, placement_wish(out.wish));
  const runpod::Candidate* first = out.candidates.to_try.empty() ? nullptr : &out.candidates.to_try.front();
  order.lifetime_s =
      lifetime_s(out.wish, first == nullptr ? out.wish.settings.hourly_price_cap : first->per_hour, 0, 0);
  out.method_and_path = out.wish.nodes > 1 ? "POST /v2/clusters" : "POST /v2/pods";
  if (out.wish.nodes > 1) {
    runpod::ClusterRequest request = cluster_request(out.wish, order);
    if (first != nullptr) request.gpu_id = first->gpu;
    if (first != nullptr) request.data_centers = first->data_centers;
    out.body = to_json(request);
  } else {
    runpod::PodRequest request = pod_request(out.wish, order);
    if (first != nullptr) request.gpu->id = first->gpu;
    if (first != nullptr) request.data_centers = first->data_centers;
    out.body = to_json(request);
  }
  return out;
}

std::string pod_plan_text(const PodPlan& plan) {
  std::string out = fmt::format("Rented: {}.\n", machine_text(plan.wish));
  TextTable table({{"try"}, {"GPU"}, {"$/h", Align::right}, {"stock"}, {"at most $", Align::right}, {"data centres"}});
  for (std::size_t i = 0; i < plan.candidates.to_try.size(); ++i) {
    const runpod::Candidate& each = plan.candidates.to_try[i];
    table.row({std::to_string(i + 1), each.gpu, fmt::format("{:.2f}", each.per_hour), to_string(each.stock),
               fmt::format("{:.2f}", most_dollars(plan.wish, each.per_hour)),
               each.data_centers.empty() ? "any" : fmt::format("{}", fmt::join(each.data_centers, ", "))});
  }
  if (!plan.candidates.to_try.empty()) out += table.text();
  if (!plan.candidates.left_out.empty()) out += fmt::format("Not tried: {}.\n", describe(plan.candidates.left_out));
  if (plan.wish.gpus == 0)
    out += plan.wish.dollars > 0
               ? fmt::format("Its price is in RunPod's answer; it ends before ${:.2f} are spent.\n", plan.wish.dollars)
               : "Its price is in RunPod's answer.\n";
  out += fmt::format(
      "It ends{}{}{}, or as soon as the run is over and its results are here. A pod that is lost is replaced up to {} "
      "times.\n",
      plan.wish.seconds > 0 ? " after " + readable_seconds(static_cast<double>(plan.wish.seconds)) : "",
      plan.wish.seconds > 0 && plan.wish.dollars > 0 ? ", or" : "",
      plan.wish.dollars > 0 ? fmt::format(" when ${:.2f} are spent", plan.wish.dollars) : "", plan.wish.replacements);
  Json shown = plan.body;
  if (shown.contains("args")) shown["args"] = "(pod_start.sh)";
  return out + fmt::format("\n{}\n{}\n", plan.method_and_path, json_text(shown, 2));
}

Json pod_plan_json(const PodPlan& plan) {
  Json tried = Json::array(), left_out = Json::array();
  for (const runpod::Candidate& each : plan.candidates.to_try) {
    tried.push_back({{"gpu", each.gpu},
                     {"dollars_per_hour", each.per_hour},
                     {"stock", to_string(each.stock)},
                     {"most_dollars", most_dollars(plan.wish, each.per_hour)},
                     {"data_centers", each.data_centers}});
  }
  for (const runpod::NoCandidate& each : plan.candidates.left_out)
    left_out.push_back({{"gpu", each.gpu}, {"why", each.reason}});
  return {{"pods", plan.wish.nodes},
          {"gpus", plan.wish.gpus},
          {"candidates", tried},
          {"left_out", left_out},
          {"request", {{"call", plan.method_and_path}, {"body", plan.body}}}};
}

}  // namespace moola::cluster
