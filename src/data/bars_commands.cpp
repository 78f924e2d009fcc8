#include "data/bars_commands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <chrono>
#include <iostream>
#include <memory>

#include "base/command_line.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/utc_time.h"
#include "data/bars/import_bars.h"

namespace moola::data {
namespace {

struct Arguments {
  CommonOptions common;
  BarsImport import;
  std::string version, roll = "volume", session_gap = "60m";
  std::vector<std::string> utc_offsets;
};

BarsImport complete(const Arguments& arguments) {
  BarsImport import = arguments.import;
  if (!arguments.version.empty()) import.version = parse_version(arguments.version);
  import.roll = arguments.roll == "volume" ? market::RollRule::volume : market::RollRule::expiry;
  import.session_gap = parse_duration(arguments.session_gap).nanoseconds;
  if (import.session_gap <= 0) throw ConfigError("--session-gap must be longer than 0.");
  for (const std::string& text : arguments.utc_offsets) import.utc_offsets.push_back(parse_offset_exception(text));
  return import;
}

Json summary(const std::filesystem::path& workspace, const ImportedBars& imported, double seconds) {
  const Json& manifest = imported.manifest;
  Json result = {{"id", to_string(imported.id)},
                 {"file", dataset_file(workspace, imported.id).string()},
                 {"rows", imported.bars.size()},
                 {"rows_read", imported.rows_read},
                 {"dropped", manifest["dropped"]},
                 {"repaired", manifest["repaired"]},
                 {"passed_over", manifest["passed_over"]},
                 {"first", manifest["first"]},
                 {"last", manifest["last"]},
                 {"bar_seconds", imported.info.bar_seconds},
                 {"source_timezone", imported.info.source_timezone}};
  if (manifest.contains("contracts")) result["contracts"] = manifest["contracts"];
  result["first_cases"] = manifest["first_cases"];
  result["forms"] = manifest["forms"];
  result["ignored_columns"] = imported.ignored;
  result["notes"] = imported.notes;
  result["content_sha256"] = imported.content_sha256;
  result["seconds"] = seconds;
  return result;
}

void print(const std::filesystem::path& workspace, const ImportedBars& imported, double seconds) {
  std::cout << fmt::format("{}: {} bars of {} s, {} to {}\n", to_string(imported.id), imported.bars.size(),
                           imported.info.bar_seconds, utc_text(imported.bars.time.front()),
                           utc_text(imported.bars.time.back()));
  std::vector<std::string> forms = imported.manifest["forms"];
  std::cout << fmt::format("  file      {}\n  sha256    {}\n  read as   {}; {}\n",
                           dataset_file(workspace, imported.id).string(), imported.content_sha256,
                           fmt::join(forms, "; "), imported.info.source_timezone);
  if (!imported.ignored.empty())
    std::cout << fmt::format("  left out  columns that bars have no place for: {}\n",
                             fmt::join(imported.ignored, ", "));
  for (const market::ContractSpan& span : imported.contracts) {
    std::cout << fmt::format("  contract  {} from {}, {} bars\n", span.month, utc_text(imported.bars.time[span.begin]),
                             span.end - span.begin);
  }
  for (const auto& [cause, rows] : imported.passed_over)
    std::cout << fmt::format("  passed    {} rows: {}\n", rows, cause);
  std::cout << fmt::format("  rows      {} read; {}\n", imported.rows_read, describe_faults(imported));
  std::cout << fmt::format("  time      {}\n", readable_seconds(seconds));
}

void run(const Arguments& arguments) {
  const CommonOptions& options = arguments.common;
  if (options.quiet) set_log_level(LogLevel::warning);
  const auto began = std::chrono::steady_clock::now();
  const ImportedBars imported = import_bars(options.workspace, complete(arguments));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  for (const std::string& note : imported.notes) log_warning("{}", note);
  if (options.json) {
    std::cout << summary(options.workspace, imported, seconds).dump(2) << "\n";
  } else {
    print(options.workspace, imported, seconds);
  }
}

}  // namespace

void add_bars_commands(CLI::App& import) {
  CLI::App* app = import.add_subcommand("bars", "open, high, low, close and volume over time, from CSV or Parquet");
  app->footer(
      "Examples:\n"
      "  moola data import bars bitfinex_BTCUSD_1m.csv.xz --symbol BTCUSD\n"
      "  moola data import bars DAT_ASCII_EURUSD_M1_*.csv --symbol EURUSD --timezone America/New_York\n"
      "  moola data import bars taifex.tar.zst --symbol TX --timezone Asia/Taipei --roll expiry\n");
  auto arguments = std::make_shared<Arguments>();
  app->add_option("files", arguments->import.files,
                  "CSV, Parquet, or tar archives of CSV; plain, .gz, .xz or .zst (known by content)")
      ->required()
      ->type_name("FILE...");
  app->add_option("--symbol", arguments->import.symbol, "name of the bars: data/bars/SYMBOL/vN.h5")
      ->required()
      ->type_name("S");
  app->add_option(
         "--timezone", arguments->import.timezone,
         "zone of stamps that say none: America/New_York, UTC-5 (default: America/New_York for HistData, else UTC)")
      ->type_name("Z");
  app->add_option("--utc-offset", arguments->utc_offsets,
                  "offset of the local stamps in a stretch of time whatever the zone says: "
                  "2019-10-27/2019-11-03=-05:00 (may be repeated)")
      ->type_name("FROM/TO=OFFSET");
  app->add_option("--version", arguments->version, "v1, v2, ... (default: the next free one)")->type_name("vN");
  app->add_option("--product", arguments->import.product,
                  "which product of a file with several (default: the symbol, or the only one)")
      ->type_name("P");
  app->add_option("--contract", arguments->import.contract, "of a future: front, or a delivery month such as 202412")
      ->capture_default_str()
      ->type_name("front|YYYYMM");
  app->add_option("--roll", arguments->roll, "how the front month goes on: volume (of the session before) or expiry")
      ->capture_default_str()
      ->check(CLI::IsMember({"volume", "expiry"}));
  app->add_option("--session-gap", arguments->session_gap,
                  "time without any bar that ends a session; the front month changes between sessions")
      ->capture_default_str()
      ->type_name("DURATION");
  app->add_flag("--strict", arguments->import.strict,
                "refuse files in which anything would have to be repaired or dropped");
  add_common_options(*app, arguments->common);
  app->callback([arguments] { run(*arguments); });
}

}  // namespace moola::data
