#include "cluster/pack/pack_manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/error.h"
#include "base/shell_words.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSchema = "moola.pack/1";

// As the manifest calls parts, in the order of PackPart.
constexpr std::array kParts{"programs", "libraries", "run_time", "mpi", "torch", "configurations", "data", "files"};

PackPart part_of(const std::string& name, const std::string& where) {
  const auto at = std::ranges::find(kParts, name);
  if (at == kParts.end())
    throw DataError(fmt::format("{}: a file is of the part '{}', which there is not.", where, name));
  return static_cast<PackPart>(at - kParts.begin());
}

bool stays_inside(const std::string& path) {
  const fs::path normal = fs::path(path).lexically_normal();
  return !path.empty() && path.find('\0') == std::string::npos && !normal.is_absolute() && normal.string() == path &&
         *normal.begin() != ".." && *normal.begin() != "." && !normal.filename().empty();
}

bool is_hash(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// Names of files are bytes; JSON has only Unicode. What is no UTF-8 is written byte by byte.
Json path_json(const std::string& path) {
  try {
    static_cast<void>(Json(path).dump());
    return path;
  } catch (const Json::type_error&) {
    Json bytes = Json::array();
    for (const char c : path) bytes.push_back(static_cast<unsigned char>(c));
    return bytes;
  }
}

std::string path_from(const Json& json) {
  if (!json.is_array()) return json.get<std::string>();
  std::string out;
  for (const Json& byte : json) out += static_cast<char>(byte.get<unsigned char>());
  return out;
}

Json file_json(const PackedFile& file) {
  Json out = {{"path", path_json(file.path)},
              {"part", kParts.at(static_cast<std::size_t>(file.part))},
              {"bytes", file.bytes},
              {"executable", file.executable},
              {"sha256", file.sha256}};
  if (file.part == PackPart::run_time) {
    out["version"] = file.version;
    out["glibc"] = file.glibc;
  }
  return out;
}

PackedFile file_from(const Json& json, const std::string& where) {
  PackedFile out{.part = part_of(json.at("part").get<std::string>(), where),
                 .path = path_from(json.at("path")),
                 .bytes = json.at("bytes").get<std::uint64_t>(),
                 .executable = json.at("executable").get<bool>(),
                 .sha256 = json.at("sha256").get<std::string>()};
  if (out.part == PackPart::run_time) {
    out.version = json.at("version").get<std::string>();
    out.glibc = json.at("glibc").get<std::string>();
  }
  if (!stays_inside(out.path))
    throw DataError(fmt::format("{}: the path '{}' leads out of the place.", where, out.path));
  if (!is_hash(out.sha256)) throw DataError(fmt::format("{}: '{}' has no SHA-256.", where, out.path));
  return out;
}

}  // namespace

std::uint64_t PackManifest::bytes() const {
  std::set<std::string> seen;
  std::uint64_t sum = 0;
  for (const PackedFile& file : files) sum += seen.insert(file.sha256).second ? file.bytes : 0;
  return sum;
}

std::string manifest_text(const PackManifest& manifest) {
  const PackNeeds& needs = manifest.needs;
  Json datasets = Json::array(), files = Json::array();
  for (const PackedDataset& each : manifest.datasets)
    datasets.push_back({{"id", each.id}, {"content_sha256", each.content_sha256}});
  for (const PackedFile& each : manifest.files) files.push_back(file_json(each));
  return json_text({{"schema", kSchema},
                    {"code_version", manifest.code_version},
                    {"start_sha256", manifest.start_sha256},
                    {"contents_sha256", manifest.contents_sha256},
                    {"needs",
                     {{"architecture", "x86_64"},
                      {"glibc", needs.glibc},
                      {"glibc_because", needs.glibc_because},
                      {"torch", needs.torch},
                      {"cuda", needs.cuda},
                      {"cuda_driver", needs.cuda_driver},
                      {"gpus", needs.gpus},
                      {"gpu_memory_mib", needs.gpu_memory_mib},
                      {"own_mpi", needs.own_mpi},
                      {"disk_bytes", manifest.bytes()}}},
                    {"datasets", datasets},
                    {"files", files}},
                   1) +
         "\n";
}

PackManifest read_manifest(std::string_view text, const std::string& where) {
  const Json json = parse_json(text, where);
  try {
    if (json.at("schema") != kSchema)
      throw DataError(fmt::format("{} says that it is '{}'; expected {}.", where, json_text(json["schema"]), kSchema));
    const Json& needs = json.at("needs");
    PackManifest out{.code_version = json.at("code_version").get<std::string>(),
                     .needs = {.glibc = needs.at("glibc").get<std::string>(),
                               .glibc_because = needs.at("glibc_because").get<std::string>(),
                               .torch = needs.at("torch").get<std::string>(),
                               .cuda = needs.at("cuda").get<int>(),
                               .cuda_driver = needs.at("cuda_driver").get<int>(),
                               .gpus = needs.at("gpus").get<int>(),
                               .gpu_memory_mib = needs.at("gpu_memory_mib").get<std::int64_t>(),
                               .own_mpi = needs.at("own_mpi").get<bool>()},
                     .datasets = {},
                     .files = {},
                     .start_sha256 = json.at("start_sha256").get<std::string>(),
                     .contents_sha256 = json.at("contents_sha256").get<std::string>()};
    for (const Json& each : json.at("datasets"))
      out.datasets.push_back({each.at("id").get<std::string>(), each.at("content_sha256").get<std::string>()});
    for (const Json& each : json.at("files")) out.files.push_back(file_from(each, where));
    return out;
  } catch (const Json::exception& error) {
    throw DataError(fmt::format("{} is no manifest of a pack: {}.", where, error.what()));
  }
}

bool in_workspace(PackPart part) {
  return part == PackPart::data || part == PackPart::files;
}

fs::path object_path(const std::string& sha256) {
  return fs::path("objects") / sha256.substr(0, 2) / sha256.substr(2);
}

std::string contents_script(const PackManifest& manifest) {
  const PackNeeds& needs = manifest.needs;
  std::string out = fmt::format(
      "# What is in this pack, for ./start; manifest.json says the same for programs.\n"
      "code={} need_kib={}\n"
      "need_glibc={} need_glibc_because={}\n"
      "need_torch={} need_cuda={} need_driver={} need_gpus={} need_gpu_mib={} own_mpi={}\n"
      "# item HOW MODE SHA-256 PATH\n"
      "#   link: into the place, by a hard link where that works; copy: a copy, for the same bytes are linked with "
      "another mode\n"
      "#   library: into the place where that has none or an older one; then its version, and what glibc it needs\n"
      "#   data: into the workspace, never over something else; file: into the workspace\n",
      shell_word(manifest.code_version), (manifest.bytes() + 1023) / 1024, shell_word(needs.glibc),
      shell_word(needs.glibc_because), shell_word(needs.torch), needs.cuda, needs.cuda_driver, needs.gpus,
      needs.gpu_memory_mib, needs.own_mpi ? 1 : 0);
  std::map<std::string, bool> linked;  // by hash, whether as a program
  for (const PackedFile& file : manifest.files) {
    const char* how = "file";
    const char* mode = file.executable ? "755" : "644";
    if (file.part != PackPart::files) {
      // Names of one object share its mode.
      const bool same = linked.try_emplace(file.sha256, file.executable).first->second == file.executable;
      mode = file.executable ? "555" : "444";
      how = file.part == PackPart::data ? "data" : file.part == PackPart::run_time ? "library" : same ? "link" : "copy";
      if (file.part == PackPart::data && !same) mode = "555";
    }
    out += fmt::format("item {} {} {} {}", how, mode, file.sha256, shell_word(file.path));
    if (file.part == PackPart::run_time) out += fmt::format(" {} {}", shell_word(file.version), shell_word(file.glibc));
    out += "\n";
  }
  return out;
}

}  // namespace moola::cluster
