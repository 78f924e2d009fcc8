#include "cluster/slurm/slurm_client.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "base/error.h"
#include "base/subprocess.h"
#include "cluster/job/element_list.h"

namespace moola::cluster {
namespace {

std::string without_end(std::string text) {
  text.erase(text.find_last_not_of(" \n\r") + 1);
  return text;
}

// Up to `most` fields; the last holds the rest, bars and all.
std::vector<std::string> fields_of(const std::string& line, std::size_t most) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  while (out.size() + 1 < most) {
    const std::size_t bar = line.find('|', begin);
    if (bar == std::string::npos) break;
    out.push_back(line.substr(begin, bar - begin));
    begin = bar + 1;
  }
  out.push_back(line.substr(begin));
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) out.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

// Slurm writes local times without saying so.
std::int64_t local_time(const std::string& text) {
  std::tm parts{};
  if (::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr) return kNoTime;
  parts.tm_isdst = -1;
  const std::time_t seconds = ::mktime(&parts);
  return seconds == -1 ? kNoTime : static_cast<std::int64_t>(seconds) * 1'000'000'000;
}

std::string user_name() {
  const passwd* entry = ::getpwuid(::geteuid());
  return entry == nullptr ? std::to_string(::geteuid()) : entry->pw_name;
}

// Whether it failed for a reason that passes: the controller is away, or busy.
bool is_away(const std::string& words) {
  for (const char* each : {"Unable to contact slurm", "Socket timed out", "Connection refused", "Zero Bytes were",
                           "Slurm backup controller in standby", "Communication connection failure",
                           "Transport endpoint", "Resource temporarily unavailable",
                           "Invalid authentication credential", "Munge decode failed", "If munged is up"}) {
    if (words.find(each) != std::string::npos) return true;
  }
  return false;
}

[[noreturn]] void fail(const std::string& command, const ProcessResult& result) {
  throw IoError(fmt::format("Slurm does not answer: {} says: {}", command, without_end(result.errors)));
}

// "123_4", "123_[4-7]", "123", and "123+0" of a heterogeneous job.
std::vector<SlurmTask> tasks_of(const std::string& id) {
  const std::size_t line = id.find('_');
  if (line == std::string::npos) return {SlurmTask{.id = id.substr(0, id.find('+')), .index = {}}};
  std::string elements = id.substr(line + 1);
  if (elements.starts_with('[')) elements = elements.substr(1, elements.find_first_of("%]") - 1);
  std::vector<SlurmTask> out;
  for (const std::size_t each : parse_element_list(elements)) out.push_back({.id = id.substr(0, line), .index = each});
  return out;
}

}  // namespace

std::vector<SlurmTask> read_squeue_line(const std::string& line) {
  const std::vector<std::string> fields = fields_of(line, 6);
  if (fields.size() != 6) throw DataError(fmt::format("squeue wrote a line that is none of its: {}", line));
  std::vector<SlurmTask> out = tasks_of(fields[0]);
  for (SlurmTask& task : out) {
    task.state = fields[1];
    task.reason = fields[2] == "None" ? "" : fields[2];
    task.start = local_time(fields[3]);
    task.host = fields[4];
    task.comment = fields[5] == "(null)" ? "" : fields[5];
  }
  return out;
}

std::optional<SlurmTask> read_sacct_line(const std::string& line) {
  const std::vector<std::string> fields = fields_of(line, 5);
  // A pending array is one line, "123_[0-7]": squeue knows more of it.
  if (fields.size() != 5 || fields[0].find('[') != std::string::npos) return std::nullopt;
  SlurmTask out = tasks_of(fields[0]).front();
  // "CANCELLED by 1000"
  out.state = fields[1].substr(0, fields[1].find(' '));
  out.exit = fields[2];
  out.start = local_time(fields[3]);
  out.host = fields[4];
  return out;
}

SlurmClient::SlurmClient() {
  if (!find_program("sbatch")) {
    throw ConfigError(
        "there is no Slurm here: sbatch is not on the PATH. Submit from a login node of the cluster (perhaps after "
        "`module load slurm`), or run the job on this machine with --to local. tools/slurm-testbed starts a small "
        "Slurm to try jobs on.");
  }
}

std::size_t SlurmClient::max_array() const {
  const ProcessResult result = run_process({"scontrol", "show", "config"});
  if (result.exit_code != 0) fail("scontrol", result);
  for (const std::string& line : lines_of(result.output)) {
    if (!line.starts_with("MaxArraySize")) continue;
    const std::vector<std::size_t> size =
        parse_element_list(without_end(line.substr(line.find_first_of("0123456789"))));
    return std::max<std::size_t>(1, size.front() - 1);
  }
  return 1000;  // Slurm's own
}

std::string SlurmClient::submit(const std::vector<std::string>& options, const std::filesystem::path& script) const {
  std::vector<std::string> words{"sbatch", "--parsable"};
  words.insert(words.end(), options.begin(), options.end());
  words.push_back(script.string());
  const ProcessResult result = run_process(words);
  if (result.exit_code != 0) {
    if (is_away(result.errors)) fail("sbatch", result);
    throw ConfigError(fmt::format("Slurm refuses {}: {}", script.filename().string(), without_end(result.errors)));
  }
  // "123" or "123;cluster"
  const std::string id = without_end(result.output.substr(0, result.output.find(';')));
  if (id.empty() || id.find_first_not_of("0123456789") != std::string::npos)
    throw IoError(fmt::format("sbatch should have said the number of a job, and said: {}", without_end(result.output)));
  return id;
}

std::string SlurmClient::test(const std::filesystem::path& script) const {
  const ProcessResult result = run_process({"sbatch", "--test-only", script.string()});
  if (result.exit_code != 0) {
    if (is_away(result.errors)) fail("sbatch", result);
    throw ConfigError(fmt::format("Slurm would refuse {}: {}", script.filename().string(), without_end(result.errors)));
  }
  return without_end(result.errors);
}

std::vector<SlurmTask> SlurmClient::queue() const {
  const ProcessResult result = run_process(
      {"squeue", "--noheader", "--array", "--states=all", "--user=" + user_name(), "--format=%i|%T|%r|%S|%N|%k"});
  if (result.exit_code != 0) fail("squeue", result);
  std::vector<SlurmTask> out;
  for (const std::string& line : lines_of(result.output)) {
    for (SlurmTask& each : read_squeue_line(line)) out.push_back(std::move(each));
  }
  return out;
}

std::vector<SlurmTask> SlurmClient::accounting(const std::vector<std::string>& ids) const {
  std::vector<SlurmTask> out;
  if (ids.empty() || !find_program("sacct")) return out;
  const ProcessResult result =
      run_process({"sacct", "--noheader", "--parsable2", "--allocations", fmt::format("--jobs={}", fmt::join(ids, ",")),
                   "--format=JobID,State,ExitCode,Start,NodeList"});
  if (result.exit_code != 0) return out;
  for (const std::string& line : lines_of(result.output)) {
    if (const std::optional<SlurmTask> task = read_sacct_line(line)) out.push_back(*task);
  }
  return out;
}

std::string SlurmClient::exit_of(const std::string& id) const {
  const ProcessResult result = run_process({"scontrol", "--oneliner", "show", "job", id});
  const std::size_t at = result.output.find(" ExitCode=");
  if (result.exit_code != 0 || at == std::string::npos) return {};
  const std::size_t begin = at + 10;
  return result.output.substr(begin, result.output.find_first_of(" \n", begin) - begin);
}

void SlurmClient::cancel(const std::vector<std::string>& ids) const {
  // Long lists in pieces: a command line has an end.
  constexpr std::size_t kAtOnce = 500;
  for (std::size_t i = 0; i < ids.size(); i += kAtOnce) {
    std::vector<std::string> words{"scancel", "--quiet"};
    words.insert(words.end(), ids.begin() + static_cast<std::ptrdiff_t>(i),
                 ids.begin() + static_cast<std::ptrdiff_t>(std::min(i + kAtOnce, ids.size())));
    const ProcessResult result = run_process(words);
    if (result.exit_code != 0 && is_away(result.errors)) fail("scancel", result);
  }
}

}  // namespace moola::cluster
