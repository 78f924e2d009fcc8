#include "base/config_document.h"

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/config_value.h"
#include "base/error.h"

namespace moola {
namespace {

namespace fs = std::filesystem;

ConfigDocument read_document(const fs::path& file) {
  return {.name = file.string(), .folder = file.parent_path(), .table = parse_toml(read_file(file), file.string())};
}

}  // namespace

std::vector<ConfigDocument> read_config_documents(const fs::path& file) {
  if (fs::exists(file) && !fs::is_regular_file(file) && !fs::is_directory(file)) {
    throw ConfigError(fmt::format(
        "{} is no regular file; a configuration is read more than once. Save it to a file first.", file.string()));
  }
  std::vector<ConfigDocument> out;
  ConfigDocument own = read_document(file);
  if (const toml::node* inherit = own.table.get("inherit")) {
    const auto name = inherit->value_exact<std::string>();
    if (!name)
      throw ConfigError(
          fmt::format("{}: inherit must be a text, the base file; found {}.", file.string(), toml_kind(*inherit)));
    out.push_back(read_document(file.parent_path() / *name));
    if (out.front().table.contains("inherit")) {
      throw ConfigError(fmt::format("{} is inherited by {} and inherits again; one level is allowed.", out.front().name,
                                    file.string()));
    }
  }
  out.push_back(std::move(own));
  return out;
}

}  // namespace moola
