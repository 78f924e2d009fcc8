#include "cluster/pack/config_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/lies_in.h"
#include "base/toml.h"
#include "sweep/space/parameter_toml.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

// "BTC/v1", "bars/BTC/v12".
bool names_dataset(const std::string& text) {
  const auto slash = text.rfind("/v");
  if (slash == std::string::npos || slash == 0 || slash + 2 == text.size() || text.front() == '/') return false;
  return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(slash) + 2, text.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0; }) &&
         std::count(text.begin(), text.end(), '/') <= 2 && text.find_first_of(" \n\t") == std::string::npos;
}

bool is_file(const fs::path& path) {
  std::error_code none;
  return fs::is_regular_file(path, none);
}

class Follower {
 public:
  explicit Follower(const fs::path& root) : root_(root) {}

  void follow(const fs::path& file, const std::string& named_by) {
    const fs::path real = fs::weakly_canonical(file);
    if (!lies_in(real, root_)) outside(named_by, real);
    // A link is packed as what it leads to, under its own name.
    const fs::path absolute = fs::absolute(file).lexically_normal();
    const fs::path place = lies_in(absolute, root_) ? absolute : real;
    if (std::ranges::find(out_.files, place) != out_.files.end()) return;
    out_.files.push_back(place);
    if (place.extension() != ".toml") return;
    const toml::table table = parse_toml(read_file(file), file.string());
    walk(table, file, place);
  }

  ConfigFiles take() { return std::move(out_); }

 private:
  [[noreturn]] void outside(const std::string& named_by, const fs::path& file) const {
    throw ConfigError(
        fmt::format("{} names {}, which lies outside of {}: it would not be found elsewhere. Move it into "
                    "that folder, or name one that holds both with --root.",
                    named_by, file.string(), root_.string()));
  }

  void walk(const toml::node& node, const fs::path& file, const fs::path& place) {
    if (const toml::table* table = node.as_table()) {
      for (const auto& [key, value] : *table) {
        // A job file's, which are the workspace's.
        if (key.str() != "inputs" && key.str() != "outputs") walk(value, file, place);
      }
    } else if (const toml::array* list = node.as_array()) {
      for (const toml::node& each : *list) walk(each, file, place);
    } else if (const auto text = node.value_exact<std::string>(); text && !text->empty()) {
      see(*text, sweep::place_of(node, file.string()), place);
    }
  }

  void see(const std::string& text, const std::string& where, const fs::path& config) {
    if (text.find('\0') != std::string::npos || text.size() > 4096) return;
    if (names_dataset(text)) out_.datasets.insert({text, where});
    const fs::path path = text;
    std::error_code none;
    if (path.is_absolute()) {
      if (text != "/" && fs::exists(path, none)) {
        if (!lies_in(fs::weakly_canonical(path), root_)) outside(where, path);
        throw ConfigError(
            fmt::format("{} names {} by its absolute path, which it will not have elsewhere. Write it "
                        "relative to the configuration.",
                        where, text));
      }
      return;
    }
    for (const fs::path& from : {config.parent_path(), root_}) {
      if (const fs::path file = (from / path).lexically_normal(); is_file(file)) follow(file, where);
    }
  }

  fs::path root_;
  ConfigFiles out_;
};

}  // namespace

ConfigFiles config_files(const std::vector<fs::path>& configs, const fs::path& root) {
  Follower follower(fs::canonical(root));
  for (const fs::path& config : configs) {
    if (!is_file(config))
      throw ConfigError(fmt::format("{} is no file; --config takes a configuration.", config.string()));
    // Seen from a root without links, as the files that it names are.
    follower.follow(fs::canonical(config.parent_path().empty() ? "." : config.parent_path()) / config.filename(),
                    config.string());
  }
  return follower.take();
}

}  // namespace moola::cluster
