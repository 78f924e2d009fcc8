#include "cluster/runpod/runpod_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <set>

#include "base/duration.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text_table.h"
#include "base/utc_time.h"
#include "cluster/runpod/client.h"
#include "cluster/runpod/pod_owners.h"

namespace moola::cluster::runpod {
namespace {

// A pod, and what this workspace knows of it.
struct OwnedPod {
  Pod pod;
  std::string run = {};  // of this workspace; empty: none
  bool ours = false;
  double hours = 0;  // since it was made
  bool orphan() const { return ours && run.empty(); }
};

double hours_since(std::int64_t moment, std::int64_t now) {
  return moment == kNoTime ? 0 : std::max(0.0, static_cast<double>(now - moment) / 3.6e12);
}

// At the present price since the last start: what was before a stop, RunPod's bill alone knows.
double cost_so_far(const Pod& pod, std::int64_t now) {
  return pod.cost_per_hour * hours_since(pod.started == kNoTime ? pod.created : pod.started, now);
}

std::vector<OwnedPod> owned_pods(Client& client, const PodOwners& owners, std::int64_t now) {
  std::vector<OwnedPod> out;
  for (Pod& pod : client.pods(true)) {
    OwnedPod one{.pod = std::move(pod)};
    one.run = owners.run_of(one.pod);
    one.ours = made_by_moola(one.pod) || !one.run.empty();
    one.hours = hours_since(one.pod.created, now);
    out.push_back(std::move(one));
  }
  std::stable_sort(out.begin(), out.end(), [](const OwnedPod& a, const OwnedPod& b) { return a.hours < b.hours; });
  return out;
}

std::string run_text(const OwnedPod& one) {
  if (!one.run.empty()) return one.run;
  return one.ours ? fmt::format("{} (not here)", variable(one.pod, "MOOLA_RUN").value_or("")) : "-";
}

std::string gpu_text(const Pod& pod) {
  return pod.gpu_count == 0 ? "-" : fmt::format("{} x {}", pod.gpu_count, pod.gpu_id);
}

void print_pods(const std::vector<OwnedPod>& pods, std::int64_t now) {
  if (pods.empty()) {
    std::cout << "No pods.\n";
    return;
  }
  TextTable table({{"pod"},
                   {"name"},
                   {"status"},
                   {"GPUs"},
                   {"age", Align::right},
                   {"$/h", Align::right},
                   {"$ since start", Align::right},
                   {"run"}});
  double hourly = 0;
  for (const OwnedPod& one : pods) {
    hourly += one.pod.cost_per_hour;
    table.row({one.pod.id, one.pod.name, one.pod.status_text, gpu_text(one.pod), readable_seconds(one.hours * 3600),
               fmt::format("{:.2f}", one.pod.cost_per_hour), fmt::format("{:.2f}", cost_so_far(one.pod, now)),
               run_text(one)});
  }
  std::cout << table.text() << fmt::format("\nAll together ${:.2f} per hour.\n", hourly);
}

Json pods_json(const std::vector<OwnedPod>& pods, std::int64_t now) {
  Json list = Json::array();
  for (const OwnedPod& one : pods) {
    list.push_back({{"pod", one.pod.id},
                    {"name", one.pod.name},
                    {"status", one.pod.status_text},
                    {"cluster", one.pod.cluster_id},
                    {"gpu", one.pod.gpu_id},
                    {"gpus", one.pod.gpu_count},
                    {"data_center", one.pod.data_center},
                    {"created", one.pod.created == kNoTime ? Json() : Json(utc_text(one.pod.created))},
                    {"hours", one.hours},
                    {"dollars_per_hour", one.pod.cost_per_hour},
                    {"dollars_since_start", cost_so_far(one.pod, now)},
                    {"run", one.run},
                    {"says_run", variable(one.pod, "MOOLA_RUN").value_or("")},
                    {"orphan", one.orphan()}});
  }
  return list;
}

// What ends an orphan: the pod's own end, or that of the cluster it is in.
struct Ending {
  std::string id;
  bool cluster = false;
};

std::vector<Ending> endings_of(const std::vector<OwnedPod>& pods) {
  std::vector<Ending> out;
  std::set<std::string> seen;
  for (const OwnedPod& one : pods) {
    if (!one.orphan()) continue;
    const bool cluster = !one.pod.cluster_id.empty();
    const std::string& id = cluster ? one.pod.cluster_id : one.pod.id;
    if (seen.insert(id).second) out.push_back({id, cluster});
  }
  return out;
}

std::string names_of(const std::vector<Ending>& endings) {
  std::string out;
  for (const Ending& one : endings) out += (out.empty() ? "" : ", ") + (one.cluster ? "cluster " + one.id : one.id);
  return out;
}

// One that can't be ended does not keep the others alive; the first such error is thrown in the end.
std::vector<std::string> end_all(Client& client, const std::vector<Ending>& endings) {
  std::vector<std::string> ended;
  std::exception_ptr first;
  for (const Ending& one : endings) {
    try {
      if (one.cluster)
        client.delete_cluster(one.id);
      else
        client.terminate_pod(one.id);
      ended.push_back(one.id);
    } catch (const Error& error) {
      log_warning("{} still runs and costs money: {}", one.id, error.what());
      if (!first) first = std::current_exception();
    }
  }
  if (first) std::rethrow_exception(first);
  return ended;
}

std::string where_text(const GpuType& gpu) {
  std::string out;
  for (const StockAt& there : gpu.data_centers) {
    if (there.stock != Stock::none) out += (out.empty() ? "" : " ") + there.data_center;
  }
  return out;
}

Json gpus_json(const std::vector<GpuType>& gpus, Cloud cloud) {
  Json list = Json::array();
  for (const GpuType& gpu : gpus) {
    Json places = Json::object();
    for (const StockAt& there : gpu.data_centers) places[there.data_center] = to_string(there.stock);
    list.push_back({{"gpu", gpu.id},
                    {"name", gpu.name},
                    {"memory_gb", gpu.memory_gb},
                    {"dollars_per_hour", price(gpu, cloud)},
                    {"most_per_pod", most(gpu, cloud)},
                    {"stock", to_string(gpu.stock)},
                    {"data_centers", places}});
  }
  return list;
}

}  // namespace

void list_pods_command(const RunpodOptions& options) {
  if (options.yes && !options.end_orphans) throw ConfigError("--yes is for --end-orphans, and that is not given.");
  const PodOwners owners(options.common.workspace);
  Client client = open_client();
  const std::int64_t now = utc_now();
  const std::vector<OwnedPod> pods = owned_pods(client, owners, now);
  const std::vector<Ending> endings = endings_of(pods);
  const bool end = options.end_orphans && options.yes && !endings.empty();
  if (!options.common.json) {
    print_pods(pods, now);
    if (end) std::cout << fmt::format("\nOf no run of this workspace, ending: {}.\n", names_of(endings)) << std::flush;
  }
  const std::vector<std::string> ended = end ? end_all(client, endings) : std::vector<std::string>();
  if (options.common.json) {
    std::cout << json_text({{"pods", pods_json(pods, now)}, {"ended", ended}}, 2) << "\n";
  } else if (options.end_orphans) {
    std::cout << fmt::format("\n{} ended.\n", ended.size());
  } else if (!endings.empty()) {
    std::cout << fmt::format("\nOf no run of this workspace: {}. `moola runpod pods --end-orphans` ends them.\n",
                             names_of(endings));
  }
  if (options.end_orphans && !options.yes && !endings.empty()) {
    throw ConfigError(
        fmt::format("{} would be ended with all that is on the disks, and another machine's runs may need "
                    "them: {}. Add --yes to do so.",
                    endings.size(), names_of(endings)));
  }
}

void list_gpus_command(const RunpodOptions& options) {
  const Cloud cloud = parse_cloud(options.cloud);
  Client client = open_client();
  std::vector<GpuType> gpus = client.gpu_types(parse_product(options.product), options.count, cloud);
  std::erase_if(gpus, [&](const GpuType& gpu) {
    return !offered(gpu, cloud) || (!options.data_center.empty() &&
                                    std::none_of(gpu.data_centers.begin(), gpu.data_centers.end(), [&](const auto& at) {
                                      return at.data_center == options.data_center && at.stock != Stock::none;
                                    }));
  });
  std::stable_sort(gpus.begin(), gpus.end(),
                   [&](const GpuType& a, const GpuType& b) { return price(a, cloud) < price(b, cloud); });
  if (options.common.json) {
    std::cout << json_text({{"cloud", to_string(cloud)}, {"gpus", gpus_json(gpus, cloud)}}, 2) << "\n";
    return;
  }
  TextTable table(
      {{"GPU"}, {"memory", Align::right}, {"$/h", Align::right}, {"most per pod", Align::right}, {"stock"}, {"where"}});
  for (const GpuType& gpu : gpus) {
    table.row({gpu.id, fmt::format("{} GB", gpu.memory_gb), fmt::format("{:.2f}", price(gpu, cloud)),
               fmt::format("{}", most(gpu, cloud)), to_string(gpu.stock), where_text(gpu)});
  }
  std::cout << table.text()
            << fmt::format("\n$/h is the list price of one GPU in the {} cloud; stock is for pods with {} of them.\n",
                           to_string(cloud), options.count);
}

}  // namespace moola::cluster::runpod
