#include "work/features/features_command.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <iostream>
#include <memory>

#include "base/command_line.h"
#include "base/error.h"
#include "base/text_table.h"
#include "base/utc_time.h"
#include "work/features/feature_file.h"
#include "work/features/window_features_command.h"

namespace moola::work {
namespace {

struct Arguments {
  CommonOptions common;
  FeatureRequest request;
  std::string timeframe, max_age;
  bool list = false, reference = false, window_reference = false;
  WindowFeatureOptions windows;
};

void print_list(bool json) {
  Json rows = Json::array();
  TextTable table({{"column"}, {"kind"}, {"first", Align::right}, {"what"}});
  const auto add = [&](const market::Indicator& indicator, const std::string& other) {
    const market::ParameterValues usual = market::usual_values(indicator);
    std::vector<double> parameters;
    for (const market::IndicatorParameter& parameter : indicator.parameters) parameters.push_back(parameter.usual);
    for (std::size_t output = 0; output < indicator.outputs.size(); ++output) {
      const market::IndicatorColumn column{.indicator = &indicator, .values = usual, .output = output, .other = other};
      const market::IndicatorOutput& about = indicator.outputs[output];
      table.row({column.name(), std::string(market::to_string(about.kind)), std::to_string(column.warm_up()),
                 indicator.title + ": " + about.help});
      rows.push_back({{"column", column.name()},
                      {"patterns", about.names},
                      {"family", indicator.family},
                      {"parameters", parameters},
                      {"kind", market::to_string(about.kind)},
                      {"warm_up", column.warm_up()},
                      {"talib", about.talib},
                      {"help", about.help}});
    }
  };
  for (const market::Indicator& indicator : market::indicators()) add(indicator, {});
  for (const market::Indicator& indicator : market::cross_asset_indicators()) add(indicator, "SYMBOL");
  if (json) {
    Json sets = Json::object();
    for (const market::FeatureSet& set : market::feature_sets()) sets[std::string(set.name)] = set.features;
    std::cout << Json{{"columns", rows}, {"sets", sets}, {"window_sets", window_feature_list_json()}}.dump(2) << "\n";
    return;
  }
  std::cout << table.text() << "\nSets:\n";
  for (const market::FeatureSet& set : market::feature_sets())
    std::cout << fmt::format("  {:<18} {}\n", set.name, set.help);
  std::cout << "\nOf windows:\n" << window_feature_list();
}

void print_result(const Arguments& arguments, const FeatureFile& made) {
  const market::FeatureTable& table = made.table;
  Json undefined = Json::object();
  std::string stated;
  for (std::size_t i = 0; i < table.features().size(); ++i) {
    if (table.undefined(i) == 0) continue;
    const market::Feature& feature = table.features()[i];
    undefined[feature.name] = table.undefined(i);
    stated += fmt::format("  undefined {} on {} bars: {}\n", feature.name, table.undefined(i),
                          feature.column.indicator->outputs[feature.column.output].undefined);
  }
  if (arguments.common.json) {
    std::cout << Json{{"file", arguments.request.out.string()},
                      {"bars", data::to_string(made.bars.id)},
                      {"rows", table.rows()},
                      {"columns", table.features().size()},
                      {"first_complete_row", table.first_complete_row()},
                      {"undefined", undefined},
                      {"content_sha256", made.content_sha256},
                      {"seconds", made.seconds}}
                     .dump(2)
              << "\n";
    return;
  }
  std::cout << fmt::format("{}: {} rows of {} features of {}\n", arguments.request.out.string(), table.rows(),
                           table.features().size(), data::to_string(made.bars.id));
  const std::size_t first = table.first_complete_row();
  if (first < table.rows()) {
    std::cout << fmt::format("  complete  from row {} on ({})\n", first, utc_text(made.bars.bars.time[first]));
  } else {
    std::cout << "  complete  in no row: some feature needs more bars than there are\n";
  }
  std::cout << stated
            << fmt::format("  sha256    {}\n  time      {}\n", made.content_sha256, readable_seconds(made.seconds));
}

void run(const CLI::App& app, Arguments& arguments) {
  if (arguments.reference) {
    std::cout << indicator_reference();
    return;
  }
  if (arguments.window_reference) {
    std::cout << window_feature_reference();
    return;
  }
  if (arguments.list) return print_list(arguments.common.json);
  FeatureRequest& request = arguments.request;
  WindowFeatureRequest& windows = arguments.windows.request;
  windows.features = request.features;
  windows.out = request.out;
  windows.threads = request.threads;
  windows.force = request.force;
  check_window_feature_options(app, arguments.windows);
  if (arguments.windows.asked()) return run_window_features(arguments.windows, arguments.common);
  if (request.bars.empty())
    throw ConfigError("--bars names the bars: moola features --bars BTCUSD/v1 --features core_min --out features.h5.");
  if (request.out.empty()) throw ConfigError("--out names the file to write, such as --out features.h5.");
  require_workspace(arguments.common.workspace);
  request.workspace = arguments.common.workspace;
  request.quiet = arguments.common.quiet;
  if (!arguments.timeframe.empty()) request.timeframe = parse_duration(arguments.timeframe);
  if (!arguments.max_age.empty()) {
    if (request.others.empty()) throw ConfigError("--max-age is of the bars of --others, and there are none.");
    request.max_age = parse_duration(arguments.max_age);
  }
  print_result(arguments, write_features(request));
}

}  // namespace

void add_features_command(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  FeatureRequest& request = arguments->request;
  app.description("Indicators of bars as a table (row t knows the bars before t), or features of windows.");
  app.footer(
      "Examples:\n"
      "  moola features --bars BTCUSD/v1 --features core_min --out features.h5\n"
      "  moola features --bars BTCUSD/v1 --timeframe 5m --features 'rsi_14,sma_*,rsi_14_1h' --out features.h5\n"
      "  moola features --bars BTCUSD/v1 --timeframe 5m --others ETHUSD/v1 --features 'core_min,cross_*' --out f.h5\n"
      "  moola features --windows train/v1 --features relativity,feats20 --out features.h5\n"
      "  moola features --list\n");
  app.add_option("--bars", request.bars, "the bars: NAME/vN")->type_name("ID");
  app.add_option(
         "--features", request.features,
         "columns (rsi_14, rsi_14_1h), sets (core_min), beginnings (wavelet_*); -NAME takes one out. Of windows: "
         "sets (relativity), or * for all")
      ->delimiter(',')
      ->default_val(std::vector<std::string>{"core_full"})
      ->type_name("NAME,...");
  app.add_option("--out", request.out, "the file to write (HDF5)")->type_name("FILE");
  app.add_option("--timeframe", arguments->timeframe, "put the bars together into longer ones first: 5m, 1h")
      ->type_name("T");
  app.add_option("--others", request.others,
                 "bars of other symbols, which columns compare with: cross_corr_ETHUSD_20, cross_*")
      ->delimiter(',')
      ->type_name("ID,...");
  app.add_option("--max-age", arguments->max_age,
                 "how much earlier than a bar the last one of --others may have ended (default: 15m)")
      ->type_name("T");
  app.add_option("--definitions", request.definitions,
                 "whose: moola, or factory-d28 for tables that the Python factory's state D28 made")
      ->capture_default_str();
  app.add_flag("--float32", request.float32, "write 32-bit numbers");
  app.add_option("--threads", request.threads, "how many (default: one per core)")->check(at_least(1));
  app.add_flag("--force", request.force, "replace the file when it is there");
  app.add_flag("--list", arguments->list, "say which columns and sets there are and stop");
  app.add_flag("--reference", arguments->reference, "print the reference page of all indicators (Markdown) and stop");
  app.add_flag("--window-reference", arguments->window_reference,
               "print the reference page of all features of windows (Markdown) and stop");
  add_window_feature_options(app, arguments->windows);
  add_common_options(app, arguments->common);
  app.callback([arguments, &app] { run(app, *arguments); });
}

}  // namespace moola::work
