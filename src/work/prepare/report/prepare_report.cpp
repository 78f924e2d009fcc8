#include "work/prepare/report/prepare_report.h"

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/duration.h"
#include "record/html.h"
#include "record/report.h"
#include "work/prepare/report/report_parts.h"
#include "work/prepare/report/report_sections.h"
#include "work/prepare/stage.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;
using namespace record;  // NOLINT(google-build-using-namespace): the page is made of its parts

Html facts_of_table(const Json& datasets) {
  return record::facts({{"table", code(datasets.at("id").get<std::string>())},
                        {"content", hash(datasets.at("content_sha256").get<std::string>())},
                        {"split", code(datasets.at("split").get<std::string>())},
                        {"scaler", code(datasets.at("scaler").get<std::string>())}});
}

Html table_section(Workbench& bench, const Json& facts, const StageUnit& unit) {
  const Json &validation = facts.at("validation").at(unit.name), &datasets = facts.at("datasets").at(unit.name);
  std::vector<Card> list{{readable(datasets.at("rows").get<double>()), "rows", ""},
                         {readable(datasets.at("features").get<double>()), "columns", ""},
                         {readable(datasets.at("segments").get<double>()), "segments", "without a gap"}};
  const std::size_t warnings = validation.at("warnings").size();
  list.push_back({std::to_string(warnings), warnings == 1 ? "warning" : "warnings", "",
                  warnings == 0 ? Tone::good : Tone::warning});
  Html out = cards(list);
  out += facts_of_table(datasets);
  if (warnings > 0) {
    Html all{"<ul>"};
    for (const Json& warning : validation.at("warnings"))
      all += Html{"<li>"} + text(warning.get<std::string>()) + Html{"</li>"};
    out += section(unit.name + "-warnings", "Warnings", all + Html{"</ul>"});
  }
  out += section(unit.name + "-bars", "Bars", bars_section(bench, facts, unit, validation.at("stamps")));
  out += section(unit.name + "-split", "Parts", parts_section(facts.at("splits").at(unit.name)));
  out += section(unit.name + "-labels", "Labels", labels_section(bench, facts, unit.name));
  out += section(unit.name + "-drift", "Drift", drift_section(facts.at("drift").at(unit.name)));
  out += section(unit.name + "-relevance", "What columns tell", relevance_section(validation));
  out += section(unit.name + "-columns", "Columns", columns_section(validation));
  return out + section(unit.name + "-leakage", "Leakage suite", leakage_section(validation.at("leakage")));
}

Html timings(const fs::path& run) {
  HtmlTable out{{"stage", "state", "time", "outputs"}, {}, {false, false, true, true}};
  const Json state = read_json(run / "state.json");
  for (const Json& stage : state.at("stages")) {
    if (!stage.contains("seconds")) continue;
    out.rows.push_back({cell(stage.at("name").get<std::string>()), cell(stage.at("state").get<std::string>()),
                        cell(readable_seconds(stage.at("seconds").get<double>())),
                        number(static_cast<double>(stage.at("outputs").size()))});
  }
  return record::table(out);
}

}  // namespace

Json prepare_facts(Workbench& bench) {
  Json facts = Json::object();
  for (const Stage& stage : prepare_stages()) {
    if (stage.scope == StageScope::run) continue;
    Json& entry = facts[std::string(stage.name)];
    if (stage.scope == StageScope::table) {
      for (const StageUnit& table : bench.tables()) entry[table.name] = bench.json(stage.name, table.name);
    } else {
      const std::size_t count = stage.scope == StageScope::symbol ? bench.prepared() : bench.symbols().size();
      for (std::size_t symbol = 0; symbol < count; ++symbol) {
        const std::string& name = bench.symbols()[symbol].name();
        entry[name] = bench.json(stage.name, name);
      }
    }
  }
  return facts;
}

fs::path write_prepare_report(Workbench& bench, const Json& facts) {
  const report::Source source = report::read_source(bench.run());
  std::size_t warnings = 0, checks = 0;
  for (const StageUnit& table : bench.tables()) {
    warnings += facts.at("validation").at(table.name).at("warnings").size();
    checks += facts.at("validation").at(table.name).at("leakage").size();
  }
  Html body =
      callout(warnings == 0 ? Tone::good : Tone::warning,
              text(fmt::format("{} checks for leaks passed. {}", checks,
                               warnings == 0 ? "Nothing else gave reason to warn."
                                             : fmt::format("{} warning{} to read before trusting {}.", warnings,
                                                           warnings == 1 ? "" : "s",
                                                           bench.tables().size() == 1 ? "the table" : "the tables"))));
  for (const StageUnit& table : bench.tables()) {
    const std::string id = facts.at("datasets").at(table.name).at("id").get<std::string>();
    body += bench.tables().size() == 1 ? table_section(bench, facts, table)
                                       : section(table.name, id, table_section(bench, facts, table));
    bench.keep_only({});
  }
  body += section("stages", "Stages", timings(bench.run()));
  body += section("lineage", "What it was made from", report::lineage(source));
  body += section("configuration", "Configuration", report::configuration(source));
  body += section("environment", "Code and machine", report::environment(source));
  const fs::path file = bench.run() / "report.html";
  write_file(file, page({.title = source.manifest.name,
                         .kicker = bench.tables().size() == 1 ? "Prepared table" : "Prepared tables",
                         .subtitle = source.manifest.run,
                         .footer = "moola prepare",
                         .body = std::move(body)}));
  return file;
}

}  // namespace moola::work
