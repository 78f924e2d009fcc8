#include "work/features/window_features_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iostream>
#include <vector>

#include "base/duration.h"
#include "base/error.h"
#include "base/text_table.h"

namespace moola::work {
namespace {

std::vector<std::string> set_names() {
  std::vector<std::string> names;
  for (const market::WindowFeatureSet& set : market::window_feature_sets()) names.push_back(set.name);
  return names;
}

void print_report(const WindowFeatureOptions& options, const WindowReport& report, bool json) {
  if (json) {
    std::cout << to_json(report).dump(2) << "\n";
    return;
  }
  std::cout << fmt::format("{}: {} windows of {} bars, {} checks not met\n", options.request.windows, report.windows,
                           report.length, report.failed())
            << to_text(report);
}

void print_result(const WindowFeatureFile& made, bool json) {
  const WindowReport& report = made.report;
  if (json) {
    Json answer{{"file", made.file.string()},       {"windows", data::to_string(made.windows)},
                {"rows", report.windows},           {"columns", made.channels.size() + made.features.size()},
                {"channels", made.channels.size()}, {"features", made.features.size()},
                {"checks", to_json(report)},        {"content_sha256", made.content_sha256},
                {"seconds", made.seconds}};
    if (!made.id.empty()) answer["id"] = made.id;
    std::cout << answer.dump(2) << "\n";
    return;
  }
  std::cout << fmt::format("{}: {} windows of {}, {} features per bar and {} per window\n",
                           made.id.empty() ? made.file.string() : made.id, report.windows,
                           data::to_string(made.windows), made.channels.size(), made.features.size());
  if (report.failed() > 0) std::cout << to_text(report);
  std::cout << fmt::format("  checks    {}\n  sha256    {}\n  time      {}\n",
                           report.failed() == 0 ? "all met" : fmt::format("{} not met", report.failed()),
                           made.content_sha256, readable_seconds(made.seconds));
}

}  // namespace

void add_window_feature_options(CLI::App& app, WindowFeatureOptions& options) {
  WindowFeatureRequest& request = options.request;
  app.add_option("--windows", request.windows,
                 "the windows, in place of --bars: NAME/vN; --features names sets of them")
      ->type_name("ID");
  app.add_option("--inner", request.inner,
                 "of windows: first and last bar that sets per window look at (default: 2/7 to 5/7; 30..74 of 105)")
      ->type_name("A..B");
  app.add_option("--name", request.name,
                 "of windows, in place of --out: a new version of this name, the windows with features beside them")
      ->type_name("NAME");
  app.add_option("--version", options.version, "of --name: vN (default: the next)")->type_name("vN");
  app.add_flag("--check", options.check, "of windows: say what is wrong with them and stop");
}

void check_window_feature_options(const CLI::App& app, const WindowFeatureOptions& options) {
  const std::vector<std::string> of_windows{"--inner", "--name", "--version", "--check"};
  const std::vector<std::string> of_bars{"--bars",    "--timeframe",   "--others",
                                         "--max-age", "--definitions", "--float32"};
  for (const std::string& option : options.asked() ? of_bars : of_windows) {
    if (app.count(option) == 0) continue;
    throw ConfigError(options.asked()
                          ? fmt::format("{} says something of bars, and --windows asks for features of "
                                        "windows; leave one of them out.",
                                        option)
                          : fmt::format("{} says something of windows; name them with --windows NAME/vN.", option));
  }
  if (!options.asked() || options.check) return;
  const WindowFeatureRequest& request = options.request;
  if (app.count("--features") == 0) {
    throw ConfigError(fmt::format("--features names the sets to compute of windows: {}, or * for all of them.",
                                  fmt::join(set_names(), ", ")));
  }
  if (request.out.empty() == request.name.empty()) {
    throw ConfigError(
        "features of windows go either to a file, such as --out features.h5, or with the windows into a new version of "
        "a data set, such as --name train_features.");
  }
  if (request.name.empty() && !options.version.empty())
    throw ConfigError("--version is that of a data set; give --name with it.");
  if (!request.name.empty() && request.force)
    throw ConfigError("--force replaces a file of --out; a version of a data set is never overwritten.");
}

void run_window_features(WindowFeatureOptions& options, const CommonOptions& common) {
  require_workspace(common.workspace);
  WindowFeatureRequest& request = options.request;
  request.workspace = common.workspace;
  request.quiet = common.quiet;
  if (options.check) return print_report(options, check_windows(request), common.json);
  if (!options.version.empty()) request.version = data::parse_version(options.version);
  print_result(write_window_features(request), common.json);
}

std::string window_feature_list() {
  TextTable table({{"set"}, {"form"}, {"columns", Align::right}, {"what"}});
  for (const market::WindowFeatureSet& set : market::window_feature_sets()) {
    table.row({set.name, std::string(market::to_string(set.form)), std::to_string(set.columns.size()),
               set.title + ": " + set.definition.substr(0, set.definition.find_first_of(".(:")) + "."});
  }
  return table.text();
}

Json window_feature_list_json() {
  Json out = Json::array();
  for (const market::WindowFeatureSet& set : market::window_feature_sets()) {
    std::vector<std::string> columns;
    for (const market::WindowFeatureColumn& column : set.columns) columns.push_back(column.name);
    out.push_back({{"set", set.name}, {"form", market::to_string(set.form)}, {"columns", columns}});
  }
  return out;
}

}  // namespace moola::work
