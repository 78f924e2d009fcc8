#include "data/annotation_commands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <iostream>
#include <memory>

#include "base/command_line.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text_table.h"
#include "base/utc_time.h"
#include "data/annotation/merge_annotations.h"
#include "data/annotation/sample_windows.h"
#include "data/windows/cut_windows.h"

namespace moola::data {
namespace {

struct SampleCommand {
  CommonOptions common;
  SampleRequest request;
  std::string bars, max_gap = "10m", break_at = "roll";
  std::vector<std::string> sessions, labelled;
  bool force = false;

  void run() {
    request.bars = find_dataset(common.workspace, bars, "bars");
    if (max_gap == "none")
      request.shape.max_gap.reset();
    else
      request.shape.max_gap = parse_duration(max_gap).nanoseconds;
    request.shape.break_flags = parse_break_flags(break_at);
    if (!sessions.empty()) request.sessions.clear();
    for (const std::string& text : sessions) request.sessions.push_back(parse_session(text));
    for (const std::string& text : labelled)
      request.labelled.push_back(find_dataset(common.workspace, text, "labeled_windows"));
    request.overwrite = force ? Overwrite::yes : Overwrite::no;
    const SampleResult result = sample_windows(common.workspace, request);
    for (const SampleResult::Cell& cell : result.cells) {
      if (cell.drawn < request.per_cell) {
        log_warning("session {}, {} volatility: {} of {} windows could be drawn ({} candidates).", cell.session,
                    cell.high ? "high" : "low", cell.drawn, request.per_cell, cell.candidates);
      }
    }
    print(result);
  }

  void print(const SampleResult& result) const {
    if (common.json) {
      Json cells = Json::array();
      for (const SampleResult::Cell& cell : result.cells) {
        cells.push_back({{"session", cell.session},
                         {"volatility", cell.high ? "high" : "low"},
                         {"candidates", cell.candidates},
                         {"drawn", cell.drawn}});
      }
      std::cout << Json{{"csv", result.csv.string()},
                        {"windows", result.windows.string()},
                        {"drawn", result.drawn},
                        {"candidates", result.candidates},
                        {"excluded", result.excluded},
                        {"cells", cells},
                        {"content_sha256", result.content_sha256}}
                       .dump(1)
                << "\n";
      return;
    }
    TextTable table({{"session"}, {"volatility"}, {"candidates", Align::right}, {"drawn", Align::right}});
    for (const SampleResult::Cell& cell : result.cells) {
      table.row(
          {cell.session, cell.high ? "high" : "low", std::to_string(cell.candidates), std::to_string(cell.drawn)});
    }
    std::cout << fmt::format("{} windows to annotate\n  table     {}\n  windows   {}\n\n{}", result.drawn,
                             result.csv.string(), result.windows.string(), table.text());
  }
};

struct MergeCommand {
  CommonOptions common;
  MergeRequest request;
  std::string parent, version;

  void run() {
    if (!parent.empty()) request.parent = find_dataset(common.workspace, parent, "labeled_windows");
    if (!version.empty()) request.version = parse_version(version);
    if (request.date.empty()) request.date = utc_text(utc_now()).substr(0, 10);
    const MergeResult result = merge_annotations(common.workspace, request);
    for (const std::string& note : result.notes) log_warning("{}.", note);
    if (common.json) {
      std::cout << Json{{"id", to_string(result.id)},
                        {"file", result.file.string()},
                        {"windows", result.windows},
                        {"windows_before", result.before},
                        {"classes", result.classes},
                        {"changes", result.changes},
                        {"review_csv", result.review_csv.string()},
                        {"review_json", result.review_json.string()},
                        {"blacklist", result.blacklist.string()},
                        {"notes", result.notes},
                        {"content_sha256", result.content_sha256}}
                       .dump(1)
                << "\n";
      return;
    }
    std::cout << fmt::format("{}: {} windows, {} before\n", to_string(result.id), result.windows, result.before);
    for (const auto& [label, count] : result.classes) std::cout << fmt::format("  class      {}: {}\n", label, count);
    for (const auto& [change, count] : result.changes) std::cout << fmt::format("  {:<14} {}\n", change, count);
    std::cout << fmt::format("  file       {}\n  review     {}\n  blacklist  {}\n", result.file.string(),
                             result.review_csv.string(), result.blacklist.string());
  }
};

// The command lives as long as its parser, which holds the callback.
template <class Command>
std::shared_ptr<Command> bind(CLI::App& app) {
  auto command = std::make_shared<Command>();
  add_common_options(app, command->common);
  app.callback([command] { command->run(); });
  return command;
}

void add_sample(CLI::App& data) {
  CLI::App* app = data.add_subcommand("sample", "draw windows of bars for annotators");
  const auto command = bind<SampleCommand>(*app);
  SampleRequest& request = command->request;
  app->add_option("--bars", command->bars, "bars to draw from: SYMBOL/vN")->required()->type_name("ID");
  app->add_option("--out", request.out, "folder for windows.csv and windows.h5")->required()->type_name("DIR");
  app->add_option("--per-cell", request.per_cell, "windows of each session and half of its volatilities")
      ->capture_default_str();
  app->add_option("--seed", request.seed, "of the draws: the same bars, options and seed draw the same windows")
      ->capture_default_str();
  app->add_option(
         "--session", command->sessions,
         "part of the day in UTC, by the first bar that may be marked (may be repeated; default: A=22:00-01:00 "
         "B=01:00-07:00 C=13:00-17:00 D=17:00-22:00)")
      ->allow_extra_args(false)
      ->type_name("NAME=FROM-TO");
  app->add_option("--length", request.shape.length, "bars of a window")->capture_default_str();
  app->add_option("--stride", request.shape.stride, "bars from one candidate's begin to the next")
      ->capture_default_str();
  app->add_option("--inner", request.inner,
                  "bars that may be marked (default: 30:75 for windows of 105 bars, else all)")
      ->type_name("BEGIN:END");
  app->add_option("--max-gap", command->max_gap, "largest time between neighbouring bars inside a window, or none")
      ->capture_default_str();
  app->add_option("--break-at", command->break_at, "what no window goes on over: roll, session, \"roll,session\", none")
      ->capture_default_str();
  app->add_option("--blacklist", request.blacklist, "CSV with raw_start_idx and raw_end_idx, bars of these bars")
      ->type_name("FILE");
  app->add_option("--labelled", command->labelled, "labelled windows that no drawn one may overlap (may be repeated)")
      ->allow_extra_args(false)
      ->type_name("ID");
  app->add_option("--batch", request.batch, "windows are called batch_NAME_000, … (default: seed and its number)")
      ->type_name("NAME");
  app->add_flag("--force", command->force, "overwrite the two files");
  app->footer("Example: moola data sample --bars NQ/v1 --out batch_200 --labelled nq/v3 --blacklist nq_black.csv");
}

void add_merge(CLI::App& data) {
  CLI::App* app = data.add_subcommand("merge", "annotations, corrections and blacklists into a new labelled version");
  const auto command = bind<MergeCommand>(*app);
  MergeRequest& request = command->request;
  app->add_option("--parent", command->parent, "labelled windows to go on from (default: none, a first version)")
      ->type_name("ID");
  app->add_option("--name", request.name, "name of the labelled windows (default: the parent's)")->type_name("NAME");
  app->add_option("--version", command->version, "vN (default: the next)")->type_name("vN");
  app->add_option("--sample", request.sample, "windows.h5 of the sample that was annotated")->type_name("FILE");
  app->add_option("--annotations", request.annotations,
                  "CSV with window_id, label, expansion_start, expansion_end, grade (A to D), reason")
      ->type_name("FILE");
  app->add_option("--corrections", request.corrections,
                  "CSV with window_id, corrected_label, corrected_start, corrected_end, action (correct, drop), "
                  "given_label, reason")
      ->type_name("FILE");
  app->add_option("--blacklist", request.blacklist, "CSV with window_id, raw_start_idx, raw_end_idx, reason")
      ->type_name("FILE");
  app->add_option("--keep", request.keep, "grades that become labelled windows; D never does")->capture_default_str();
  app->add_option("--inner", request.inner,
                  "bars that may be marked (default: 30:75 for windows of 105 bars, else all)")
      ->type_name("BEGIN:END");
  app->add_option("--classes", request.classes, "names of all classes, in order (default: the parent's)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("NAMES");
  app->add_option("--date", request.date, "of what is blacklisted now (default: today)")->type_name("DATE");
  app->footer(
      "Examples:\n"
      "  moola data merge --name nq --sample batch_200/windows.h5 --annotations batch_200/windows.csv\n"
      "  moola data merge --parent nq/v1 --corrections cleanlab.csv --blacklist black.csv");
}

}  // namespace

void add_annotation_commands(CLI::App& data) {
  add_sample(data);
  add_merge(data);
}

}  // namespace moola::data
