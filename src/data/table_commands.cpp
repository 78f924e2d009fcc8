#include "data/table_commands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <charconv>
#include <chrono>
#include <iostream>
#include <memory>

#include "base/command_line.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "data/tables/import_table.h"

namespace moola::data {
namespace {

struct Arguments {
  CommonOptions common;
  TableImport import;
  std::string version, max_gap = "auto", missing = "refuse", scaled = "auto";
  std::vector<std::string> label_values;
  std::int32_t horizon = 0;
  bool float32 = false;
};

// "0=-1" to what a value of a label means.
std::pair<std::string, std::int8_t> parse_label_value(const std::string& text) {
  const std::size_t at = text.rfind('=');
  int label = 0;
  const char* const end = text.data() + text.size();
  const bool number = at != text.npos && at > 0 && std::from_chars(text.data() + at + 1, end, label).ptr == end;
  if (!number || at + 1 == text.size() || (label != kInvalidLabel && (label < -1 || label > 1))) {
    throw ConfigError(fmt::format(
        "--label-values {}: expected VALUE=LABEL with -1, 0, 1, or -99 for none, as in 0=-1,1=0,2=1.", text));
  }
  return {text.substr(0, at), static_cast<std::int8_t>(label)};
}

TableImport complete(const Arguments& arguments) {
  TableImport import = arguments.import;
  if (!arguments.version.empty()) import.version = parse_version(arguments.version);
  for (const std::string& text : arguments.label_values) import.label_values.insert(parse_label_value(text));
  if (arguments.horizon > 0) import.columns.horizon = arguments.horizon;
  if (arguments.max_gap == "none") {
    import.any_gap = true;
  } else if (arguments.max_gap != "auto") {
    import.max_gap = parse_duration(arguments.max_gap).nanoseconds;
  }
  import.missing = arguments.missing == "keep" ? MissingValues::keep : MissingValues::refuse;
  if (arguments.scaled != "auto") import.scaled = arguments.scaled == "yes";
  if (arguments.float32) import.precision = FeaturePrecision::float32;
  return import;
}

void print(const TableImportResult& table) {
  std::cout << fmt::format(
      "{}: {} rows of {} features, {} segments, {}\n", to_string(table.id), table.rows, table.features.size(),
      table.segments,
      table.symbols.size() == 1 ? table.symbols.front() : fmt::format("{} symbols", table.symbols.size()));
  std::cout << fmt::format("  file      {}\n  sha256    {}\n", table.file.string(), table.content_sha256);
  for (const std::string& horizon : table.horizons) std::cout << "  horizon   " << horizon << "\n";
  for (const auto& [reason, names] : table.left_out)
    std::cout << fmt::format("  left out  {}: {}\n", reason, fmt::join(names, ", "));
  for (const auto& [feature, count] : table.not_finite)
    std::cout << fmt::format("  kept      {} values of {} that are no finite number\n", count, feature);
  if (table.reordered > 0)
    std::cout << fmt::format("  sorted    {} rows came before the one in front of them\n", table.reordered);
  if (table.scaled) std::cout << "  scaled    already; what the scale has seen is not known\n";
  if (!table.split.is_null()) {
    std::cout << fmt::format("  split     {}: train {}, val {}, test {}, purged {}\n            {}\n",
                             table.split["name"].get<std::string>(), table.split["train"].get<std::uint64_t>(),
                             table.split["val"].get<std::uint64_t>(), table.split["test"].get<std::uint64_t>(),
                             table.split["purged"].get<std::uint64_t>(), table.split["file"].get<std::string>());
  }
}

void run(const Arguments& arguments) {
  if (arguments.common.quiet) set_log_level(LogLevel::warning);
  const auto began = std::chrono::steady_clock::now();
  const TableImportResult table = import_table(arguments.common.workspace, complete(arguments));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  for (const std::string& note : table.notes) log_warning("{}.", note);
  if (!arguments.common.json) {
    print(table);
    return;
  }
  std::cout << Json{{"id", to_string(table.id)},
                    {"file", table.file.string()},
                    {"rows", table.rows},
                    {"features", table.features},
                    {"horizons", table.horizons},
                    {"symbols", table.symbols},
                    {"segments", table.segments},
                    {"left_out", table.left_out},
                    {"not_finite", table.not_finite},
                    {"reordered", table.reordered},
                    {"scaled", table.scaled},
                    {"split", table.split},
                    {"notes", table.notes},
                    {"content_sha256", table.content_sha256},
                    {"seconds", seconds}}
                   .dump(1)
            << "\n";
}

void add_column_options(CLI::App& app, Arguments& arguments) {
  ColumnChoice& columns = arguments.import.columns;
  app.add_option("--time", columns.time, "column of the rows' times (default: datetime, timestamp, time, date, …)")
      ->type_name("COLUMN");
  app.add_option("--symbol", columns.symbol,
                 "column of the rows' symbols (default: symbol, ticker, instrument, or none)")
      ->type_name("COLUMN");
  app.add_option("--label", columns.labels,
                 "columns of labels, several with commas between (default: label, label_h20, target_20, …)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("COLUMNS");
  app.add_option("--t1", columns.t1,
                 "columns of the time that each label depends on last (default: label_end_time_h20, t1_20, …)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("COLUMNS");
  app.add_option("--weight", columns.weights,
                 "columns of the samples' weights (default: sample_weight_h20, weight_20, …)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("COLUMNS");
  app.add_option("--quality", columns.quality, "columns of the labels' quality (default: quality_h20, …)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("COLUMNS");
  app.add_option(
         "--features", columns.features,
         "columns to take as features, or beginnings of names with a star (default: all numbers that are no bars "
         "and are not only known afterwards)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("COLUMNS");
  app.add_option("--exclude", columns.exclude, "columns to leave out, or beginnings of names with a star")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("COLUMNS");
  app.add_option("--horizon", arguments.horizon, "bars that a single label without a number in its name looks ahead")
      ->check(at_least(1));
  app.add_option("--label-bars", arguments.import.label_bars,
                 "where no column says when labels end: the most rows of their symbol that they look ahead")
      ->check(at_least(1));
  app.add_option(
         "--label-values", arguments.label_values,
         "what values of labels mean: 0=-1,1=0,2=1 or short=-1,flat=0,long=1 (default: -1, 0, 1, and -99 for none)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("VALUE=LABEL");
}

}  // namespace

void add_table_commands(CLI::App& import) {
  CLI::App* app = import.add_subcommand("table", "a table of features with labels, from CSV or Parquet");
  app->footer(
      "Examples:\n"
      "  moola data import table features.parquet --name mine\n"
      "  moola data import table f.csv.gz --time date --label target --t1 target_end --weight w --horizon 20\n"
      "  moola data import table scaled/train_scaled.parquet scaled/val_scaled.parquet scaled/test_scaled.parquet\n");
  auto arguments = std::make_shared<Arguments>();
  app->add_option(
         "files", arguments->import.files,
         "Parquet, or CSV with names in its first line (plain, .gz, .xz or .zst); several with the same columns "
         "become one table, and train, val and test a split of it")
      ->required()
      ->type_name("FILE...");
  app->add_option("--name", arguments->import.name, "name of the table (default: the file's, of parts their folder's)")
      ->type_name("NAME");
  app->add_option("--version", arguments->version, "vN (default: the next)")->type_name("vN");
  add_column_options(*app, *arguments);
  app->add_option("--symbol-name", arguments->import.symbol_name,
                  "symbol of a table that has no column for it (default: the table's name)")
      ->type_name("S");
  app->add_option("--timezone", arguments->import.timezone, "zone of stamps that say none")
      ->capture_default_str()
      ->type_name("Z");
  app->add_option(
         "--max-gap", arguments->max_gap,
         "time without a row of a symbol that ends a segment; auto: ten times the usual distance of rows; none")
      ->capture_default_str()
      ->type_name("DURATION");
  app->add_option("--nan", arguments->missing, "features that are no finite number: refuse, or keep them")
      ->capture_default_str()
      ->check(CLI::IsMember({"refuse", "keep"}));
  app->add_option("--scaled", arguments->scaled, "whether features are scaled already; auto: by the files' names")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "yes", "no"}));
  app->add_flag("--float32", arguments->float32, "store features in half the space");
  app->add_option("--split-name", arguments->import.split_name,
                  "of files that are parts: data/splits/NAME.json (default: the table's name and version)")
      ->type_name("NAME");
  add_common_options(*app, arguments->common);
  app->callback([arguments] { run(*arguments); });
}

}  // namespace moola::data
