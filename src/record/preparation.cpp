#include "record/preparation.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/duration.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text_table.h"

namespace moola::record {
namespace {

std::vector<std::string> texts(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at == object.end() ? std::vector<std::string>{} : at->get<std::vector<std::string>>();
}

// What a list has room for.
std::string in_short(const std::vector<std::string>& names) {
  if (names.empty()) return "-";
  return names.size() == 1 ? names.front() : fmt::format("{} and {} more", names.front(), names.size() - 1);
}

}  // namespace

std::size_t Preparation::stages_done() const {
  return static_cast<std::size_t>(std::count_if(stages.begin(), stages.end(), [](const Stage& s) { return s.done(); }));
}

std::string Preparation::stage() const {
  std::string last = "-";
  for (const Stage& each : stages) {
    if (each.state == "failed") return each.name;
    if (each.done()) last = each.name;
  }
  return last;
}

bool Preparation::validated() const {
  return std::any_of(stages.begin(), stages.end(), [](const Stage& s) { return s.name == "validation" && s.done(); });
}

bool is_preparation(const RunSummary& run) {
  return run.manifest.job == "prepare";
}

Preparation read_preparation(const RunSummary& run) {
  const std::filesystem::path file = run.path / "state.json";
  Preparation out;
  try {
    out.tables = texts(run.manifest.parameters, "datasets");
    out.warnings = texts(run.manifest.parameters, "warnings");
    if (!std::filesystem::exists(file)) return out;
    const Json state = read_json(file);
    for (const Json& stage : state.at("stages")) {
      out.stages.push_back({.name = stage.at("name").get<std::string>(),
                            .state = stage.at("state").get<std::string>(),
                            .seconds = stage.value("seconds", 0.0),
                            .reused_from = texts(stage, "reused_from"),
                            .outputs = texts(stage, "outputs")});
    }
  } catch (const Json::exception& error) {
    throw DataError(fmt::format("{} or the manifest beside it does not hold what moola prepare writes: {}.",
                                file.string(), error.what()));
  }
  return out;
}

std::string preparation_table(const std::vector<RunSummary>& runs) {
  TextTable table({{"run"},
                   {"job"},
                   {"state"},
                   {"worked", Align::right},
                   {"stages", Align::right},
                   {"last"},
                   {"warnings", Align::right},
                   {"tables"}});
  for (const RunSummary& run : runs) {
    Preparation found;
    try {
      found = read_preparation(run);
    } catch (const DataError& error) {
      log_warning("{}", error.what());
    }
    table.row({run.path.filename().string(), run.manifest.job, run.state, readable_seconds(run.seconds),
               found.stages.empty() ? "-" : fmt::format("{} of {}", found.stages_done(), found.stages.size()),
               found.stage(), found.validated() ? std::to_string(found.warnings.size()) : "-", in_short(found.tables)});
  }
  return table.text();
}

std::string preparation_text(const Preparation& preparation) {
  std::string out;
  if (!preparation.tables.empty()) out += "\ntables\n";
  for (const std::string& table : preparation.tables) out += fmt::format("  {}\n", table);
  if (!preparation.stages.empty()) {
    TextTable table({{"stage"}, {"state"}, {"time", Align::right}, {"made"}});
    for (const Preparation::Stage& stage : preparation.stages) {
      table.row({stage.name, stage.state, stage.state == "made" ? readable_seconds(stage.seconds) : "",
                 stage.outputs.empty() ? "" : in_short(stage.outputs)});
    }
    out += "\n" + table.text();
  }
  if (!preparation.warnings.empty()) {
    out += fmt::format("\n{} warning{}\n", preparation.warnings.size(), preparation.warnings.size() == 1 ? "" : "s");
    for (const std::string& warning : preparation.warnings) out += fmt::format("  {}\n", warning);
  }
  return out;
}

}  // namespace moola::record
