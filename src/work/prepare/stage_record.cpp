#include "work/prepare/stage_record.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/sha256.h"
#include "base/version.h"
#include "data/store/hdf5.h"

namespace moola::work {

namespace fs = std::filesystem;

std::string stage_key(const Stage& stage, const StageUnit& unit, const Workbench& bench,
                      const std::vector<StageRecord>& inputs) {
  Json key = {{"stage", stage.name}, {"unit", unit.name}, {"code", code_version()}};
  for (const std::size_t symbol : unit.symbols) {
    const PreparedSymbol& bars = bench.symbols()[symbol];
    key["bars"].push_back({{"id", to_string(bars.id)}, {"content_sha256", bars.content_sha256}});
  }
  for (const std::string_view table : stage.tables)
    key["config"][std::string(table)] = bench.loaded().tables.at(std::string(table));
  // A table of several symbols has its rows in common; alone in a table, a symbol's rows are its own.
  for (const StageRecord& input : inputs) {
    for (const StageOutput& output : input.outputs)
      key["inputs"][input.stage + "/" + input.unit].push_back(
          {fs::path(output.path).filename().string(), output.content});
  }
  return sha256_hex(json_text(key));
}

fs::path record_file(const fs::path& run, const Stage& stage, const std::string& unit) {
  return run / "stages" / stage.folder() / (unit + ".done.json");
}

std::optional<StageRecord> read_record(const fs::path& run, const Stage& stage, const std::string& unit) {
  const fs::path file = record_file(run, stage, unit);
  if (!fs::exists(file)) return std::nullopt;
  const Json json = read_json(file);
  try {
    StageRecord record{.stage = json.at("stage").get<std::string>(),
                       .unit = json.at("unit").get<std::string>(),
                       .key = json.at("key").get<std::string>(),
                       .outputs = {},
                       .said = json.at("said").get<std::string>(),
                       .seconds = json.at("seconds").get<double>(),
                       .reused_from = json.at("reused_from").get<std::string>()};
    for (const Json& output : json.at("outputs")) {
      record.outputs.push_back({.path = output.at("path").get<std::string>(),
                                .bytes = output.at("bytes").get<std::uint64_t>(),
                                .sha256 = output.at("sha256").get<std::string>(),
                                .content = output.at("content_sha256").get<std::string>()});
    }
    return record;
  } catch (const Json::exception& error) {
    throw DataError(fmt::format("{} is no record of a stage: {}. Delete it, and the stage is done again.",
                                file.string(), error.what()));
  }
}

void write_record(const fs::path& run, const Stage& stage, const StageRecord& record) {
  Json outputs = Json::array();
  for (const StageOutput& output : record.outputs) {
    outputs.push_back({{"path", output.path},
                       {"bytes", output.bytes},
                       {"sha256", output.sha256},
                       {"content_sha256", output.content}});
  }
  write_file(record_file(run, stage, record.unit), json_text({{"stage", record.stage},
                                                              {"unit", record.unit},
                                                              {"key", record.key},
                                                              {"outputs", outputs},
                                                              {"said", record.said},
                                                              {"seconds", record.seconds},
                                                              {"reused_from", record.reused_from}},
                                                             1) +
                                                       "\n");
}

fs::path output_path(const fs::path& workspace, const fs::path& run, const StageOutput& output) {
  return output.path.starts_with("data/") ? workspace / output.path : run / output.path;
}

OutputState check_output(const fs::path& workspace, const fs::path& run, const StageOutput& output) {
  const fs::path file = output_path(workspace, run, output);
  std::error_code error;
  const std::uint64_t bytes = fs::file_size(file, error);
  if (error) return OutputState::missing;
  if (bytes != output.bytes || sha256_of_file(file) != output.sha256) return OutputState::altered;
  return OutputState::intact;
}

StageOutput describe_output(const fs::path& workspace, const fs::path& run, const fs::path& file) {
  const fs::path inside = file.lexically_relative(run);
  const bool of_run = !inside.empty() && *inside.begin() != "..";
  StageOutput out{.path = (of_run ? inside : file.lexically_relative(workspace)).generic_string(),
                  .bytes = fs::file_size(file),
                  .sha256 = sha256_of_file(file),
                  .content = {}};
  out.content = file.extension() == ".h5" ? data::hdf5::File::open(file).text_attribute("content_sha256") : out.sha256;
  return out;
}

}  // namespace moola::work
