#include "work/prepare/label_command.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <iostream>
#include <memory>

#include "base/command_line.h"
#include "base/error.h"
#include "base/json.h"
#include "base/utc_time.h"
#include "market/labels/barrier_table.h"
#include "work/prepare/label_file.h"

namespace moola::work {
namespace {

struct Arguments {
  CommonOptions common;
  LabelRequest request;
  std::string timeframe, touch = "high_low", entry = "close", tie = "nearest_open";
  int horizon = 0;
  std::optional<double> up, down;
  std::optional<std::int32_t> max_bars;
};

// The barriers of the horizon, where none are given.
market::TripleBarrier rule_of(const Arguments& arguments, const std::string& symbol) {
  market::TripleBarrier rule = arguments.request.rule;  // the cost
  if (arguments.horizon > 0) {
    const market::TripleBarrier usual = arguments.request.scale == "price"
                                            ? market::usual_percentage_barriers(arguments.horizon)
                                            : market::usual_barriers(symbol, arguments.horizon);
    rule.up = usual.up;
    rule.down = usual.down;
    rule.max_bars = usual.max_bars;
  } else if (!arguments.up || !arguments.down || !arguments.max_bars) {
    throw ConfigError(
        "barriers are given by --horizon N (from the table of usual ones), or by --up, --down and --max-bars together: "
        "moola label --bars BTCUSD/v1 --up 3.0 --down 2.1 --max-bars 50 --out labels.h5.");
  }
  rule.up = arguments.up.value_or(rule.up);
  rule.down = arguments.down.value_or(rule.down);
  rule.max_bars = arguments.max_bars.value_or(rule.max_bars);
  rule.touch = market::parse_barrier_touch(arguments.touch);
  rule.entry = market::parse_barrier_entry(arguments.entry);
  rule.tie = market::parse_barrier_tie(arguments.tie);
  return rule;
}

void print_result(const Arguments& arguments, const LabelFile& made) {
  const auto& labels = made.labels.label;
  const auto count = [&](int label) { return std::count(labels.begin(), labels.end(), label); };
  const auto up = count(1), down = count(-1), neutral = count(0), none = count(market::kInvalidLabel);
  if (arguments.common.json) {
    std::cout << Json{{"file", arguments.request.out.string()},
                      {"bars", data::to_string(made.bars.id)},
                      {"rows", labels.size()},
                      {"columns", {"label", "touch", "bars", "t1", "mae", "mfe", "exit_return", "scale"}},
                      {"labels", {{"up", up}, {"down", down}, {"neutral", neutral}, {"none", none}}},
                      {"up", arguments.request.rule.up},
                      {"down", arguments.request.rule.down},
                      {"max_bars", arguments.request.rule.max_bars},
                      {"content_sha256", made.content_sha256},
                      {"seconds", made.seconds}}
                     .dump(2)
              << "\n";
    return;
  }
  const market::TripleBarrier& rule = arguments.request.rule;
  const auto share = [&](std::int64_t number) {
    return 100.0 * static_cast<double>(number) / static_cast<double>(std::max<std::int64_t>(1, up + down + neutral));
  };
  std::cout << fmt::format(
      "{}: {} bars of {} labelled\n"
      "  barriers  {} up, {} down, in {}, {} bars\n"
      "  labels    {:.1f} % up, {:.1f} % down, {:.1f} % neutral; {} bars without one\n"
      "  sha256    {}\n"
      "  time      {}\n",
      arguments.request.out.string(), labels.size(), data::to_string(made.bars.id), rule.up, rule.down,
      arguments.request.scale == "price" ? "shares of the price" : arguments.request.scale, rule.max_bars, share(up),
      share(down), share(neutral), none, made.content_sha256, readable_seconds(made.seconds));
}

void run(Arguments& arguments) {
  LabelRequest& request = arguments.request;
  if (request.bars.empty()) throw ConfigError("--bars names the bars: --bars BTCUSD/v1.");
  if (request.out.empty()) throw ConfigError("--out names the file to write, such as --out labels.h5.");
  require_workspace(arguments.common.workspace);
  request.workspace = arguments.common.workspace;
  if (!arguments.timeframe.empty()) request.timeframe = parse_duration(arguments.timeframe);
  const data::DatasetId bars = data::find_dataset(request.workspace, request.bars, "bars");
  request.rule = rule_of(arguments, bars.name);
  print_result(arguments, write_labels(request));
}

}  // namespace

void add_label_command(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  LabelRequest& request = arguments->request;
  app.description("Labels every bar by which of three barriers the price reaches first: 1 up, -1 down, 0 neither.");
  app.footer(
      "Examples:\n"
      "  moola label --bars BTCUSD/v1 --timeframe 5m --horizon 20 --out labels.h5\n"
      "  moola label --bars BTCUSD/v1 --up 3.0 --down 2.1 --max-bars 50 --scale atr_21 --out labels.h5\n"
      "  moola label --bars BTCUSD/v1 --up 0.006 --down 0.004 --max-bars 60 --scale price --out labels.h5\n");
  app.add_option("--bars", request.bars, "the bars: NAME/vN")->type_name("ID");
  app.add_option("--out", request.out, "the file to write (HDF5)")->type_name("FILE");
  app.add_option("--timeframe", arguments->timeframe, "put the bars together into longer ones first: 5m, 1h")
      ->type_name("T");
  app.add_option("--horizon", arguments->horizon,
                 "bars that a label is meant for: barriers from the table of usual ones")
      ->check(at_least(1))
      ->type_name("BARS");
  app.add_option("--up", arguments->up, "upper barrier, times the scale")->type_name("K");
  app.add_option("--down", arguments->down, "lower barrier, times the scale")->type_name("K");
  app.add_option("--max-bars", arguments->max_bars, "bars until the label is neutral")->check(at_least(1));
  app.add_option("--scale", request.scale,
                 "what barriers are multiples of: a column of moola features, or price for shares of it")
      ->capture_default_str()
      ->type_name("COLUMN");
  app.add_option("--touch", arguments->touch, "what reaches a barrier: high_low or close")->capture_default_str();
  app.add_option("--entry", arguments->entry, "where the trade begins: close or next_open")->capture_default_str();
  app.add_option("--tie", arguments->tie, "a bar that reaches both: nearest_open, stop_first or invalid")
      ->capture_default_str();
  app.add_option("--cost", request.rule.cost, "of a round trip, in price: moves both barriers away")
      ->capture_default_str();
  app.add_flag("--unknown-is-neutral", request.rule.unknown_scale_is_neutral,
               "label 0 instead of none where the scale is not known yet, as the Python factory's state D28 does");
  app.add_option("--threads", request.threads, "how many (default: one per core)")->check(at_least(1));
  app.add_flag("--force", request.force, "replace the file when it is there");
  add_common_options(app, arguments->common);
  app.callback([arguments] { run(*arguments); });
}

}  // namespace moola::work
