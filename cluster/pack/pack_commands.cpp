#include "cluster/pack/pack_commands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "base/scratch_folder.h"
#include "base/subprocess.h"
#include "base/text_table.h"
#include "cluster/job/memory_size.h"
#include "cluster/pack/pack_plan.h"
#include "cluster/pack/verify_pack.h"
#include "cluster/pack/write_pack.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

TorchFrom parse_torch(const std::string& text) {
  if (text == "place") return TorchFrom::place;
  if (text == "pack") return TorchFrom::pack;
  if (text == "none") return TorchFrom::none;
  throw ConfigError(fmt::format("--torch {}: expected place (of the place, or installed there), pack, or none.", text));
}

PackRequest request_of(const PackOptions& options) {
  return {.workspace = options.common.workspace,
          .root = options.root,
          .programs = {.programs = options.programs.empty() ? executable_folder() : options.programs,
                       .torch = parse_torch(options.torch),
                       .mpi = !options.no_mpi},
          .configs = options.configs,
          .jobs = options.jobs,
          .job_settings = options.settings,
          .data = options.data,
          .files = options.files,
          .gpus = options.gpus,
          .gpu_memory_mib = options.gpu_memory.empty() ? 0 : parse_memory(options.gpu_memory)};
}

std::string megabytes(std::uint64_t bytes) {
  return fmt::format("{:.1f}", static_cast<double>(bytes) / 1e6);
}

// Every content counts once, for the first part that has it.
Json parts_json(const PackManifest& manifest) {
  std::array<std::pair<std::uint64_t, std::uint64_t>, 8> sums = {};  // files and bytes
  std::set<std::string> seen;
  for (const PackedFile& file : manifest.files) {
    auto& [files, bytes] = sums.at(static_cast<std::size_t>(file.part));
    ++files;
    if (seen.insert(file.sha256).second) bytes += file.bytes;
  }
  Json out = Json::array();
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (sums.at(i).first > 0)
      out.push_back(
          {{"part", to_string(static_cast<PackPart>(i))}, {"files", sums.at(i).first}, {"bytes", sums.at(i).second}});
  }
  return out;
}

std::vector<const PackedFile*> largest(const PackManifest& manifest, std::size_t count) {
  std::vector<const PackedFile*> out;
  for (const PackedFile& file : manifest.files) out.push_back(&file);
  std::ranges::stable_sort(out, std::ranges::greater(), &PackedFile::bytes);
  out.resize(std::min(out.size(), count));
  return out;
}

std::string needs_text(const PackNeeds& needs) {
  std::string out = fmt::format("x86_64, glibc {} (for {})", needs.glibc, needs.glibc_because);
  if (!needs.torch.empty()) out += fmt::format(", LibTorch {} (of the place, else installed there)", needs.torch);
  if (needs.cuda_driver > 0) out += fmt::format(", on GPUs an NVIDIA driver from {}", needs.cuda_driver);
  if (needs.gpus > 0) out += fmt::format(", {} GPUs", needs.gpus);
  if (needs.gpu_memory_mib > 0) out += fmt::format(" of {} MiB each", needs.gpu_memory_mib);
  if (!needs.own_mpi) out += ", Open MPI 4 where ranks are started";
  return out;
}

void print_json(const PackOptions& options, const PackPlan& plan, const WrittenPack& pack) {
  Json datasets = Json::array();
  for (const PackedDataset& each : pack.manifest.datasets) datasets.push_back(each.id);
  std::cout << json_text({{"id", pack.id},
                          {"folder", options.folder.string()},
                          {"written", !options.dry_run},
                          {"files", pack.manifest.files.size()},
                          {"bytes", pack.manifest.bytes()},
                          {"new_objects", pack.new_objects},
                          {"new_bytes", pack.new_bytes},
                          {"parts", parts_json(pack.manifest)},
                          {"datasets", datasets},
                          {"notes", plan.notes}},
                         2)
            << "\n";
}

void print_text(const PackOptions& options, const PackPlan& plan, const WrittenPack& pack) {
  TextTable parts({{"part"}, {"files", Align::right}, {"MB", Align::right}});
  for (const Json& each : parts_json(pack.manifest))
    parts.row({each["part"].get<std::string>(), fmt::format("{}", each["files"].get<std::uint64_t>()),
               megabytes(each["bytes"].get<std::uint64_t>())});
  std::cout << parts.text() << "\n";
  TextTable files({{"largest"}, {"MB", Align::right}});
  for (const PackedFile* each : largest(pack.manifest, 8)) files.row({each->path, megabytes(each->bytes)});
  std::cout << files.text() << "\n";
  TextTable data({{"data set"}, {"because"}});
  for (const PackFile& each : plan.files) {
    if (each.part == PackPart::data) data.row({each.path, each.because});
  }
  if (!pack.manifest.datasets.empty()) std::cout << data.text() << "\n";
  std::cout << "Needs " << needs_text(pack.manifest.needs) << ".\n";
  for (const std::string& note : plan.notes) std::cout << "Note: " << note << ".\n";
  std::cout << fmt::format("\nPack {}: {} MB in {} files", pack.id.substr(0, 16), megabytes(pack.manifest.bytes()),
                           pack.manifest.files.size());
  if (options.dry_run) {
    std::cout << "; nothing was written.\n";
    return;
  }
  std::cout << fmt::format("; new in {}: {} objects, {} MB.\n", options.folder.string(), pack.new_objects,
                           megabytes(pack.new_bytes));
}

}  // namespace

void pack_command(const PackOptions& options) {
  if (options.folder.empty()) throw ConfigError("where shall the pack go? Name a folder: moola pack OUT");
  const PackPlan plan = plan_pack(request_of(options));
  const WrittenPack pack = options.dry_run ? measure_pack(plan) : write_pack(plan, options.folder);
  if (options.common.json)
    print_json(options, plan, pack);
  else if (!options.common.quiet)
    print_text(options, plan, pack);
}

void verify_pack_command(const PackOptions& options) {
  const PackVerification found = verify_pack(options.folder);
  if (options.common.json) {
    std::cout << json_text({{"id", found.id},
                            {"code_version", found.code_version},
                            {"files", found.files},
                            {"objects", found.objects},
                            {"bytes", found.bytes},
                            {"problems", found.problems}},
                           2)
              << "\n";
  }
  if (!found.problems.empty())
    throw DataError(fmt::format("{} is not whole:\n  {}\nPack or upload again; only what is wrong is written.",
                                options.folder.string(), fmt::join(found.problems, "\n  ")));
  if (!options.objects_only) {
    // In a folder that goes again, beside the objects where it can be, for links.
    const bool writable = ::access(options.folder.c_str(), W_OK) == 0;
    const ScratchFolder scratch((writable ? options.folder : fs::temp_directory_path()) / ".verify-");
    const ProcessResult place =
        run_process({"sh", (options.folder / "start").string(), "--verify", "--at", (scratch.path() / "place").string(),
                     "--workspace", (scratch.path() / "workspace").string()});
    if (place.exit_code != 0)
      throw DataError(
          fmt::format("{} is whole, but this machine can't run it:\n{}", options.folder.string(), place.errors));
  }
  if (!options.common.json && !options.common.quiet) {
    std::cout << fmt::format("{} is whole: pack {}, {} files, {} objects, {} MB.\n", options.folder.string(),
                             found.id.substr(0, 16), found.files, found.objects, megabytes(found.bytes));
  }
}

}  // namespace moola::cluster
