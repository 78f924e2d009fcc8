#include "cluster/pods/volume_transfer.h"

#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <vector>

#include "base/atomic_file.h"
#include "base/byte_size.h"
#include "base/log.h"
#include "base/parallel_pieces.h"
#include "base/text_ends.h"
#include "base/utc_time.h"
#include "cluster/remote/remote_job.h"
#include "cluster/remote/send_pack.h"
#include "cluster/s3/credentials.h"
#include "cluster/s3/digests.h"
#include "cluster/s3/download_changed.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

// Moola's folder of a pod, /workspace/moola, as the volume has it.
const std::string kRoot = "moola/";
const std::string kWorkspace = kRoot + "workspace/";
constexpr std::size_t kShortText = 4096;

std::string order_key(const std::string& run, const char* name) {
  return kRoot + "submitted/" + run + "/" + name;
}

std::string run_key(const std::string& run) {
  return kWorkspace + "artifacts/jobs/" + run + "/";
}

// "2026-11-22T19:00:00.000Z" in lists, "Sun, 22 Nov 2026 19:00:00 GMT" in headers.
std::int64_t seconds_of(const s3::ObjectFacts& facts) {
  std::tm parts{};
  const char* const end = ::strptime(facts.modified.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end != nullptr && *end == '\0') return ::timegm(&parts);
  return facts.modified.empty() ? 0 : parse_utc(facts.modified) / 1'000'000'000;
}

class VolumeResults : public ResultSource {
 public:
  VolumeResults(const s3::Client& volume, std::string run) : volume_(volume), run_(std::move(run)) {}

  RemoteFiles changed() const override {
    const auto begun = volume_.head(run_key(run_) + "run.json");
    if (!begun) throw DataError(fmt::format("the volume has no run {}.", run_));
    // Times as lists have them, to the second; what is unchanged since is here, or was sent from here.
    const std::int64_t since = seconds_of(*begun);
    RemoteFiles out;
    s3::ObjectListing listing = volume_.list(kWorkspace, s3::Depth::all);
    while (const auto object = listing.next()) {
      const std::string path = object->key.substr(kWorkspace.size());
      const bool is_record = path.starts_with("artifacts/jobs/") || fs::path(path).filename().string().starts_with('.');
      const std::int64_t seconds = seconds_of(object->facts);
      if (!is_record && !path.ends_with('/') && seconds >= since)
        out[path] = {.bytes = object->facts.bytes, .seconds = seconds};
    }
    return out;
  }

  std::vector<std::string> that_differ(const fs::path& here, const std::vector<std::string>& paths) const override {
    std::vector<std::string> out;
    for (const std::string& path : paths) {
      const auto facts = volume_.head(kWorkspace + path);
      const s3::FileToSend file(here / path);
      const bool is_same = facts && facts->bytes == file.bytes() &&
                           compare_etag(file, s3::part_plan(file.bytes(), volume_.options().part_bytes), facts->etag) ==
                               s3::SameContent::yes;
      if (!is_same) out.push_back(path);
    }
    return out;
  }

  void bring(const fs::path& folder, const std::vector<std::string>& paths) const override {
    for_each_piece(paths.size(), volume_.options().connections, [&](std::size_t i) {
      const fs::path file = folder / paths[i];
      const s3::ObjectFacts facts = volume_.get_file(kWorkspace + paths[i], file);
      const std::chrono::seconds time(seconds_of(facts));
      fs::last_write_time(file, std::chrono::file_clock::from_sys(std::chrono::sys_seconds(time)));
    });
  }

 private:
  const s3::Client& volume_;
  std::string run_;
};

}  // namespace

std::optional<s3::Client> open_volume(const PodWish& wish, runpod::Client& client) {
  const std::string& id = wish.settings.network_volume;
  if (id.empty()) return std::nullopt;
  const bool has_key = std::getenv("RUNPOD_S3_ACCESS_KEY") != nullptr || fs::exists(s3::default_key_file());
  if (!has_key) return std::nullopt;
  const std::string data_center = client.volume(id).data_center;
  s3::Client out = s3::open_client(id, data_center);
  try {
    out.head(kRoot + "objects");
  } catch (const s3::S3Error& error) {
    log_warning("{} Files go by ssh instead.", error.what());  // not every data centre has this interface
    return std::nullopt;
  }
  return out;
}

void send_to_volume(const s3::Client& volume, const JobRun& run, const RemoteRecord& record, const std::string& pod) {
  const fs::path pack = run.folder / "pack";
  const std::map<std::string, std::uint64_t> sizes = pack_objects(pack);
  const std::vector<std::pair<std::string, std::uint64_t>> objects(sizes.begin(), sizes.end());
  log_info("sends what the volume lacks of the run's pack, before anything is rented.");
  std::atomic<std::uint64_t> bytes = 0, count = 0;
  for_each_piece(objects.size(), volume.options().connections, [&](std::size_t i) {
    const auto& [path, size] = objects[i];
    const fs::path file = pack / path;
    const std::string sha256 = file.parent_path().filename().string() + file.filename().string();
    if (volume.put_file(file, kRoot + path, {.sha256 = sha256, .names_object = true}) == s3::Sent::nothing) return;
    bytes += size;
    ++count;
  });
  const std::string folder = kRoot + "packs/" + short_id(record.pack) + "/";
  for (const char* name : {"contents.sh", "start", "manifest.json", "id"}) volume.put_file(pack / name, folder + name);
  volume.put_bytes(order_key(run.id(), "job.toml"), remote_job_text(run.job, record.root, record.pack));
  volume.put_bytes(order_key(run.id(), "moola.sh"), remote_moola_script(record.pack));
  volume.put_bytes(order_key(run.id(), "go"), pod + "\n");
  log_info("sent {} ({} contents).", readable_bytes(bytes), count.load());
}

bool is_over_on_volume(const s3::Client& volume, const std::string& run, const std::string& pod) {
  const auto go = volume.get_bytes(order_key(run, "go"), kShortText);
  return go && trimmed(*go, "\n") == pod && volume.head(order_key(run, "end")).has_value();
}

FetchedResults fetch_from_volume(const s3::Client& volume, const JobRun& run) {
  for (const char* folder : {"state", "logs"})
    download_changed(volume, run_key(run.id()) + folder,
                     run.folder / (std::string(folder) == "logs" ? "logs/there" : folder));
  volume.get_file(run_key(run.id()) + "events.jsonl", run.folder / "events.jsonl");
  std::error_code none;
  for (const auto& each : fs::directory_iterator(run.folder / "logs" / "there", none)) {
    const std::string name = each.path().filename().string();
    if (!name.starts_with('.'))
      fs::rename(each.path(), run.folder / "logs" / (name == "runner.log" ? "runner-there.log" : name));
  }
  return fetch_results(VolumeResults(volume, run.id()), run);
}

}  // namespace moola::cluster
