#include "work/validation/splits_command.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <iostream>
#include <memory>
#include <optional>

#include "base/atomic_file.h"
#include "base/command_line.h"
#include "base/error.h"
#include "base/named_choice.h"
#include "base/terminal.h"
#include "base/text_table.h"
#include "base/utc_time.h"
#include "data/tables/split_file.h"
#include "validation/chronological_split.h"
#include "validation/combinatorial.h"
#include "validation/k_fold.h"
#include "validation/walk_forward.h"
#include "work/validation/interval_rows.h"

namespace moola::work {
namespace {

using validation::RowRange;
using validation::Split;

enum class Strategy : std::uint8_t { cpcv, purged_k_fold, walk_forward, chronological };
constexpr std::array kStrategies{NamedChoice<Strategy>{"cpcv", Strategy::cpcv},
                                 NamedChoice<Strategy>{"purged-kfold", Strategy::purged_k_fold},
                                 NamedChoice<Strategy>{"walk-forward", Strategy::walk_forward},
                                 NamedChoice<Strategy>{"chronological", Strategy::chronological}};

constexpr std::size_t kShown = 40;  // lines of the table for people

struct Arguments {
  CommonOptions common;
  CLI::App* app = nullptr;
  std::string strategy, intervals, name;
  IntervalColumns columns;
  std::optional<std::int32_t> horizon;
  std::size_t groups = 6, test_groups = 2, folds = 5;
  std::string train, test, purge = "0bars", embargo = "0bars", look_back = "0bars";
  double val = 0.15;
  bool rolling = false, whole_only = false, force = false;
  std::filesystem::path out;
};

struct Made {
  Strategy strategy = Strategy::cpcv;
  validation::PurgeOptions apart = {};
  std::vector<Split> splits = {};
  std::vector<std::vector<RowRange>> val = {};  // of each split, or empty
  std::vector<RowRange> groups = {};
  std::vector<std::vector<std::size_t>> paths = {};
};

// What each strategy does not use is refused when it was given.
void check_used(const Arguments& arguments, Strategy strategy) {
  struct Use {
    const char* option;
    std::vector<Strategy> by;
  };
  using enum Strategy;
  const Use uses[] = {{"--groups", {cpcv}},
                      {"--test-groups", {cpcv}},
                      {"--folds", {purged_k_fold}},
                      {"--train", {walk_forward, chronological}},
                      {"--test", {walk_forward}},
                      {"--val", {chronological}},
                      {"--rolling", {walk_forward}},
                      {"--whole-only", {walk_forward}},
                      {"--look-back", {cpcv, purged_k_fold}}};
  for (const Use& use : uses) {
    if (arguments.app->get_option(use.option)->count() == 0 || std::ranges::find(use.by, strategy) != use.by.end())
      continue;
    std::vector<std::string_view> users;
    for (const Strategy each : use.by) users.push_back(name_of(each, kStrategies));
    throw ConfigError(fmt::format("{} is for {}, and --strategy {} does not use it.", use.option,
                                  fmt::join(users, " and "), name_of(strategy, kStrategies)));
  }
}

double share(const std::string& text, const char* option) {
  const validation::Stretch stretch = validation::parse_stretch(text, option);
  if (stretch.unit == validation::Stretch::Unit::fraction) return stretch.value;
  throw ConfigError(fmt::format("{} {}: a chronological split takes a share of the rows, such as 0.7.", option, text));
}

void make_chronological(const Arguments& arguments, const IntervalRows& rows, Made& made) {
  const double train = share(arguments.train.empty() ? "0.7" : arguments.train, "--train");
  validation::ChronologicalSplit found = validation::chronological_split(
      rows.t0, rows.t1,
      {.train = train, .val = arguments.val, .purge = made.apart.purge, .embargo = made.apart.embargo});
  made.splits.push_back({.train = std::move(found.train),
                         .test = std::move(found.test),
                         .purged = std::move(found.purged),
                         .embargoed = std::move(found.embargoed)});
  made.val.push_back(std::move(found.val));
}

Made make(const Arguments& arguments, const IntervalRows& rows) {
  Made made{.strategy = parse_choice("--strategy", arguments.strategy, kStrategies)};
  check_used(arguments, made.strategy);
  made.apart = {.purge = validation::parse_separation(arguments.purge, "--purge"),
                .embargo = validation::parse_separation(arguments.embargo, "--embargo"),
                .look_back = validation::parse_separation(arguments.look_back, "--look-back")};
  for (const validation::Separation& each : {made.apart.purge, made.apart.embargo, made.apart.look_back}) {
    if (rows.counted && each.unit == validation::Separation::Unit::time) {
      throw ConfigError(
          fmt::format("{} counts bars instead of telling times, so separations are bars or shares, not {}.",
                      rows.source, validation::to_string(each)));
    }
  }
  switch (made.strategy) {
    case Strategy::cpcv: {
      auto found =
          validation::combinatorial_splits(rows.intervals(), arguments.groups, arguments.test_groups, made.apart);
      made.splits = std::move(found.splits);
      made.groups = std::move(found.groups);
      made.paths = std::move(found.paths);
      break;
    }
    case Strategy::purged_k_fold:
      made.splits = validation::purged_k_fold(rows.intervals(), arguments.folds, made.apart);
      break;
    case Strategy::walk_forward:
      made.splits = validation::walk_forward(
          rows.intervals(),
          {.train = validation::parse_stretch(arguments.train.empty() ? "0.4" : arguments.train, "--train"),
           .test = validation::parse_stretch(arguments.test.empty() ? "0.1" : arguments.test, "--test"),
           .expanding = !arguments.rolling,
           .short_last = !arguments.whole_only,
           .apart = made.apart});
      break;
    case Strategy::chronological:
      make_chronological(arguments, rows, made);
      break;
  }
  for (std::size_t i = 0; i < made.splits.size(); ++i) {
    validation::prove_split(made.splits[i], rows.intervals(), made.apart.look_back);
    // Of a validation part the same must hold towards what comes after it.
    if (!made.val.empty())
      validation::prove_split({.train = made.val[i], .test = made.splits[i].test}, rows.intervals());
    if (!rows.classes.empty()) validation::mark_missing_classes(made.splits[i], rows.classes, rows.class_names);
  }
  if (std::ranges::none_of(made.splits, [](const Split& split) { return split.fault.empty(); })) {
    throw LeakError(
        fmt::format("none of {} splits can be used: {}. Take more rows, fewer groups or smaller "
                    "separations.",
                    made.splits.size(), made.splits.front().fault));
  }
  return made;
}

Json answer(const Arguments& arguments, const IntervalRows& rows, const Made& made) {
  Json out = {{"intervals", rows.source},
              {"n", rows.size()},
              {"strategy", arguments.strategy},
              {"purge", data::separation_json(made.apart.purge)},
              {"embargo", data::separation_json(made.apart.embargo)},
              {"look_back", data::separation_json(made.apart.look_back)}};
  if (rows.data) out["content_sha256"] = rows.data->content_sha256;
  if (!made.groups.empty()) out["groups"] = data::ranges_json(made.groups);
  Json splits = Json::array();
  for (std::size_t i = 0; i < made.splits.size(); ++i) {
    const Split& split = made.splits[i];
    Json entry = {{"id", i}};
    if (!made.groups.empty()) entry["groups"] = split.groups;
    entry["test"] = data::ranges_json(split.test);
    if (!made.val.empty()) entry["val"] = data::ranges_json(made.val[i]);
    entry["train"] = data::ranges_json(split.train);
    entry["purged"] = validation::count_rows(split.purged);
    entry["embargoed"] = validation::count_rows(split.embargoed);
    entry["purged_rows"] = data::ranges_json(split.purged);
    entry["embargoed_rows"] = data::ranges_json(split.embargoed);
    if (!split.fault.empty()) entry["fault"] = split.fault;
    if (!split.warning.empty()) entry["warning"] = split.warning;
    splits.push_back(std::move(entry));
  }
  out["splits"] = std::move(splits);
  out["paths"] = made.paths;
  return out;
}

void save(const Arguments& arguments, const IntervalRows& rows, const Made& made) {
  data::SplitRecord record{.name = arguments.name,
                           .data = *rows.data,
                           .strategy = arguments.strategy,
                           .purge = data::separation_json(made.apart.purge),
                           .embargo = data::separation_json(made.apart.embargo)};
  for (std::size_t i = 0; i < made.splits.size(); ++i) {
    const Split& split = made.splits[i];
    record.splits.push_back({.train = split.train,
                             .val = made.val.empty() ? std::vector<RowRange>() : made.val[i],
                             .test = split.test,
                             .purged = split.purged,
                             .embargoed = split.embargoed});
    for (const std::string* said : {&split.fault, &split.warning}) {
      if (!said->empty()) record.notes.push_back(fmt::format("split {}: {}", i, *said));
    }
  }
  data::write_split(arguments.common.workspace, record, arguments.force ? Overwrite::yes : Overwrite::no);
}

std::string first_moment(const IntervalRows& rows, const std::vector<RowRange>& part) {
  const std::int64_t time = rows.t0[part.front().begin];
  return rows.counted ? std::to_string(time) : utc_text(time);
}

std::string shown(const std::vector<RowRange>& ranges) {
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, ranges.size()); ++i)
    text += fmt::format("{}[{}, {})", i == 0 ? "" : " ", ranges[i].begin, ranges[i].end);
  if (ranges.size() > 3) text += fmt::format(" +{}", ranges.size() - 3);
  return text;
}

void print(const Arguments& arguments, const IntervalRows& rows, const Made& made) {
  std::string text = fmt::format("{}: {} rows, {} split{} by {}", rows.source, rows.size(), made.splits.size(),
                                 made.splits.size() == 1 ? "" : "s", arguments.strategy);
  if (!made.paths.empty()) text += fmt::format(", {} paths over {} groups", made.paths.size(), made.groups.size());
  std::cout << text << "; each proved to be without overlap\n";
  TextTable table({{"split", Align::right},
                   {"test rows"},
                   {"from"},
                   {"tested", Align::right},
                   {"train", Align::right},
                   {"purged", Align::right},
                   {"embargoed", Align::right}});
  std::string notes;
  for (std::size_t i = 0; i < made.splits.size(); ++i) {
    const Split& split = made.splits[i];
    if (!split.fault.empty()) notes += fmt::format("split {} cannot be used: {}\n", i, split.fault);
    if (!split.warning.empty()) notes += fmt::format("split {}: {}\n", i, split.warning);
    if (i >= kShown) continue;
    table.row({std::to_string(i), shown(split.test), first_moment(rows, split.test),
               std::to_string(validation::count_rows(split.test)), std::to_string(validation::count_rows(split.train)),
               std::to_string(validation::count_rows(split.purged)),
               std::to_string(validation::count_rows(split.embargoed))});
  }
  std::cout << table.text();
  if (made.splits.size() > kShown)
    std::cout << fmt::format("and {} more: --json or --out has all\n", made.splits.size() - kShown);
  if (!made.val.empty()) std::cout << fmt::format("validation: rows {}\n", shown(made.val.front()));
  std::cout << notes;
  if (!arguments.name.empty())
    std::cout << "kept as " << data::split_path(arguments.common.workspace, arguments.name).string() << "\n";
}

IntervalRows read_rows(const Arguments& arguments) {
  const std::filesystem::path file(arguments.intervals);
  if (std::filesystem::is_regular_file(file)) {
    if (arguments.horizon) {
      throw ConfigError(fmt::format("--horizon {} is for data sets; {} is a file, whose columns --t0 and --t1 name.",
                                    *arguments.horizon, arguments.intervals));
    }
    if (!arguments.name.empty()) {
      throw ConfigError(fmt::format(
          "--name {}: a split is kept for a data set, whose version and hash it names, and {} is a file. --out writes "
          "it anywhere.",
          arguments.name, arguments.intervals));
    }
    return read_interval_file(file, arguments.columns);
  }
  if (file.has_extension() && arguments.intervals.find("/v") == std::string::npos)
    throw ConfigError(fmt::format("there is no file {}.", arguments.intervals));
  require_workspace(arguments.common.workspace);
  for (const char* option : {"--t0", "--t1", "--label"}) {
    if (arguments.app->get_option(option)->count() > 0) {
      throw ConfigError(fmt::format("{} names a column of a file, and {} is a data set, whose columns are known.",
                                    option, arguments.intervals));
    }
  }
  return read_interval_dataset(arguments.common.workspace,
                               data::find_dataset(arguments.common.workspace, arguments.intervals), arguments.horizon);
}

void run(Arguments& arguments) {
  if (arguments.strategy.empty()) {
    throw ConfigError("--strategy says how rows are split: cpcv, purged-kfold, walk-forward or chronological.");
  }
  if (arguments.intervals.empty()) {
    throw ConfigError(
        "--intervals names the rows: a CSV or Parquet file with columns t0 and t1, or a data set such as "
        "feature_table/btc/v1.");
  }
  const IntervalRows rows = read_rows(arguments);
  const Made made = make(arguments, rows);
  const Json json = answer(arguments, rows, made);
  if (!arguments.name.empty()) save(arguments, rows, made);
  if (!arguments.out.empty())
    write_file(arguments.out, json_text(json) + "\n", arguments.force ? Overwrite::yes : Overwrite::no);
  if (arguments.common.json) {
    std::cout << json_text(json) << "\n";
  } else {
    print(arguments, rows, made);
  }
}

}  // namespace

void add_splits_command(CLI::App& app) {
  app.description(
      "Cuts rows into train and test parts that share no moment of any label: purged by label intervals, with an "
      "embargo. Every split proves itself before it is given out.");
  app.footer(
      "Examples:\n"
      "  moola splits --strategy cpcv --intervals labels.csv --groups 6 --test-groups 2 --embargo 1d --json\n"
      "  moola splits --strategy walk-forward --intervals feature_table/btc/v1 --horizon 20 --train 1year --test "
      "1month\n"
      "  moola splits --strategy purged-kfold --intervals btc/v1 --horizon 20 --folds 5 --embargo 0.01 --name btc-5\n");
  auto arguments = std::make_shared<Arguments>();
  arguments->app = &app;
  app.add_option("--strategy", arguments->strategy, "cpcv, purged-kfold, walk-forward or chronological")
      ->type_name("NAME");
  app.add_option("--intervals", arguments->intervals,
                 "the rows: a CSV or Parquet file, in order of t0, or a feature table's or labelled windows' ID")
      ->type_name("FILE|ID");
  app.add_option("--t0", arguments->columns.t0, "column: when a row decides (default t0)")->type_name("NAME");
  app.add_option("--t1", arguments->columns.t1, "column: when its label is known, empty for none (default t1)")
      ->type_name("NAME");
  app.add_option("--label", arguments->columns.label,
                 "column of classes: splits whose train part lacks one are marked (default: not looked at)")
      ->type_name("NAME");
  app.add_option("--horizon", arguments->horizon, "of a feature table with several")->type_name("BARS");
  app.add_option("--groups", arguments->groups, "cpcv: stretches of time (default 6)")->type_name("N");
  app.add_option("--test-groups", arguments->test_groups, "cpcv: how many of them are tested at once (default 2)")
      ->type_name("K");
  app.add_option("--folds", arguments->folds, "purged-kfold: how many (default 5)")->type_name("N");
  app.add_option("--train", arguments->train,
                 "walk-forward: what the first test part has before it, 5000bars, 0.4, 90d, 1year (default 0.4); "
                 "chronological: a share (default 0.7)")
      ->type_name("LENGTH");
  app.add_option("--test", arguments->test, "walk-forward: each test part, 500bars, 0.1, 7d, 1month (default 0.1)")
      ->type_name("LENGTH");
  app.add_option("--val", arguments->val, "chronological: share of the validation part (default 0.15)")
      ->type_name("SHARE");
  app.add_flag("--rolling", arguments->rolling, "walk-forward: train on the last --train alone, not on all before");
  app.add_flag("--whole-only", arguments->whole_only, "walk-forward: no shorter test part at the end");
  app.add_option("--purge", arguments->purge,
                 "left out beside a test part whatever the labels say: 60bars, 1h, 0.01 (default 0bars)")
      ->type_name("LENGTH");
  app.add_option("--embargo", arguments->embargo,
                 "left out beyond that, after a test part: 1440bars, 1d, 0.01 "
                 "(default 0bars)")
      ->type_name("LENGTH");
  app.add_option("--look-back", arguments->look_back,
                 "how far features look back: rows whose features see a test row's time are purged too: 200bars, 1d "
                 "(default 0bars: not asked for)")
      ->type_name("LENGTH");
  app.add_option("--name", arguments->name, "keep the split for its data set: data/splits/NAME.json")
      ->type_name("NAME");
  app.add_option("--out", arguments->out, "write the answer to this file (JSON)")->type_name("FILE");
  app.add_flag("--force", arguments->force, "replace files that are there");
  add_common_options(app, arguments->common);
  app.callback([arguments] { run(*arguments); });
}

}  // namespace moola::work
