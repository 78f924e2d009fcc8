#include "cluster/remote/remote_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/atomic_file.h"
#include "base/byte_size.h"
#include "base/json.h"
#include "base/log.h"
#include "base/shell_words.h"
#include "base/text_ends.h"
#include "base/utc_time.h"
#include "cluster/job/element_list.h"
#include "cluster/remote/remote_job.h"
#include "cluster/remote/send_pack.h"
#include "cluster/run/record_field.h"
#include "cluster/run/run_events.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDamaged = "are missing or damaged";  // start.sh of objects that are not what their names say

fs::path record_file(const fs::path& run_folder) {
  return run_folder / "remote.json";
}

fs::path pack_folder(const JobRun& run) {
  return run.folder / "pack";
}

// "moola retry: what it says" of a program's standard error, without the command's name, which the caller's own comes
// before.
std::string own_words(const std::string& said) {
  std::string errors(trimmed(said, "\n"));
  if (errors.starts_with("moola ")) {
    const std::size_t colon = errors.find(": ");
    if (colon != std::string::npos) errors.erase(0, colon + 2);
  }
  return errors;
}

[[noreturn]] void throw_words(const std::string& words, int exit_code) {
  throw Error(words, exit_code == static_cast<int>(ExitCode::permanent) ? ExitCode::permanent : ExitCode::failed);
}

}  // namespace

RemoteRecord read_remote_record(const fs::path& run_folder) {
  const fs::path file = record_file(run_folder);
  if (!fs::exists(file)) {
    throw ConfigError(
        fmt::format("{} says not where it is: its submitter was stopped before anything was sent. Submit "
                    "the job again.",
                    run_folder.string()));
  }
  const Json said = read_json(file);
  const std::string target = text_at(said, "target", file.string());
  RemoteRecord out{.target = target.empty() ? SshTarget() : parse_ssh_target(target),
                   .pack = text_at(said, "pack", file.string()),
                   .root = text_at(said, "configurations", file.string())};
  out.target.key = text_at(said, "key", file.string());
  out.target.hosts = text_at(said, "hosts", file.string());
  return out;
}

void write_remote_record(const fs::path& run_folder, const RemoteRecord& record) {
  write_file(record_file(run_folder), json_text({{"target", record.target.host.empty() ? "" : to_string(record.target)},
                                                 {"key", record.target.key.string()},
                                                 {"hosts", record.target.hosts.string()},
                                                 {"pack", record.pack},
                                                 {"configurations", record.root.string()}},
                                                2) +
                                          "\n");
}

std::string pack_run(const JobRun& run, const fs::path& job_file, const std::vector<std::string>& settings,
                     const fs::path& root) {
  std::vector<std::string> words{
      run.program.string(), "pack",        pack_folder(run).string(), "--job", job_file.string(), "--root",
      root.string(),        "--workspace", run.workspace.string(),    "--json"};
  for (const std::string& each : settings) words.insert(words.end(), {"--set", each});
  const ProcessResult packed = run_process(words);
  if (packed.exit_code != 0) throw_words(own_words(packed.errors), packed.exit_code);
  return parse_json(packed.output, "what moola pack says").at("id").get<std::string>();
}

namespace {

// Unfolds the pack there and runs nothing; what its start script says of what is wrong, else empty.
ProcessResult unfold(const RemoteShell& shell, const RemoteRecord& record, const std::string& run) {
  return shell.run(shell_words({"sh", (submitted_folder(record.target.root, run) / "moola.sh").string(), "--version"}));
}

}  // namespace

void send_run(const JobRun& run, const RemoteShell& shell, const RemoteRecord& record) {
  const fs::path folder = submitted_folder(record.target.root, run.id());
  log_info("sends what {} lacks of the run's pack.", shell.name());
  const std::int64_t begun = utc_now();
  const SentPack sent = send_pack(shell, record.target.root, pack_folder(run));
  log_info("sent {} ({} contents) in {:.0f} s.", readable_bytes(sent.bytes), sent.objects,
           static_cast<double>(utc_now() - begun) / 1e9);
  send_file(shell, folder / "job.toml", remote_job_text(run.job, record.root, record.pack));
  send_file(shell, folder / "moola.sh", remote_moola_script(record.pack), true);
  ProcessResult unfolded = unfold(shell, record, run.id());
  if (unfolded.errors.find(kDamaged) != std::string::npos) {
    log_warning("what an earlier upload has left on {} is damaged: it is sent again.", shell.name());
    send_pack(shell, record.target.root, pack_folder(run), true);
    unfolded = unfold(shell, record, run.id());
  }
  if (unfolded.exit_code != 0)
    throw_words(fmt::format("{} can't run the job. {}", shell.name(), own_words(unfolded.errors)), unfolded.exit_code);
}

std::string remote_moola(const RemoteShell& shell, const RemoteRecord& record, const std::string& run,
                         const std::vector<std::string>& words) {
  const ProcessResult out =
      shell.run(shell_words({"sh", (submitted_folder(record.target.root, run) / "moola.sh").string()}) + " " +
                shell_words(words));
  if (out.exit_code != 0) throw_words(fmt::format("on {}: {}", shell.name(), own_words(out.errors)), out.exit_code);
  return out.output;
}

void submit_there(const RemoteShell& shell, const RemoteRecord& record, const std::string& run) {
  remote_moola(shell, record, run,
               {"submit", (submitted_folder(record.target.root, run) / "job.toml").string(), "--to", "local",
                "--run-id", run, "--quiet"});
}

PlaceView remote_view(const JobRun& run, StepRecords& records, const RemoteShell& shell, const RemoteRecord& record) {
  try {
    const bool is_running = mirror_run(shell, record.target.root, run).is_running;
    return view_by_runner(records, RunEvents(run.folder), is_running);
  } catch (const Error& error) {
    return {.answered = false, .why_not = error.what()};
  }
}

std::vector<std::vector<std::string>> retry_words(const JobRun& run, const WantedElements& wanted, bool fresh) {
  std::vector<std::vector<std::string>> out;
  for (const JobStep& step : run.job.steps) {
    const auto at = wanted.find(step.name);
    if (at == wanted.end() || at->second.empty()) continue;
    out.push_back({"retry", run.id(), step.name, "--elements", element_list_text(at->second), "--quiet"});
    if (fresh) out.back().emplace_back("--fresh");
  }
  return out;
}

void retry_there(const JobRun& run, const RemoteShell& shell, const RemoteRecord& record, const WantedElements& wanted,
                 bool fresh) {
  for (const std::vector<std::string>& words : retry_words(run, wanted, fresh))
    remote_moola(shell, record, run.id(), words);
}

void cancel_there(const JobRun& run, const RemoteShell& shell, const RemoteRecord& record,
                  const WantedElements& elements) {
  for (const auto& [step, own] : elements) {
    if (!own.empty())
      remote_moola(shell, record, run.id(),
                   {"cancel", run.id(), step, "--elements", element_list_text(own), "--quiet"});
  }
}

}  // namespace moola::cluster
