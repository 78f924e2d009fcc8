#include <fmt/format.h>

#include "market/window_features/window_feature_set.h"
#include "work/features/window_feature_file.h"

namespace moola::work {

std::string window_feature_reference() {
  std::string out =
      "# Features of windows\n\n"
      "Every column that `moola features --windows` can make, as `moola features --window-reference` prints it. A set "
      "is "
      "made of a window's own bars: nothing is taken from other windows, from the labels or from their pointers, and a "
      "value that belongs to a bar knows no later bar. Bars are counted from 0; T: bars of a window; t: the bar of a "
      "value. All values are finite. Prices times a number give the same values where nothing else is said, but for "
      "rounding. Of a candle that cannot be, shares and wicks are cut to their ranges, and a high below the low counts "
      "as "
      "no range. A column's whole name begins with its set's: `relativity_body`.\n\n"
      "`from`: the first bar whose value has all the bars behind it that the formula asks for; before it the value "
      "stands on the bars there are.\n\n"
      "| set | what | form | columns |\n|---|---|---|---|\n";
  for (const market::WindowFeatureSet& set : market::window_feature_sets())
    out +=
        fmt::format("| `{}` | {} | {} | {} |\n", set.name, set.title, market::to_string(set.form), set.columns.size());
  for (const market::WindowFeatureSet& set : market::window_feature_sets()) {
    const bool bars = set.form != market::WindowFeatureForm::per_window;
    out += fmt::format("\n## {}: {}\n\n{}.\n\n", set.name, set.title, set.definition);
    out += bars ? "| column | formula | range | where the formula has no value | from |\n|---|---|---|---|---|\n"
                : "| column | formula | range | where the formula has no value |\n|---|---|---|---|\n";
    for (const market::WindowFeatureColumn& column : set.columns) {
      std::string formula;  // a bar within a cell would end it
      for (const char c : column.definition) formula += c == '|' ? std::string("\\|") : std::string(1, c);
      out += fmt::format("| `{}` | {} | {} | {} |", column.name, formula, column.range, column.undefined);
      out += bars ? fmt::format(" {} |\n", column.complete_from) : "\n";
    }
  }
  return out;
}

}  // namespace moola::work
