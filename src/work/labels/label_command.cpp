#include "work/labels/label_command.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>

#include "base/command_line.h"
#include "base/error.h"
#include "base/json.h"
#include "base/utc_time.h"
#include "work/labels/label_file.h"
#include "work/labels/label_options.h"

namespace moola::work {
namespace {

struct Arguments {
  CommonOptions common;
  LabelRequest request;
  std::string timeframe;
  std::optional<LabelOptions> options;
};

struct Count {
  const char* name;
  std::int64_t bars;
};

// How many bars have each label; the last entry: none.
std::vector<Count> counts(const LabelFile& made) {
  const std::vector<std::int8_t>* const labels = made.labels.find<std::int8_t>("label");
  const auto& last = made.labels.last_bar;
  const std::int64_t none = std::count(last.begin(), last.end(), -1);
  if (labels == nullptr) return {{"targets", static_cast<std::int64_t>(last.size()) - none}, {"none", none}};
  const auto count = [&](int label) { return std::count(labels->begin(), labels->end(), label); };
  if (made.labels.find<std::int8_t>("side") != nullptr)
    return {{"right", count(1)}, {"wrong", count(0)}, {"none", none}};
  return {{"up", count(1)}, {"down", count(-1)}, {"neutral", count(0)}, {"none", none}};
}

void print_result(const Arguments& arguments, const LabelFile& made) {
  const std::vector<Count> labels = counts(made);
  if (arguments.common.json) {
    Json columns{"time", "t1"}, numbers = Json::object();
    for (const LabelColumn& column : made.labels.columns) columns.push_back(column.name);
    for (const auto& [name, bars] : labels) numbers[name] = bars;
    Json answer = made.labels.parameters;
    answer.update({{"file", arguments.request.out.string()},
                   {"bars", data::to_string(made.bars.id)},
                   {"rows", made.labels.last_bar.size()},
                   {"columns", columns},
                   {"labels", numbers},
                   {"content_sha256", made.content_sha256},
                   {"seconds", made.seconds}});
    if (!made.labels.fitted.empty()) answer["fitted"] = made.labels.fitted;
    std::cout << answer.dump(2) << "\n";
    return;
  }
  const auto all = static_cast<std::int64_t>(made.labels.last_bar.size()), none = labels.back().bars;
  std::string shares;
  for (auto count = labels.begin(); count + 1 != labels.end(); ++count) {
    const double share =
        100.0 * static_cast<double>(count->bars) / static_cast<double>(std::max<std::int64_t>(1, all - none));
    shares += fmt::format("{}{:.1f} % {}", shares.empty() ? "" : ", ", share, count->name);
  }
  std::cout << fmt::format(
      "{}: {} bars of {} labelled\n"
      "  strategy  {}: {}\n"
      "  labels    {}; {} bars without one\n"
      "  sha256    {}\n"
      "  time      {}\n",
      arguments.request.out.string(), all, data::to_string(made.bars.id),
      made.labels.parameters.at("strategy").get<std::string>(), describe_parameters(made.labels.parameters), shares,
      none, made.content_sha256, readable_seconds(made.seconds));
}

void run(Arguments& arguments) {
  LabelRequest& request = arguments.request;
  if (request.bars.empty()) throw ConfigError("--bars names the bars: --bars BTCUSD/v1.");
  if (request.out.empty()) throw ConfigError("--out names the file to write, such as --out labels.h5.");
  require_workspace(arguments.common.workspace);
  request.workspace = arguments.common.workspace;
  if (!arguments.timeframe.empty()) request.timeframe = parse_duration(arguments.timeframe);
  const data::DatasetId bars = data::find_dataset(request.workspace, request.bars, "bars");
  request.strategy = arguments.options->strategy(bars.name);
  print_result(arguments, write_labels(request));
}

}  // namespace

void add_label_command(CLI::App& app) {
  app.description(
      "Labels every bar by what the price did after it: which of three barriers it reached first (1 up, -1 down, 0 "
      "neither), and other strategies.");
  app.footer(
      "Examples:\n"
      "  moola label --bars BTCUSD/v1 --timeframe 5m --horizon 20 --out labels.h5\n"
      "  moola label --bars BTCUSD/v1 --up 3.0 --down 2.1 --max-bars 50 --scale atr_21 --cost auto --out labels.h5\n"
      "  moola label --bars BTCUSD/v1 --up 0.006 --down 0.004 --max-bars 60 --scale price --out labels.h5\n"
      "  moola label --bars BTCUSD/v1 --strategy directional --horizon 20 --dead-band 0.001 --out labels.h5\n"
      "  moola label --bars BTCUSD/v1 --strategy regression --horizon 20 --fit-rows 0:400000 --out labels.h5\n"
      "  moola label --bars BTCUSD/v1 --strategy adaptive --horizon 20 --out labels.h5\n"
      "  moola label --bars BTCUSD/v1 --strategy meta --signal \"sma_10 > sma_50\" --horizon 20 --out labels.h5\n");
  auto arguments = std::make_shared<Arguments>();
  LabelRequest& request = arguments->request;
  app.add_option("--bars", request.bars, "the bars: NAME/vN")->type_name("ID");
  app.add_option("--out", request.out, "the file to write (HDF5)")->type_name("FILE");
  app.add_option("--timeframe", arguments->timeframe, "put the bars together into longer ones first: 5m, 1h")
      ->type_name("T");
  arguments->options.emplace(app);
  app.add_option("--threads", request.threads, "how many (default: one per core)")->check(at_least(1));
  app.add_flag("--force", request.force, "replace the file when it is there");
  add_common_options(app, arguments->common);
  app.callback([arguments] { run(*arguments); });
}

}  // namespace moola::work
