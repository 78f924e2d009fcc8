#include "cluster/pods/pod_results.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "base/log.h"
#include "base/utc_time.h"
#include "cluster/pods/pod_book.h"
#include "cluster/pods/pod_keeper.h"
#include "cluster/pods/pod_ssh.h"
#include "cluster/remote/fetch_results.h"
#include "cluster/remote/mirror.h"

namespace moola::cluster {
namespace {

constexpr auto kUntilSsh = std::chrono::minutes(10);  // that a pod may take to begin once more

// Whether the pod was there to be asked.
bool bring_from(const JobRun& run, const runpod::Pod& pod) {
  if (!pod.ssh) return false;
  const RemoteRecord there = record_at(run, pod);
  const RemoteShell shell(there.target);
  say_what_was_brought(fetch_results(shell, there.target.root, run));
  mirror_run(shell, there.target.root, run);
  return true;
}

}  // namespace

void bring_from_pods(const JobRun& run, runpod::Client& client) {
  PodBook book(run.folder);
  const Rental* rental = book.current();
  if (rental == nullptr || rental->id.empty() || !rental->begun) return;
  const runpod::Pod pod = first_pod(client, *rental);
  const bool had_stopped = pod.status == runpod::PodStatus::exited;
  if (had_stopped) {
    log_info("{} has stopped: it is started to read its disk.", rental->name);
    forget_host_keys(run);
    client.act(pod.id, runpod::PodAction::start);
  }
  const auto until = std::chrono::steady_clock::now() + kUntilSsh;
  while (true) {
    const bool is_late = std::chrono::steady_clock::now() > until;
    try {
      if (bring_from(run, first_pod(client, *rental))) break;
    } catch (const Unreachable&) {
      if (!had_stopped || is_late) throw;
    }
    if (is_late)
      throw Unreachable(fmt::format(
          "{} had no address within ten minutes. Try again; it costs money while it is there.", rental->name));
    std::this_thread::sleep_for(pause_between_pod_looks());
  }
  if (!had_stopped) return;
  client.terminate_pod(rental->id);
  book.ended(rental->name, "its disk was read", false, utc_now());
  log_info("{} has ended, and its disk with it.", rental->name);
}

}  // namespace moola::cluster
