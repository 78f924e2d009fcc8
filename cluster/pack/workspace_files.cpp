#include "cluster/pack/workspace_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/lies_in.h"
#include "cluster/pack/config_files.h"
#include "cluster/pack/private_files.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

class Walker {
 public:
  Walker(const fs::path& workspace, const fs::path& named) : workspace_(workspace), named_(named) {}

  void walk(const fs::path& path, int depth) {
    const fs::path real = within(path);
    if (fs::is_directory(real)) {
      // Links can make a circle.
      if (depth > 100)
        throw ConfigError(fmt::format("{} is more than 100 folders deep: links in a circle?", path.string()));
      std::vector<fs::path> entries;
      for (const auto& entry : fs::directory_iterator(path)) entries.push_back(entry.path());
      std::ranges::sort(entries);
      for (const fs::path& entry : entries) {
        if (!passed_over(entry)) walk(entry, depth + 1);
      }
      return;
    }
    if (!fs::is_regular_file(real))
      throw ConfigError(fmt::format("{} is neither a file nor a folder, and can't be packed.", path.string()));
    if (path != workspace_ / named_) refuse_private(path, named_.string());
    out_.push_back({.part = PackPart::files,
                    .path = path.lexically_relative(workspace_).generic_string(),
                    .source = path,
                    .executable = is_executable(path),
                    .because = "of " + named_.string()});
  }

  std::vector<PackFile> take() { return std::move(out_); }

 private:
  fs::path within(const fs::path& path) const {
    std::error_code missing;
    const fs::path real = fs::canonical(path, missing);
    if (missing) throw ConfigError(fmt::format("{} is not there, or is a link that leads nowhere.", path.string()));
    if (!lies_in(real, workspace_))
      throw ConfigError(fmt::format("{} leads to {}, outside of the workspace {}. Copy what is needed into it.",
                                    path.string(), real.string(), workspace_.string()));
    return real;
  }

  bool passed_over(const fs::path& entry) const {
    const fs::path relative = entry.lexically_relative(workspace_);
    if (relative == "artifacts" || entry.filename() == ".git") return true;
    // data/KIND/NAME/vN.json beside vN.h5: times, hosts and users.
    fs::path dataset = entry;
    return entry.extension() == ".json" && *relative.begin() == "data" && fs::exists(dataset.replace_extension(".h5"));
  }

  fs::path workspace_, named_;
  std::vector<PackFile> out_;
};

}  // namespace

std::vector<PackFile> workspace_files(const fs::path& workspace, const fs::path& named) {
  const fs::path root = fs::canonical(workspace);
  fs::path inside = named.is_absolute() ? named.lexically_relative(root) : named;
  inside = inside.lexically_normal();
  if (inside.has_relative_path() && inside.filename().empty()) inside = inside.parent_path();  // "folder/"
  if (inside.empty() || inside.is_absolute() || *inside.begin() == "..")
    throw ConfigError(fmt::format("{} lies outside of the workspace {}. Copy what is needed into it.", named.string(),
                                  root.string()));
  Walker walker(root, inside);
  walker.walk(inside == "." ? root : root / inside, 0);
  return walker.take();
}

void refuse_private(const fs::path& file, const std::string& named_by) {
  const std::string why = looks_private(file);
  if (why.empty()) return;
  throw ConfigError(
      fmt::format("{} (of {}) looks like a secret: {}. Packs are stored where others may read them. Leave "
                  "it out, or name this very file with --file.",
                  file.string(), named_by, why));
}

bool is_executable(const fs::path& file) {
  return (fs::status(file).permissions() & fs::perms::owner_exec) != fs::perms::none;
}

}  // namespace moola::cluster
