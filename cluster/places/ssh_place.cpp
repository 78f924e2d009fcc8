#include "cluster/places/ssh_place.h"

#include <fmt/format.h>

#include "cluster/remote/fetch_results.h"
#include "cluster/remote/remote_job.h"
#include "cluster/remote/remote_run.h"
#include "cluster/remote/send_pack.h"

namespace moola::cluster {

namespace fs = std::filesystem;

void pack_for(const SshTarget& target, const JobRun& run, const JobSource& source) {
  if (fs::exists(run.folder / "remote.json")) return;
  const fs::path file = fs::absolute(source.file), root = pack_root(file, run.job);
  const std::string pack = pack_run(run, file, source.settings, root);
  write_remote_record(run.folder, {.target = target, .pack = pack, .root = root});
}

void SshPlace::check(const JobFile&) {
  target_.root = remote_root(RemoteShell(target_));
}

TriedOut SshPlace::try_out(const JobRun&) {
  const RemoteShell shell(target_);
  return {.text = fmt::format("{} can be reached; Moola would work in {} there.\n", shell.name(),
                              remote_root(shell).string())};
}

void SshPlace::prepare(const JobRun& run, const JobSource& source) {
  pack_for(target_, run, source);
}

// The first time everything is sent; a submission that was cut off goes on where it was.
void SshPlace::submit(const JobRun& run, RunEvents& events, const RunStatus&, const WantedElements& wanted) {
  const RemoteRecord record = read_remote_record(run.folder);
  const RemoteShell shell(record.target);
  if (events.submissions().empty()) {
    send_run(run, shell, record);
    submit_there(shell, record, run.id());
  } else {
    retry_there(run, shell, record, wanted, events.is_fresh());
  }
  mirror_run(shell, record.target.root, run);
  events = RunEvents(run.folder);
}

std::optional<std::string> SshPlace::after_failure(const JobRun& run, const RunEvents& events, const Error& error) {
  // It may have broken off on its way there.
  const bool may_be_there = error.exit_code() != ExitCode::permanent && fs::exists(run.folder / "remote.json");
  if (!may_be_there && events.submissions().empty()) return std::nullopt;
  return goes_on_text(run);
}

PlaceView SshPlace::view(const JobRun& run, StepRecords& records, RunEvents& events) {
  const RemoteRecord record = read_remote_record(run.folder);
  PlaceView out = remote_view(run, records, RemoteShell(record.target), record);
  events = RunEvents(run.folder);
  return out;
}

void SshPlace::cancel(const JobRun& run, RunEvents&, const WantedElements& elements, const std::string&) {
  const RemoteRecord record = read_remote_record(run.folder);
  const RemoteShell shell(record.target);
  cancel_there(run, shell, record, elements);
  mirror_run(shell, record.target.root, run);
}

void SshPlace::bring_results(const JobRun& run) {
  const RemoteRecord record = read_remote_record(run.folder);
  say_what_was_brought(fetch_results(RemoteShell(record.target), record.target.root, run));
}

}  // namespace moola::cluster
