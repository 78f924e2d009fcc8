#include "work/validation/return_options.h"

#include <fmt/format.h>

#include "base/utc_time.h"

namespace moola::work {

void add_return_options(CLI::App& app, ReturnSource& source) {
  app.add_option("file", source.file,
                 "returns, a row for each bar in order of time, a column for each configuration: CSV (with names or "
                 "without), Parquet, .npy or .h5")
      ->required()
      ->type_name("FILE");
  app.add_option("--columns", source.columns, "these columns alone: a,b,c (default: all with numbers)")
      ->delimiter(',')
      ->type_name("NAME,…");
  app.add_option("--time", source.time, "the column of times (default: the one called time, date, timestamp …)")
      ->type_name("NAME");
  app.add_option("--dataset", source.dataset, "the data set of an HDF5 file (default: returns, or the only one)")
      ->type_name("NAME");
}

std::string describe_returns(const ReturnMatrix& returns) {
  std::string text = fmt::format("{}: {} rows", returns.source, returns.rows());
  if (!returns.time.empty())
    text += fmt::format(" from {} to {}", utc_text(returns.time.front()), utc_text(returns.time.back()));
  text += fmt::format(", {} configuration{}\n", returns.columns(), returns.columns() == 1 ? "" : "s");
  for (const std::string& each : returns.left_out) text += fmt::format("  left out: {}\n", each);
  return text;
}

Json returns_json(const ReturnMatrix& returns) {
  Json out = {{"file", returns.source}, {"rows", returns.rows()}, {"configurations", returns.columns()}};
  if (!returns.time.empty()) {
    out["from"] = utc_text(returns.time.front());
    out["to"] = utc_text(returns.time.back());
  }
  if (!returns.left_out.empty()) out["left_out"] = returns.left_out;
  return out;
}

}  // namespace moola::work
