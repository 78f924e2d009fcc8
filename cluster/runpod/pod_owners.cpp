#include "cluster/runpod/pod_owners.h"

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json.h"

namespace moola::cluster::runpod {

PodOwners::PodOwners(const std::filesystem::path& workspace) {
  const std::filesystem::path folder = workspace / "artifacts" / "jobs";
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) {
    if (error) throw IoError("cannot look at " + folder.string(), error.value());
    return;
  }
  std::filesystem::directory_iterator at(folder, error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    if (!at->is_directory()) continue;
    const std::string run = at->path().filename().string();
    runs_.insert(run);
    if (const auto file = at->path() / "pods.jsonl"; std::filesystem::exists(file)) read(file, run);
  }
  if (error) throw IoError("cannot list " + folder.string(), error.value());
}

void PodOwners::read(const std::filesystem::path& file, const std::string& run) {
  const std::string text = read_file(file);
  int number = 1;
  for (std::size_t begin = 0; begin < text.size(); ++number) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) return;  // torn: its writer was killed, and MOOLA_RUN says whose the pod is
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    if (line.empty()) continue;
    const std::string where = fmt::format("{}:{}", file.string(), number);
    const Json entry = parse_json(line, where);
    bool named = false;
    for (const char* name : {"pod", "cluster"}) {
      const auto id = entry.is_object() ? entry.find(name) : entry.end();
      if (id == entry.end() || !id->is_string()) continue;
      run_by_id_[id->get<std::string>()] = run;
      named = true;
    }
    if (!named && !(entry.is_object() && entry.contains("event"))) {
      throw DataError(
          fmt::format("{}: expected an object with the id of a pod or a cluster, as in {{\"pod\": \"ID\"}}.", where));
    }
  }
}

std::string PodOwners::run_of(const Pod& pod) const {
  for (const std::string& id : {pod.id, pod.cluster_id}) {
    if (const auto found = run_by_id_.find(id); !id.empty() && found != run_by_id_.end()) return found->second;
  }
  const std::string run = variable(pod, "MOOLA_RUN").value_or("");
  return runs_.contains(run) ? run : "";
}

bool made_by_moola(const Pod& pod) {
  return variable(pod, "MOOLA_RUN").has_value();
}

}  // namespace moola::cluster::runpod
