// A bar's own numbers as columns, for those who want them beside what is computed from them, and of longer bars.
#include <algorithm>

#include "market/indicators/families.h"
#include "market/indicators/table_entries.h"

namespace moola::market {
namespace {

IndicatorOutput output(const char* name, ColumnKind kind, const char* help) {
  return {.names = {name}, .kind = kind, .help = help, .warm_up = no_warm_up};
}

}  // namespace

std::vector<Indicator> bar_price_indicators() {
  return {
      {.name = "bar",
       .title = "The bar itself",
       .family = "bars",
       .inputs = "open high low close volume",
       .parameters = {},
       .outputs = {output("open", ColumnKind::price, "first price"), output("high", ColumnKind::price, "highest price"),
                   output("low", ColumnKind::price, "lowest price"), output("close", ColumnKind::price, "last price"),
                   output("volume", ColumnKind::volume, "what was traded")},
       .definition = "as it is",
       .compute = [](IndicatorCall& call) {
         const BarColumns& bars = call.bars;
         const std::array columns{bars.open, bars.high, bars.low, bars.close, bars.volume};
         for (std::size_t i = 0; i < columns.size(); ++i) {
           if (call.wanted(i)) std::copy(columns[i].begin(), columns[i].end(), call.out(i).begin());
         }
       }}};
}

}  // namespace moola::market
