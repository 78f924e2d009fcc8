#include "cluster/pods/pod_ssh.h"

#include <filesystem>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/subprocess.h"
#include "base/text_ends.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRoot = "/workspace/moola";

fs::path key_folder(const JobRun& run) {
  return run.folder / "ssh";
}

fs::path key_file(const JobRun& run) {
  return key_folder(run) / "id";
}

fs::path host_keys(const JobRun& run) {
  return key_folder(run) / "hosts";
}

}  // namespace

std::string public_ssh_key(const JobRun& run) {
  const fs::path key = key_file(run);
  if (!fs::exists(key)) {
    create_folders(key.parent_path());
    fs::permissions(key.parent_path(), fs::perms::owner_all);
    const ProcessResult made =
        run_process({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "moola " + run.id(), "-f", key.string()});
    if (made.exit_code != 0) throw IoError("ssh-keygen could not make a key: " + made.errors);
  }
  return std::string(trimmed(read_file(key.string() + ".pub"), "\n"));
}

void forget_host_keys(const JobRun& run) {
  std::error_code none;
  fs::remove(host_keys(run), none);
}

runpod::Pod first_pod(runpod::Client& client, const Rental& rental) {
  if (!rental.is_cluster) return client.pod(rental.id);
  client.cluster(rental.id);  // a cluster whose pods are not placed yet has none, and is there
  const std::vector<runpod::Pod> pods = client.cluster_pods(rental.id);
  if (!pods.empty()) return pods.front();
  runpod::Pod not_yet;
  not_yet.status = runpod::PodStatus::provisioning;
  not_yet.status_text = "PROVISIONING";
  return not_yet;
}

RemoteRecord record_at(const JobRun& run, const runpod::Pod& pod) {
  RemoteRecord out = read_remote_record(run.folder);
  out.target = {.host = pod.ssh->host,
                .user = pod.ssh->user,
                .port = pod.ssh->port,
                .root = kRoot,
                .key = key_file(run),
                .hosts = host_keys(run)};
  return out;
}

}  // namespace moola::cluster
