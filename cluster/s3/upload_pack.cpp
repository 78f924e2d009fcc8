#include "cluster/s3/upload_pack.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/parallel_pieces.h"
#include "base/sha256.h"
#include "cluster/pack/pack_manifest.h"
#include "cluster/s3/object_key.h"

namespace moola::cluster::s3 {
namespace {

namespace fs = std::filesystem;

struct Object {
  std::string sha256;
  std::uint64_t bytes = 0;
};

// The largest first: they go in parts, and what is left over at the end is small.
std::vector<Object> objects_of(const PackManifest& manifest) {
  std::map<std::string, std::uint64_t> sizes;
  for (const PackedFile& file : manifest.files) sizes[file.sha256] = file.bytes;
  std::vector<Object> out;
  for (const auto& [sha256, bytes] : sizes) out.push_back({sha256, bytes});
  std::stable_sort(out.begin(), out.end(), [](const Object& a, const Object& b) { return a.bytes > b.bytes; });
  return out;
}

class PackUpload {
 public:
  PackUpload(const fs::path& pack, const Client& client, std::string prefix)
      : pack_(pack), client_(client), prefix_(std::move(prefix)) {
    if (!fs::exists(pack / "id") || !fs::exists(pack / "manifest.json")) {
      throw ConfigError(
          fmt::format("{} is no pack: it lacks id or manifest.json. `moola pack` makes one.", pack.string()));
    }
    const std::string manifest = read_file(pack / "manifest.json");
    out_.id = sha256_hex(manifest);
    if (read_file(pack / "id") != out_.id + "\n") {
      throw ConfigError(
          fmt::format("the id of the pack {} is not the hash of its manifest.json. Pack again.", pack.string()));
    }
    manifest_ = read_manifest(manifest, (pack / "manifest.json").string());
  }

  SentPack run() {
    const std::vector<Object> objects = objects_of(manifest_);
    const auto in_parts = std::find_if(objects.begin(), objects.end(), [&](const Object& object) {
      return object.bytes <= client_.options().part_bytes;
    });
    // A large one has all connections to itself.
    for (auto object = objects.begin(); object != in_parts; ++object) send_object(*object);
    const std::size_t large = static_cast<std::size_t>(in_parts - objects.begin());
    for_each_piece(objects.size() - large, client_.options().connections,
                   [&](std::size_t i) { send_object(objects[large + i]); });
    const std::string id = out_.id + "\n";
    const std::string there = client_.get_bytes(prefix_ + "id", 4096).value_or("");
    if (!there.empty() && there != id) client_.remove(prefix_ + "id");
    send("contents.sh", {.sha256 = manifest_.contents_sha256});
    send("start", {.sha256 = manifest_.start_sha256});
    send("manifest.json", {.sha256 = out_.id});
    send("id", {.sha256 = sha256_hex(id)});
    return out_;
  }

 private:
  fs::path pack_;
  const Client& client_;
  std::string prefix_;
  PackManifest manifest_;
  SentPack out_;
  std::mutex mutex_;

  void send_object(const Object& object) {
    send(object_path(object.sha256).generic_string(), {.sha256 = object.sha256, .names_object = true});
  }

  void send(const std::string& path, const KnownContent& known) {
    const std::uint64_t bytes = fs::file_size(pack_ / path);
    const Sent sent = client_.put_file(pack_ / path, prefix_ + path, known);
    const std::lock_guard lock(mutex_);
    ++(sent == Sent::nothing ? out_.files_there : out_.files);
    (sent == Sent::nothing ? out_.bytes_there : out_.bytes) += bytes;
  }
};

}  // namespace

SentPack upload_pack(const fs::path& pack, const Client& client, const std::string& prefix) {
  return PackUpload(pack, client, folder_key(prefix)).run();
}

}  // namespace moola::cluster::s3
