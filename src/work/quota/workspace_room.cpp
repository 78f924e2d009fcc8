#include "work/quota/workspace_room.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "record/run_list.h"
#include "record/run_prune.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 7> kNames{"run", "job run", "study", "encoder", "data set", "leftover", "other"};

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code error;
  for (auto at = fs::directory_iterator(folder, error); !error && at != fs::directory_iterator(); at.increment(error))
    out.push_back(at->path());
  if (error && error != std::errc::no_such_file_or_directory)
    throw IoError("cannot read " + folder.string(), error.value());
  std::ranges::sort(out);
  return out;
}

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool is_link(const fs::path& path) {
  std::error_code error;
  return fs::is_symlink(fs::symlink_status(path, error));
}

class Look {
 public:
  void add(StoredKind kind, std::string name, const fs::path& path) {
    things_.push_back({.kind = kind, .name = std::move(name), .path = path, .entries = disk_entries(path)});
  }
  // A folder of such things is one itself, with what is none of them.
  template <class Name>
  void folder(StoredKind kind, const fs::path& path, const Name& name) {
    container(path);
    for (const fs::path& each : entries_of(path)) {
      const std::string file = each.filename().string();
      const bool left = kind == StoredKind::run && file.starts_with(record::kPrunedRun);
      // artifacts/runs may be a link to a larger disk; a single run that is one is somebody's own arrangement.
      const bool files_too = kind == StoredKind::encoder || kind == StoredKind::dataset;
      const bool fits = !file.starts_with('.') && (files_too || (is_folder(each) && !is_link(each)));
      add(left ? StoredKind::leftover : fits ? kind : StoredKind::other, name(file), each);
    }
  }
  void container(const fs::path& path) {
    for (const DiskEntry& each : disk_entry(path)) folders_.entries.push_back(each);
  }
  std::vector<StoredThing> take() {
    things_.push_back(std::move(folders_));
    return std::move(things_);
  }

 private:
  StoredThing folders_{.name = "the folders themselves"};
  std::vector<StoredThing> things_;
};

}  // namespace

std::string_view name_of(StoredKind kind) {
  return kNames.at(static_cast<std::size_t>(kind));
}

std::vector<StoredThing> stored_in(const fs::path& workspace) {
  Look look;
  const auto as_it_is = [](const std::string& file) { return file; };
  look.container(workspace / "artifacts");
  for (const fs::path& each : entries_of(workspace / "artifacts")) {
    const std::string name = each.filename().string();
    if (!is_folder(each))
      look.add(StoredKind::other, name, each);
    else if (name == "runs")
      look.folder(StoredKind::run, each, as_it_is);
    else if (name == "jobs")
      look.folder(StoredKind::job_run, each, as_it_is);
    else if (name == "studies")
      look.folder(StoredKind::study, each, as_it_is);
    else if (name == "encoders")
      look.folder(StoredKind::encoder, each, as_it_is);
    else
      look.add(StoredKind::other, name, each);
  }
  look.container(workspace / "data");
  for (const fs::path& kind : entries_of(workspace / "data")) {
    const std::string name = kind.filename().string();
    if (is_folder(kind))
      look.folder(StoredKind::dataset, kind, [&](const std::string& file) { return name + "/" + file; });
    else
      look.add(StoredKind::other, name, kind);
  }
  return look.take();
}

DiskUse use_of(const std::vector<StoredThing>& things) {
  DiskUse out;
  for (const StoredThing& each : things) out.add(each.entries);
  return out;
}

}  // namespace moola::work
