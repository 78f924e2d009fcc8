#include "cluster/pack/verify_pack.h"

#include <fmt/format.h>

#include <set>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/sha256.h"
#include "cluster/pack/pack_manifest.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

void check_objects(const fs::path& folder, const PackManifest& manifest, PackVerification& out) {
  std::set<std::string> seen;
  for (const PackedFile& file : manifest.files) {
    ++out.files;
    if (!seen.insert(file.sha256).second) continue;
    ++out.objects;
    out.bytes += file.bytes;
    const fs::path object = folder / object_path(file.sha256);
    std::error_code none;
    if (!fs::is_regular_file(object, none)) {
      out.problems.push_back(fmt::format("{}, which is {}, is missing", object.string(), file.path));
    } else if (const std::uintmax_t bytes = fs::file_size(object); bytes != file.bytes) {
      out.problems.push_back(fmt::format("{}, which is {}, has {} bytes, and {} were packed", object.string(),
                                         file.path, bytes, file.bytes));
    } else if (sha256_of_file(object) != file.sha256) {
      out.problems.push_back(fmt::format("{}, which is {}, is not what was packed", object.string(), file.path));
    }
  }
}

}  // namespace

PackVerification verify_pack(const fs::path& folder) {
  PackVerification out;
  try {
    if (!fs::exists(folder / "id")) {
      out.problems.push_back(
          fmt::format("{} has no file 'id': it is no pack, or packing was cut off", folder.string()));
      return out;
    }
    const std::string text = read_file(folder / "manifest.json");
    out.id = sha256_hex(text);
    if (read_file(folder / "id") != out.id + "\n")
      out.problems.push_back(fmt::format("{} is not what was packed: the file 'id' names another manifest",
                                         (folder / "manifest.json").string()));
    const PackManifest manifest = read_manifest(text, (folder / "manifest.json").string());
    out.code_version = manifest.code_version;
    if (sha256_of_file(folder / "contents.sh") != manifest.contents_sha256)
      out.problems.push_back(fmt::format("{} is not what was packed", (folder / "contents.sh").string()));
    if (sha256_of_file(folder / "start") != manifest.start_sha256)
      out.problems.push_back(fmt::format("{} is not what was packed", (folder / "start").string()));
    check_objects(folder, manifest, out);
  } catch (const Error& error) {
    out.problems.emplace_back(error.what());
  }
  return out;
}

}  // namespace moola::cluster
