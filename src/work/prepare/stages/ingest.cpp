#include <fmt/format.h>

#include <algorithm>

#include "base/duration.h"
#include "base/error.h"
#include "base/utc_time.h"
#include "data/store/registry.h"
#include "work/prepare/stages/stages.h"
#include "work/prepare/used_bars.h"

namespace moola::work::stages {

void ingest(StageRun& stage) {
  Workbench& bench = stage.bench();
  const PreparedSymbol& symbol = bench.symbols()[stage.unit().symbols.front()];
  const data::Verification checked = data::verify(bench.workspace(), symbol.id);
  if (!checked.problems.empty()) {
    throw DataError(
        fmt::format("{} is not what was imported: {}{} Take the file from a copy, or import the bars again.",
                    to_string(symbol.id), checked.problems.front(),
                    checked.problems.size() > 1 ? fmt::format(" ({} more)", checked.problems.size() - 1) : ""));
  }
  const data::DatasetReader reader(bench.workspace(), symbol.id);
  const auto time = reader.read<std::int64_t>("time");
  const BarRange used = used_bars(stage.config(), symbol, time);
  const Json parameters = reader.manifest().value("parameters", Json::object());
  stage.write_json("json", {{"bars", to_string(symbol.id)},
                            {"content_sha256", symbol.content_sha256},
                            {"symbol", reader.file().text_attribute("symbol")},
                            {"bar_seconds", reader.file().integer_attribute("bar_seconds")},
                            {"source_timezone", reader.file().text_attribute("source_timezone")},
                            {"rows", time.size()},
                            {"used", {{"begin", used.begin}, {"end", used.end}}},
                            {"first", utc_text(time[used.begin])},
                            {"last", utc_text(time[used.end - 1])},
                            {"dropped_on_import", reader.manifest().value("dropped", Json::object())},
                            {"repaired_on_import", reader.manifest().value("repaired", Json::object())},
                            {"import", parameters}});
  stage.say(fmt::format(std::locale("C"), "{} of {} bars, {:.10} to {:.10}", used.end - used.begin, time.size(),
                        utc_text(time[used.begin]), utc_text(time[used.end - 1])));
}

}  // namespace moola::work::stages
