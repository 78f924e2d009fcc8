#include "work/prepare/stage.h"

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/nearest.h"

namespace moola::work {

namespace fs = std::filesystem;

std::string Stage::folder() const {
  return fmt::format("{:02}-{}", stage_index(std::string(name)) + 1, name);
}

std::size_t stage_index(const std::string& name) {
  std::vector<std::string> names;
  for (const Stage& stage : prepare_stages()) {
    if (stage.name == name) return names.size();
    names.emplace_back(stage.name);
  }
  throw ConfigError(fmt::format("there is no stage '{}'; expected one of {}.{}", name, fmt::join(names, ", "),
                                did_you_mean(name, names)));
}

std::string stage_file(const std::string& unit, std::string_view ending) {
  const bool part = ending.find('.') != std::string_view::npos;
  return fmt::format("{}{}{}", unit, part ? '-' : '.', ending);
}

fs::path StageRun::output(std::string_view ending) {
  outputs_.push_back(bench_.file(stage_.name, unit_.name, ending));
  return outputs_.back();
}

fs::path StageRun::output(std::size_t symbol, std::string_view ending) {
  outputs_.push_back(bench_.file(stage_.name, bench_.symbols()[symbol].name(), ending));
  return outputs_.back();
}

void StageRun::add_output(const fs::path& file) {
  outputs_.push_back(file);
}

void StageRun::write_json(std::string_view ending, const Json& value) {
  write_file(output(ending), json_text(value, 1) + "\n");
}

void StageRun::write_json(std::size_t symbol, std::string_view ending, const Json& value) {
  write_file(output(symbol, ending), json_text(value, 1) + "\n");
}

}  // namespace moola::work
