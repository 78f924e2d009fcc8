#include "work/prepare/stage_results.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "base/utc_time.h"
#include "work/prepare/stage.h"

namespace moola::work {

namespace fs = std::filesystem;

void StageResult::add(const StageRecord& record) {
  units.push_back(record.unit);
  for (const StageOutput& output : record.outputs) outputs.push_back(output.path);
  if (!record.reused_from.empty()) reused_from.push_back(record.reused_from);
}

void PrepareResult::add_conclusions(const Workbench& bench) {
  for (const StageUnit& table : bench.tables()) {
    if (fs::exists(bench.file("datasets", table.name, "json")))
      datasets.push_back(bench.json("datasets", table.name).at("id").get<std::string>());
    if (!fs::exists(bench.file("validation", table.name, "json"))) continue;
    const std::string of = bench.tables().size() == 1 ? "" : table.name + ": ";
    const Json validation = bench.json("validation", table.name);
    for (const Json& warning : validation.at("warnings")) warnings.push_back(of + warning.get<std::string>());
  }
}

void write_state(const fs::path& run, const PrepareResult& result, const std::string& failed,
                 const std::string& reason) {
  Json stages = Json::array();
  for (const Stage& stage : prepare_stages()) {
    const auto done = std::find_if(result.stages.begin(), result.stages.end(),
                                   [&](const StageResult& each) { return each.name == stage.name; });
    if (done == result.stages.end()) {
      Json entry = {{"name", stage.name}, {"state", stage.name == failed ? "failed" : "pending"}};
      if (stage.name == failed) entry["reason"] = reason;
      stages.push_back(std::move(entry));
      continue;
    }
    stages.push_back({{"name", stage.name},
                      {"state", done->state},
                      {"seconds", done->seconds},
                      {"units", done->units},
                      {"outputs", done->outputs},
                      {"reused_from", done->reused_from}});
  }
  write_file(run / "state.json", json_text({{"stages", stages}, {"written_at", utc_text(utc_now())}}, 1) + "\n");
}

std::optional<PrepareResult> finished_before(const fs::path& workspace, const fs::path& run) {
  PrepareResult result{.run = run.filename().string(), .folder = run, .status = "finished"};
  for (const Stage& stage : prepare_stages()) {
    StageResult out{.name = std::string(stage.name), .state = "reused"};
    std::vector<fs::path> records;
    const fs::path folder = run / "stages" / stage.folder();
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      if (entry.path().string().ends_with(".done.json")) records.push_back(entry.path());
    }
    std::sort(records.begin(), records.end());
    if (records.empty()) return std::nullopt;
    for (const fs::path& file : records) {
      const std::string name = file.filename().string();
      const auto record = read_record(run, stage, name.substr(0, name.size() - std::string_view(".done.json").size()));
      for (const StageOutput& output : record->outputs) {
        const OutputState state = check_output(workspace, run, output);
        const std::string path = output_path(workspace, run, output).string();
        if (state == OutputState::missing) {
          log_warning("{}, which the stage {} of {} wrote, is gone; what is missing is done again in a new run.", path,
                      stage.name, result.run);
          return std::nullopt;
        }
        if (state == OutputState::altered) {
          throw DataError(
              fmt::format("{} is no longer what the stage {} of {} wrote (SHA-256 {:.12}…): it was altered since. Put "
                          "the file back "
                          "as it was, or give --fresh to make everything again.",
                          path, stage.name, result.run, output.sha256));
        }
      }
      out.add(*record);
    }
    out.reused_from = {result.run};
    result.stages.push_back(std::move(out));
  }
  return result;
}

}  // namespace moola::work
