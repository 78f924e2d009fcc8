#include "work/evaluate/config/row_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "base/error.h"

namespace moola::work {
namespace {

// Keys that mean nothing beside `given`.
void refuse(ConfigSchema& schema, std::initializer_list<const char*> keys, const char* of, const char* given) {
  for (const char* key : keys) {
    if (schema.given(key))
      throw ConfigError(fmt::format("{} is for rows of {}, and {} is given. Take it out.", key, of, given));
    schema.leave_out(key);
  }
}

}  // namespace

void settle_row_source(EvaluateConfig& config, ConfigSchema& schema) {
  const bool table = !config.data.table.empty(), windows = !config.data.windows.empty();
  if (table == windows) {
    throw ConfigError(fmt::format(
        "{}: data.table is a feature table (`moola prepare` makes one), data.windows labelled windows (`moola data "
        "import windows` and `moola data merge` make them). Give exactly one.",
        table ? "data.table and data.windows are both given" : "neither data.table nor data.windows says which rows"));
  }
  if (table) {
    schema.leave_out("data.windows");
    refuse(schema,
           {"data.embeddings", "data.encoder", "data.pooling", "data.normalize", "data.synthetic",
            "data.synthetic_weight"},
           "data.windows", "data.table");
    return;
  }
  schema.leave_out("data.table");
  if (config.data.synthetic.empty()) {
    if (schema.given("data.synthetic_weight"))
      throw ConfigError("data.synthetic_weight is for data.synthetic, which names nothing. Take it out.");
    schema.leave_out("data.synthetic");
    schema.leave_out("data.synthetic_weight");
  }
  refuse(schema, {"data.horizon", "data.window", "data.stride", "splits.name"}, "data.table", "data.windows");
  const bool given = !config.data.embeddings.empty(), embedded = given || !config.data.encoder.empty();
  if (embedded) {
    refuse(schema, {"data.normalize", "data.synthetic", "data.synthetic_weight"}, "windows as they are",
           given ? "data.embeddings" : "data.encoder");
  }
  if (given)
    refuse(schema, {"data.encoder", "data.pooling"}, "windows that are yet to be encoded", "data.embeddings");
  else
    schema.leave_out("data.embeddings");
  if (!config.backtest.bars.empty() && config.backtest.bars != std::vector<std::string>{"none"}) {
    throw ConfigError(
        "backtest.bars is given, and labelled windows (data.windows) are not traded: they have no bars of their own. "
        "Take it out, or say \"none\".");
  }
  config.backtest.bars = {"none"};
  if (schema.given("models.names") || config.models != EvaluateConfig().models) return;
  std::erase_if(config.models,
                [](const std::string& name) { return name == "last_direction" || name == "always_long"; });
  if (!embedded) config.models.emplace_back("minirocket");
}

}  // namespace moola::work
