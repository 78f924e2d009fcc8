#include "data/store/dataset.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/host_name.h"
#include "base/utc_time.h"
#include "base/version.h"

namespace moola::data {
namespace {

namespace fs = std::filesystem;

DatasetId with_version(const fs::path& workspace, DatasetId id) {
  check_name(id.name, "the name");
  if (id.version == 0) id.version = next_version(workspace, id.kind, id.name);
  DatasetWriter::check_free(workspace, id);
  return id;
}

std::string user() {
  const passwd* entry = ::getpwuid(::getuid());
  return entry != nullptr ? entry->pw_name : std::to_string(::getuid());
}

}  // namespace

void DatasetWriter::check_free(const fs::path& workspace, const DatasetId& id) {
  if (!fs::exists(dataset_file(workspace, id))) return;
  throw ConfigError(
      fmt::format("data set {} exists already ({}), and a version is never overwritten. Leave --version out for v{}, "
                  "or name another.",
                  to_string(id), dataset_file(workspace, id).string(), next_version(workspace, id.kind, id.name)));
}

DatasetWriter::DatasetWriter(const fs::path& workspace, DatasetId id)
    : any_version_(id.version == 0),
      id_(with_version(workspace, std::move(id))),
      workspace_(workspace),
      content_(dataset_file(workspace, id_)) {
  for (const std::string& kind : dataset_kinds()) {
    std::error_code none;
    for (const auto& name : fs::directory_iterator(workspace / "data" / kind, none)) remove_abandoned(name.path());
  }
}

std::string DatasetWriter::finish(const Json& circumstances) {
  return publish(content_.seal(id_.kind), circumstances);
}

std::string DatasetWriter::finish_unless_known(const std::vector<std::string>& marks, const Json& circumstances) {
  std::string hash = content_.seal(id_.kind);
  const Json& own = manifest();
  for (const DatasetId& known : list_versions(workspace_, id_.kind, id_.name)) {
    const DatasetReader reader(workspace_, known);
    if (reader.content_sha256() != hash) continue;
    const bool alike = std::all_of(marks.begin(), marks.end(), [&](const std::string& key) {
      return reader.manifest().value(key, Json()) == own.value(key, Json());
    });
    if (!alike) continue;
    id_ = known;
    return hash;
  }
  return publish(hash, circumstances);
}

std::string DatasetWriter::publish(const std::string& hash, const Json& circumstances) {
  while (!content_.commit_if_free()) {
    if (!any_version_) check_free(workspace_, id_);
    id_.version = next_version(workspace_, id_.kind, id_.name);
    content_.retarget(dataset_file(workspace_, id_));
  }

  Json beside = {{"id", to_string(id_)}, {"content_sha256", hash}, {"created_at", utc_text(utc_now())},
                 {"host", host_name()},  {"user", user()},         {"code_version", code_version()}};
  beside.update(circumstances);
  write_file(circumstances_file(workspace_, id_), beside.dump(1) + "\n");
  return hash;
}

DatasetReader::DatasetReader(const fs::path& workspace, const DatasetId& id)
    : id_(id), file_(open_content(dataset_file(workspace, id), id.kind)) {
  const std::string where = "attribute 'manifest' of " + file_.path().string();
  const std::string text = file_.text_attribute("manifest");
  if (sha256_hex(text) != file_.text_attribute("manifest_sha256")) {
    throw DataError(
        where +
        " is not what was written (its manifest_sha256 differs). The file is damaged or was changed by hand; "
        "take it from a copy or make it again.");
  }
  manifest_ = parse_json(text, where);
  content_sha256_ = file_.text_attribute("content_sha256");
}

std::vector<Parent> DatasetReader::parents() const {
  std::vector<Parent> parents;
  for (const Json& parent : manifest_.value("parents", Json::array())) {
    parents.push_back({parse_dataset_id(parent.value("id", "")), parent.value("content_sha256", "")});
  }
  return parents;
}

Parent DatasetReader::only_parent(std::string_view does) const {
  std::vector<Parent> all = parents();
  const std::string data = file_.text_attribute("data");
  if (all.size() == 1 && to_string(all.front().id) == data &&
      all.front().content_sha256 == file_.text_attribute("data_content_sha256"))
    return std::move(all.front());
  throw DataError(fmt::format(
      "{} {} {}, but its manifest does not name that as its only parent; the file was not written by Moola, or is "
      "damaged.",
      file_.path().string(), does, data));
}

DatasetReader open_parent(const fs::path& workspace, const Parent& parent, std::string_view child) {
  const fs::path file = dataset_file(workspace, parent.id);
  if (!fs::exists(file)) {
    throw DataError(fmt::format(
        "data set {} was made from {}, which is no longer there ({}). Put that file back, or make {} again from "
        "another version.",
        child, to_string(parent.id), file.string(), child));
  }
  DatasetReader reader(workspace, parent.id);
  if (reader.content_sha256() != parent.content_sha256) {
    throw DataError(fmt::format(
        "data set {} was made from {} with the content hash {:.12}…, but the file there now has {:.12}… ({}). "
        "Put the old file back, or import the changed data under a new version and make {} again from it.",
        child, to_string(parent.id), parent.content_sha256, reader.content_sha256(), file.string(), child));
  }
  return reader;
}

}  // namespace moola::data
