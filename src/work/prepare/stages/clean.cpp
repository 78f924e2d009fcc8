#include <fmt/format.h>

#include "data/bars/bars_file.h"
#include "work/prepare/cleaned_bars.h"
#include "work/prepare/stages/stages.h"

namespace moola::work::stages {

void clean(StageRun& stage) {
  Workbench& bench = stage.bench();
  const std::size_t place = stage.unit().symbols.front();
  const PreparedSymbol& symbol = bench.symbols()[place];
  CleanedBars made = read_cleaned_bars(bench.workspace(), stage.config(), symbol);

  data::ContentFile file(stage.output("h5"), Overwrite::yes);
  file.add_parent({symbol.id, symbol.content_sha256});
  data::write_bars(file, made.bars,
                   {.symbol = made.symbol, .bar_seconds = made.bar_seconds, .source_timezone = made.source_timezone});
  file.seal("bars");
  file.commit();
  stage.write_json("json", made.report);
  const Json& gaps = made.report.at("gaps");
  stage.say(fmt::format("{} bars of {}; {} missing ones filled, {} gaps left", made.bars.size(),
                        made.report.at("bars_given").get<std::size_t>(), gaps.at("filled_bars").get<std::int64_t>(),
                        gaps.at("left").get<std::int64_t>()));
  bench.keep_bars(place, std::move(made.bars));
}

}  // namespace moola::work::stages
