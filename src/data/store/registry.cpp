#include "data/store/registry.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "data/store/dataset_schema.h"

namespace moola::data {
namespace {

namespace fs = std::filesystem;

Json json_of(const hdf5::Attribute& attribute) {
  return std::visit([](const auto& value) { return Json(value); }, attribute);
}

void check_shapes(const hdf5::File& file, const Json& manifest, std::vector<std::string>& problems) {
  const Json shapes = manifest.value("shapes", Json::object());
  for (const std::string& name : file.dataset_names()) {
    const hdf5::Shape shape = file.dataset(name).shape();
    if (!shapes.contains(name)) {
      problems.push_back(fmt::format("data set '{}' is not in the manifest", name));
    } else if (shapes[name] != Json(shape)) {
      problems.push_back(fmt::format("data set '{}' has the shape [{}], but the manifest says {}", name,
                                     fmt::join(shape, ", "), shapes[name].dump()));
    }
  }
  for (const auto& [name, shape] : shapes.items()) {
    if (!file.has_dataset(name)) problems.push_back(fmt::format("data set '{}' of the manifest is missing", name));
  }
}

Json sources_of(const Json& manifest) {
  return manifest.value("sources", Json::array());
}

Json lineage_of(const fs::path& workspace, const DatasetId& id, const std::string& expected, int depth) {
  Json node = {{"id", to_string(id)}};
  if (!fs::exists(dataset_file(workspace, id))) {
    node["content_sha256"] = expected;
    node["state"] = "missing";
    return node;
  }
  const DatasetReader reader(workspace, id);
  node["content_sha256"] = reader.content_sha256();
  node["state"] = expected.empty() || expected == reader.content_sha256() ? "present" : "changed";
  if (node["state"] == "changed") node["expected_sha256"] = expected;
  node["code_version"] = reader.manifest().value("code_version", "");
  node["parameters"] = reader.manifest().value("parameters", Json::object());
  if (const Json sources = sources_of(reader.manifest()); !sources.empty()) node["sources"] = sources;
  node["parents"] = Json::array();
  // Files that name each other in a circle can be made by hand only; they must not be followed for ever.
  if (depth > 32) return node;
  for (const Parent& parent : reader.parents()) {
    node["parents"].push_back(lineage_of(workspace, parent.id, parent.content_sha256, depth + 1));
  }
  return node;
}

}  // namespace

Verification verify(const fs::path& workspace, const DatasetId& id) {
  Verification result{.id = id, .problems = {}, .parents = {}};
  try {
    const fs::path path = dataset_file(workspace, id);
    std::error_code none;
    result.bytes = fs::exists(path, none) ? fs::file_size(path, none) : 0;
    const DatasetReader reader(workspace, id);
    check_shapes(reader.file(), reader.manifest(), result.problems);
    if (const std::string hash = content_sha256(reader.file()); hash != reader.content_sha256()) {
      result.problems.push_back(
          fmt::format("{} has the content hash {}, but was written with {}: it was changed after it was made",
                      path.string(), hash, reader.content_sha256()));
    }
    if (const fs::path beside = circumstances_file(workspace, id); fs::exists(beside, none)) {
      const std::string noted = read_json(beside).value("content_sha256", "");
      if (noted != reader.content_sha256()) {
        result.problems.push_back(fmt::format(
            "{} has the content hash {}, but {} says that {} was made here: another file has taken its place",
            path.string(), reader.content_sha256(), beside.filename().string(), noted.empty() ? "another" : noted));
      }
    }
    for (const Parent& parent : reader.parents()) {
      result.parents.push_back(to_string(parent.id));
      try {
        open_parent(workspace, parent, to_string(id));
      } catch (const Error& error) {
        result.problems.emplace_back(error.what());
      }
    }
  } catch (const Error& error) {
    result.problems.emplace_back(error.what());
  }
  return result;
}

Json describe(const fs::path& workspace, const DatasetId& id) {
  const DatasetReader reader(workspace, id);
  Json datasets = Json::object(), attributes = Json::object();
  for (const std::string& name : reader.file().dataset_names()) {
    const hdf5::Dataset dataset = reader.file().dataset(name);
    datasets[name] = {{"type", hdf5::numpy_name(dataset.type())}, {"shape", dataset.shape()}};
  }
  for (const std::string& name : reader.file().attribute_names()) {
    if (is_semantic(name) && name != "schema") attributes[name] = json_of(*reader.file().attribute(name));
  }
  const fs::path beside = circumstances_file(workspace, id);
  return {{"id", to_string(id)},
          {"file", dataset_file(workspace, id).string()},
          {"bytes", fs::file_size(dataset_file(workspace, id))},
          {"schema", reader.file().text_attribute("schema")},
          {"content_sha256", reader.content_sha256()},
          {"datasets", datasets},
          {"attributes", attributes},
          {"manifest", reader.manifest()},
          {"circumstances", fs::exists(beside) ? read_json(beside) : Json()}};
}

Json lineage(const fs::path& workspace, const DatasetId& id) {
  return lineage_of(workspace, id, "", 0);
}

}  // namespace moola::data
