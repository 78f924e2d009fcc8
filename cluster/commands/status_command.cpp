// status, logs: what a run does, and what it has printed.
#include <fmt/format.h>

#include <csignal>
#include <fstream>
#include <iostream>
#include <thread>

#include "base/duration.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/stop_flag.h"
#include "base/terminal.h"
#include "base/text_table.h"
#include "base/utc_time.h"
#include "cluster/commands/job_commands.h"
#include "cluster/commands/notices.h"
#include "cluster/commands/status_text.h"
#include "cluster/job/element_list.h"
#include "cluster/places/place.h"
#include "cluster/places/run_now.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto kWatchPause = 5s;
constexpr auto kWaitPause = 2s;
constexpr auto kFollowPause = 500ms;

// Of the whole run: 1 when something has failed.
int exit_code(const RunStatus& status) {
  for (const StepStatus& step : status.steps) {
    if (step.count(ElementState::failed) + step.count(ElementState::blocked) > 0)
      return static_cast<int>(ExitCode::failed);
  }
  return 0;
}

// All runs of the workspace, a line each.
int list_runs(const StatusOptions& options) {
  Json listed = Json::array();
  TextTable table({{"run"}, {"place"}, {"state"}, {"done", Align::right}, {"submitted"}});
  for (const fs::path& folder : job_run_folders(options.which.common.workspace)) {
    const JobRun run = open_job_run(folder);
    const RunNow seen = look_at(run);
    std::size_t done = 0, all = 0;
    for (const StepStatus& step : seen.status.steps) {
      done += step.count(ElementState::succeeded);
      all += step.elements.size();
    }
    const std::string state = seen.status.succeeded()       ? "succeeded"
                              : exit_code(seen.status) != 0 ? "failed"
                              : seen.status.is_over()       ? "cancelled"
                                                            : "under way";
    listed.push_back({{"run", run.id()}, {"place", run.place}, {"state", state}, {"done", done}, {"elements", all}});
    table.row({run.id(), run.place, state, fmt::format("{}/{}", done, all), utc_text(run.submitted)});
  }
  if (options.which.common.json)
    std::cout << json_text({{"runs", listed}}, 2) << "\n";
  else if (listed.empty())
    std::cout
        << "No job was submitted from this workspace. `moola submit JOB.toml` does; configs/jobs/ has examples.\n";
  else
    std::cout << table.text();
  return 0;
}

void print(const StatusOptions& options, const JobRun& run, const RunNow& seen) {
  if (options.which.common.json)
    std::cout << json_text(status_json(run, seen.status, seen.view), 2) << "\n";
  else if (options.digest)
    std::cout << digest_text(run, seen.status);
  else
    std::cout << status_text(run, seen.status, seen.view, options.all);
  std::cout << std::flush;
}

// Where the last `lines` of a text begin, which ends with a line's end.
std::size_t beginning_of_last(std::size_t lines, const std::string& text) {
  std::size_t at = text.size();
  for (; lines > 0 && at > 1; --lines) {
    const std::size_t end = text.rfind('\n', at - 2);
    if (end == std::string::npos) return 0;
    at = end + 1;
  }
  return at;
}

class LogReader {
 public:
  LogReader(fs::path file, std::string prefix) : file_(std::move(file)), prefix_(std::move(prefix)) {}

  // Whole lines from where the last call ended; `rest`: an unfinished one as well.
  void print_new(std::size_t lines, bool rest) {
    std::ifstream in(file_, std::ios::binary);
    if (!in) return;
    in.seekg(static_cast<std::streamoff>(at_));
    std::string text((std::istreambuf_iterator<char>(in)), {});
    if (!rest) text.resize(text.rfind('\n') + 1);
    at_ += text.size();
    if (!text.empty() && text.back() != '\n') text += '\n';
    if (lines > 0) text.erase(0, beginning_of_last(lines, text));
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find('\n', begin);
      std::cout << prefix_ << std::string_view(text).substr(begin, end - begin) << '\n';
      begin = end + 1;
    }
  }

 private:
  fs::path file_;
  std::string prefix_;
  std::size_t at_ = 0;
};

}  // namespace

int status_command(const StatusOptions& options) {
  if (options.which.run.empty()) return list_runs(options);
  const JobRun run = open_job_run(find_job_run(options.which.common.workspace, options.which.run));
  StepRecords records(run.folder);
  RunNow seen = look_at(run, records);
  if (options.watch && !options.which.common.json) {
    const StopFlag stop;
    while (true) {
      place_of(run)->stay_at_work(run);
      if (is_terminal()) std::cout << "\x1b[H\x1b[2J";
      print(options, run, seen);
      if (seen.status.is_over()) {
        // A last step that died has told nobody.
        give_notice_of_end(run, seen.status, seen.view);
        break;
      }
      const auto until = std::chrono::steady_clock::now() + kWatchPause;
      while (!stop_requested() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(50ms);
      if (stop_requested()) break;
      seen = look_at(run, records);
    }
    return exit_code(seen.status);
  }
  print(options, run, seen);
  return exit_code(seen.status);
}

int wait_for_run(const JobRun& run) {
  const StopFlag stop;
  StepRecords records(run.folder);
  while (true) {
    place_of(run)->stay_at_work(run);
    const RunNow now = look_at(run, records);
    if (now.status.is_over()) {
      give_notice_of_end(run, now.status, now.view);
      return exit_code(now.status);
    }
    const auto until = std::chrono::steady_clock::now() + kWaitPause;
    while (!stop_requested() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(50ms);
    if (stop_requested()) return static_cast<int>(ExitCode::run_again);
  }
}

void logs_command(const LogsOptions& options) {
  const JobRun run = open_job_run(find_job_run(options.which.common.workspace, options.which.run));
  std::vector<std::size_t> meant;
  if (!options.which.elements.empty()) meant = parse_element_list(options.which.elements);
  if (!options.which.step.empty()) {
    named_step(run.job, options.which.step);
  } else if (!meant.empty()) {
    throw ConfigError("--elements are of a step: moola logs RUN STEP --elements 3.");
  }
  StepRecords records(run.folder);
  std::vector<std::pair<fs::path, LogReader>> readers;
  const auto find_logs = [&] {
    for (const JobStep& step : run.job.steps) {
      if (!options.which.step.empty() && step.name != options.which.step) continue;
      for (std::size_t element = 0; element < step.elements(); ++element) {
        if (!meant.empty() && std::ranges::find(meant, element) == meant.end()) continue;
        std::vector<fs::path> files;
        for (const StepAttempt& each : records.of(step.name, element))
          files.push_back(log_file(run, step.name, element, each.place_id));
        files.erase(std::unique(files.begin(), files.end()), files.end());
        for (const fs::path& file : files) {
          const auto is_known = [&](const auto& each) { return each.first == file; };
          if (std::ranges::any_of(readers, is_known)) continue;
          const std::string prefix = step.array.elements.empty() ? step.name : fmt::format("{} {}", step.name, element);
          const bool alone = !options.which.step.empty() && (step.elements() == 1 || meant.size() == 1);
          readers.emplace_back(file, LogReader(file, alone ? "" : prefix + " | "));
        }
      }
    }
  };
  find_logs();
  for (auto& [file, reader] : readers) reader.print_new(options.lines, !options.follow);
  if (readers.empty() && !options.follow)
    log_info("nothing has begun yet{}.", options.which.step.empty() ? "" : " of " + options.which.step);
  const StopFlag stop;
  while (options.follow && !stop_requested()) {
    const bool over = look_at(run, records).status.is_over();
    find_logs();
    for (auto& [file, reader] : readers) reader.print_new(0, over);
    std::cout << std::flush;
    if (over) break;
    std::this_thread::sleep_for(kFollowPause);
  }
}

}  // namespace moola::cluster
