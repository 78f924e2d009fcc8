#include "cluster/pods/pod_renting.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "cluster/pods/pod_ssh.h"
#include "cluster/pods/volume_transfer.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;
using runpod::ApiError;

constexpr std::int64_t kShortest = 60;  // seconds; for less nothing is rented

// Of the driver that the run's pack asks for; 0: none.
int cuda_of(const JobRun& run) {
  const fs::path manifest = run.folder / "pack" / "manifest.json";
  if (!fs::exists(manifest)) return 0;
  const Json said = read_json(manifest);
  return said.contains("needs") && said["needs"].is_object() ? said["needs"].value("cuda", 0) : 0;
}

runpod::NoPlace no_place(const JobRun& run, const std::string& why) {
  return {fmt::format("no machine for {}: {}", run.id(), why), ExitCode::failed};
}

}  // namespace

PodRenting::PodRenting(const JobRun& run, runpod::Client& client)
    : run_(run), client_(client), wish_(pod_wish(run.job)), book_(run.folder) {}

std::int64_t PodRenting::seconds_left(double dollars_per_hour) const {
  const std::int64_t now = utc_now();
  return lifetime_s(wish_, dollars_per_hour, book_.dollars(now),
                    std::max<std::int64_t>(0, (now - run_.submitted) / 1'000'000'000));
}

bool PodRenting::is_spent() const {
  return seconds_left(0) < kShortest || (wish_.dollars > 0 && book_.dollars(utc_now()) >= wish_.dollars);
}

std::string PodRenting::machine_text(const Rental& rental) const {
  return fmt::format("{}{} ({})", wish_.nodes > 1 ? fmt::format("{} pods of ", wish_.nodes) : "",
                     rental.gpu.empty() ? wish_.settings.cpu : fmt::format("{} x {}", wish_.gpus, rental.gpu),
                     rental.name);
}

void PodRenting::rent() {
  const Rental* asked_for = book_.current();
  const std::string name =
      asked_for != nullptr ? asked_for->name : fmt::format("moola-{}-{}", run_.id(), book_.rentals().size() + 1);
  PodOrder order{.run = run_.id(), .name = name, .public_key = public_ssh_key(run_), .cuda = cuda_of(run_)};
  forget_host_keys(run_);
  const Rental rental = wish_.gpus == 0 ? rent_cores(std::move(order)) : rent_gpus(std::move(order));
  book_.made(rental);
  log_info("rented {} at ${:.2f} per hour, {}", machine_text(rental), rental.per_hour, rental.id);
}

// Once, and as late as it can be: before anything costs money.
void PodRenting::begin(const std::string& name) {
  if (book_.current() != nullptr) return;
  const auto volume = open_volume(wish_, client_);
  if (volume) send_to_volume(*volume, run_, read_remote_record(run_.folder), name);
  book_.begin_rental(name, utc_now());
  if (volume) book_.sent(name);
}

Rental PodRenting::rent_cores(PodOrder order) {
  const double cap = wish_.settings.hourly_price_cap;
  order.lifetime_s = seconds_left(cap);
  begin(order.name);
  Rental out{.name = order.name};
  try {
    const runpod::Pod pod = client_.create_pod(pod_request(wish_, order)).value;
    out.id = pod.id;
    out.per_hour = pod.cost_per_hour;
  } catch (const ApiError& error) {
    if (error.status() != 400) throw;
    book_.ended(order.name, "no machine was free", false, utc_now());
    throw no_place(run_, error.what());
  }
  if (cap <= 0 || out.per_hour <= cap) return out;
  book_.made(out);
  end(out, "above runpod.hourly_price_cap", false);
  throw ConfigError(fmt::format("a {} with {} cores costs ${:.2f} per hour, and runpod.hourly_price_cap is ${:.2f}.",
                                wish_.settings.cpu, wish_.vcpus, out.per_hour, cap));
}

Rental PodRenting::rent_gpus(PodOrder order) {
  const runpod::Candidates found = find_candidates(client_, placement_wish(wish_));
  std::vector<std::string> refused;
  if (!found.left_out.empty()) refused.push_back(describe(found.left_out));
  for (const runpod::Candidate& candidate : found.to_try) {
    order.lifetime_s = seconds_left(candidate.per_hour);
    if (order.lifetime_s < kShortest) {
      refused.push_back(
          fmt::format("{} (${:.2f} per hour leaves no minute of the budget)", candidate.gpu, candidate.per_hour));
      continue;
    }
    begin(order.name);
    try {
      return rent_candidate(candidate, order);
    } catch (const runpod::NoPlace& error) {
      refused.emplace_back(error.what());
    }
  }
  if (book_.current() != nullptr) book_.ended(order.name, "no machine was free", false, utc_now());
  throw no_place(run_, fmt::format("{}", fmt::join(refused, "; ")));
}

Rental PodRenting::rent_candidate(const runpod::Candidate& candidate, const PodOrder& order) {
  const runpod::Candidates one{.to_try = {candidate}, .left_out = {}};
  if (wish_.nodes > 1) {
    const runpod::PlacedCluster placed = place_cluster(client_, cluster_request(wish_, order), one);
    return {.name = order.name,
            .id = placed.cluster.id,
            .is_cluster = true,
            .gpu = placed.candidate.gpu,
            .per_hour = candidate.per_hour};
  }
  const runpod::PlacedPod placed =
      place_pod(client_, pod_request(wish_, order), one, placement_wish(wish_).most_per_hour);
  return {.name = order.name, .id = placed.pod.id, .gpu = placed.candidate.gpu, .per_hour = placed.pod.cost_per_hour};
}

void PodRenting::end_by_name(const std::string& name) {
  for (const runpod::Pod& pod : client_.pods(true)) {
    if (runpod::variable(pod, "MOOLA_POD") != name) continue;
    if (pod.cluster_id.empty())
      client_.terminate_pod(pod.id);
    else
      client_.delete_cluster(pod.cluster_id);
  }
}

void PodRenting::end(const Rental& rental, const std::string& why, bool was_lost) {
  const std::string name = rental.name;  // the book changes what the reference leads to
  if (rental.id.empty())
    end_by_name(name);
  else if (rental.is_cluster)
    client_.delete_cluster(rental.id);
  else
    client_.terminate_pod(rental.id);
  book_.ended(name, why, was_lost, utc_now());
  log_info("{} has ended: {}", name, why);
}

}  // namespace moola::cluster
