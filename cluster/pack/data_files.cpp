#include "cluster/pack/data_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "data/store/content_hash.h"
#include "data/store/dataset.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

class Collector {
 public:
  explicit Collector(const fs::path& workspace) : workspace_(workspace) {}

  void add(const data::DatasetId& id, const std::string& because) {
    if (!seen_.insert(id).second) return;
    const data::DatasetReader reader(workspace_, id);
    if (const std::string hash = data::content_sha256(reader.file()); hash != reader.content_sha256())
      throw DataError(
          fmt::format("{} can't be packed: {} holds the content {}, but was written with {}. Restore it, or "
                      "import it again as a new version.",
                      to_string(id), dataset_file(workspace_, id).string(), hash, reader.content_sha256()));
    const fs::path file = dataset_file(workspace_, id);
    out_.files.push_back({.part = PackPart::data,
                          .path = file.lexically_relative(workspace_).generic_string(),
                          .source = file,
                          .because = because});
    out_.datasets.push_back({to_string(id), reader.content_sha256()});
    if (id.kind == "bars" || (id.kind.ends_with("windows") && reader.file().has_dataset("X"))) return;
    for (const data::Parent& parent : reader.parents()) {
      static_cast<void>(open_parent(workspace_, parent, to_string(id)));  // still the content that it was made from
      add(parent.id, "read with " + to_string(id));
    }
  }

  // Splits and scalers belong to one content of one table.
  void add_companions() {
    for (const char* folder : {"splits", "scalers"}) {
      std::vector<fs::path> files;
      std::error_code none;
      for (const auto& entry : fs::directory_iterator(workspace_ / "data" / folder, none)) {
        if (entry.path().extension() == ".json" && entry.is_regular_file()) files.push_back(entry.path());
      }
      std::ranges::sort(files);
      for (const fs::path& file : files) add_companion(file);
    }
  }

  DataFiles take() {
    std::ranges::sort(out_.datasets, {}, &PackedDataset::id);
    return std::move(out_);
  }

 private:
  void add_companion(const fs::path& file) {
    const Json json = read_json(file);
    if (!json.is_object() || !json.contains("content_sha256")) return;
    const auto of = std::ranges::find_if(
        out_.datasets, [&](const PackedDataset& each) { return json["content_sha256"] == Json(each.content_sha256); });
    if (of == out_.datasets.end()) return;
    out_.files.push_back({.part = PackPart::data,
                          .path = file.lexically_relative(workspace_).generic_string(),
                          .source = file,
                          .because = "belongs to " + of->id});
  }

  fs::path workspace_;
  std::set<data::DatasetId> seen_;
  DataFiles out_;
};

}  // namespace

DataFiles data_files(const fs::path& workspace, const std::vector<WantedDataset>& wanted) {
  Collector collector(workspace);
  for (const WantedDataset& each : wanted) collector.add(data::find_dataset(workspace, each.id), each.because);
  collector.add_companions();
  return collector.take();
}

}  // namespace moola::cluster
