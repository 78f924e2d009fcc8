#include "cluster/places/runpod_place.h"

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/log.h"
#include "cluster/job/element_list.h"
#include "cluster/local/local_runner.h"
#include "cluster/places/ssh_place.h"
#include "cluster/pods/pod_keeper.h"
#include "cluster/pods/pod_plan.h"
#include "cluster/pods/pod_renting.h"
#include "cluster/pods/pod_request.h"
#include "cluster/pods/pod_results.h"
#include "cluster/pods/seen_pods.h"
#include "cluster/remote/remote_run.h"

namespace moola::cluster {

std::vector<std::string> RunpodPlace::left_out(const JobFile&) const {
  return {};
}

void RunpodPlace::check(const JobFile& job) {
  pod_wish(job);
  runpod::open_client();
}

TriedOut RunpodPlace::try_out(const JobRun& plan) {
  runpod::Client client = runpod::open_client();
  const PodPlan pods = plan_pods(plan.job, client);
  create_folders(plan.folder / "scripts");
  write_derived_file(plan.folder / "scripts" / "request.json", json_text(pods.body, 2) + "\n");
  write_derived_file(plan.folder / "scripts" / "pod_start.sh", pod_start_script());
  return {.text = pod_plan_text(pods), .rented = pod_plan_json(pods)};
}

void RunpodPlace::prepare(const JobRun& run, const JobSource& source) {
  pack_for({}, run, source);  // nobody knows yet where the machine will be
}

// What is left is tried again on the machine that there is, or on another one.
void RunpodPlace::submit(const JobRun& run, RunEvents& events, const RunStatus&, const WantedElements& wanted) {
  PodBook book(run.folder);
  if (book.rentals().empty()) {
    runpod::Client client = runpod::open_client();
    as_the_runner(run.folder, [&] {
      PodRenting(run, client).rent();
      return 0;
    });
  } else {
    for (const std::vector<std::string>& words : retry_words(run, wanted, events.is_fresh())) book.order(words);
    if (book.closed()) book.open_again();
  }
  log_info("kept from here: {}", start_local_runner(run));
}

std::optional<std::string> RunpodPlace::after_failure(const JobRun& run, const RunEvents& events, const Error& error) {
  PodBook book(run.folder);
  if (book.current() == nullptr) return Place::after_failure(run, events, error);
  book.close("its submission failed");
  return fmt::format("Something may have been rented: {} ends it now, and `moola status {}` says so.",
                     start_local_runner(run), run.id());
}

PlaceView RunpodPlace::view(const JobRun& run, StepRecords& records, RunEvents& events) {
  PlaceView out = pod_view(run, records);
  events = RunEvents(run.folder);
  return out;
}

std::string RunpodPlace::text(const JobRun& run) const {
  return rentals_text(run);
}

Json RunpodPlace::machines(const JobRun& run) const {
  return rentals_json(run);
}

// On the machine itself where there is one that works, so that its programs write their checkpoints.
void RunpodPlace::cancel(const JobRun& run, RunEvents& events, const WantedElements& elements, const std::string& why) {
  PodBook book(run.folder);
  const Rental* rental = book.current();
  StepRecords records(run.folder);
  const RunStatus status = status_of(run, events, pod_view(run, records));
  const bool is_all = elements == open_elements(run.job, status);
  // First, so that nothing is rented or begun meanwhile.
  if (is_all) book.close("cancelled: " + why);
  const RemoteRecord record = read_remote_record(run.folder);
  if (rental != nullptr && rental->begun && !record.target.host.empty()) {
    try {
      const RemoteShell shell(record.target);
      cancel_there(run, shell, record, elements);
      mirror_run(shell, record.target.root, run);
    } catch (const Error& error) {
      if (!is_all) throw;
      log_warning("{} The machine is ended all the same.", error.what());
    }
  } else {
    // No machine has the run's events yet, so that they are this one's to write.
    for (const auto& [step, own] : elements) {
      if (is_all)
        events.cancel({.step = step, .elements = own, .why = why});
      else
        book.order({"cancel", run.id(), step, "--elements", element_list_text(own), "--quiet"});
    }
  }
  if (!is_run_locally(run)) log_info("ended from here: {}", start_local_runner(run));
}

void RunpodPlace::bring_results(const JobRun& run) {
  runpod::Client client = runpod::open_client();
  bring_from_pods(run, client);
}

int RunpodPlace::work(const JobRun& run) {
  return as_the_runner(run.folder, [&] { return keep_pods(run); });
}

void RunpodPlace::stay_at_work(const JobRun& run) {
  if (is_left_alone(run)) log_info("kept from here again: {}", start_local_runner(run));
}

}  // namespace moola::cluster
