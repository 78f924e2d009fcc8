#include "data/window_commands.h"

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
#include "data/export/export_dataset.h"
#include "data/windows/cut_windows.h"
#include "data/windows/import_windows.h"

namespace moola::data {
namespace {

std::vector<std::string> split_list(const std::vector<std::string>& texts) {
  std::vector<std::string> parts;
  for (const std::string& text : texts) {
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = std::min(text.find(',', begin), text.size());
      if (end > begin) parts.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  return parts;
}

int version_of(const std::string& text) {
  return text.empty() ? 0 : parse_version(text);
}

struct CutCommand {
  CommonOptions common;
  std::vector<std::string> bars;
  std::string name, version, max_gap = "10m", break_at = "roll";
  std::int64_t length = 105, stride = 1;

  void run() const {
    const auto started = std::chrono::steady_clock::now();
    WindowShape shape{
        .length = length, .stride = stride, .max_gap = std::nullopt, .break_flags = parse_break_flags(break_at)};
    if (max_gap != "none") shape.max_gap = parse_duration(max_gap).nanoseconds;
    std::vector<DatasetId> ids;
    for (const std::string& text : split_list(bars)) ids.push_back(find_dataset(common.workspace, text, "bars"));
    const CutResult cut = cut_windows(common.workspace, ids, shape, name, version_of(version));
    if (common.json) {
      Json max_gap_s = shape.max_gap ? Json(Duration{*shape.max_gap}.in_seconds()) : Json(nullptr);
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
      std::cout << Json{{"id", to_string(cut.id)}, {"file", cut.file.string()}, {"windows", cut.windows},
                        {"length", length},        {"stride", stride},          {"max_gap_s", max_gap_s},
                        {"break_at", break_at},    {"runs", cut.runs},          {"content_sha256", cut.content_sha256},
                        {"existed", cut.existed},  {"seconds", seconds.count()}}
                       .dump(1)
                << "\n";
      return;
    }
    std::cout << fmt::format("{}: {} windows of {} bars in {} runs{}\n  file      {}\n", to_string(cut.id), cut.windows,
                             length, cut.runs, cut.existed ? " (cut before, just like this)" : "", cut.file.string());
  }
};

struct ImportCommand {
  CommonOptions common;
  std::string file, name, version, channels, classes, inner, blacklist;
  std::uint64_t length = 0;
  bool drop_nan = false, drop_invalid = false;

  static void print_dropped(const std::string& cause, const std::vector<std::string>& windows) {
    const std::vector<std::string> some(
        windows.begin(), windows.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(10, windows.size())));
    std::cout << fmt::format("  left out  {} windows, {}: {}{}\n", windows.size(), cause, fmt::join(some, ", "),
                             some.size() < windows.size() ? ", …" : "");
  }

  void run() const {
    const WindowImport options{.name = name,
                               .version = version_of(version),
                               .channels = channels == "ohlc" ? std::vector<std::string>{"open", "high", "low", "close"}
                                                              : split_list({channels}),
                               .not_finite = drop_nan ? NotFinite::drop : NotFinite::refuse,
                               .drop_invalid = drop_invalid,
                               .length = length,
                               .inner = inner,
                               .classes = split_list({classes}),
                               .blacklist = blacklist};
    const WindowImportResult result = import_windows(common.workspace, file, options);
    if (!result.ignored.empty())
      log_warning("{} also holds {}, which a data set has no place for; left out.", file,
                  fmt::join(result.ignored, ", "));
    for (const std::string& note : result.notes) log_warning("{}.", note);
    if (!result.conflicts.empty())
      log_warning("{} times windows of exactly the same bars have different labels; the first: {}.",
                  result.conflicts.size(), fmt::join(result.conflicts.front(), ", "));
    if (common.json) {
      std::cout << Json{{"id", to_string(result.id)},        {"file", result.file.string()},
                        {"windows", result.windows},         {"length", result.length},
                        {"channels", result.channels},       {"features", result.features},
                        {"label_names", result.label_names}, {"classes", result.classes},
                        {"dropped", result.dropped},         {"dropped_windows", result.dropped_windows},
                        {"conflicts", result.conflicts},     {"notes", result.notes},
                        {"ignored", result.ignored},         {"content_sha256", result.content_sha256}}
                       .dump(1)
                << "\n";
      return;
    }
    std::cout << fmt::format(
        "{}: {} windows of {} bars x {} channels ({}){}\n", to_string(result.id), result.windows, result.length,
        result.channels.size(), fmt::join(result.channels, ", "),
        result.label_names.empty() ? ", unlabelled" : fmt::format(", classes {}", fmt::join(result.label_names, ", ")));
    for (const auto& [label, count] : result.classes) std::cout << fmt::format("  class     {}: {}\n", label, count);
    for (const auto& [cause, windows] : result.dropped_windows) print_dropped(cause, windows);
    std::cout << "  file      " << result.file.string() << "\n";
  }
};

struct ExportCommand {
  CommonOptions common;
  std::string id, file;
  bool force = false;

  void run() const {
    const DatasetId found = find_dataset(common.workspace, id);
    if (!force && std::filesystem::exists(file))
      throw ConfigError(file + " exists; it is overwritten with --force only.");
    const ExportResult result = export_dataset(common.workspace, found, file, force ? Overwrite::yes : Overwrite::no);
    if (!result.left_out.empty())
      log_warning("{} has no place for {}; left out.", file, fmt::join(result.left_out, ", "));
    if (common.json) {
      std::cout << Json{{"id", to_string(found)},
                        {"file", result.file.string()},
                        {"rows", result.rows},
                        {"columns", result.columns},
                        {"left_out", result.left_out}}
                       .dump(1)
                << "\n";
      return;
    }
    std::cout << fmt::format("{}: {} rows of {} from {}\n", result.file.string(), result.rows,
                             fmt::join(result.columns, ", "), to_string(found));
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

}  // namespace

void add_window_commands(CLI::App& data, CLI::App& import) {
  CLI::App* windows = data.add_subcommand("windows", "the view of every valid window of bars");
  const auto cut = bind<CutCommand>(*windows);
  windows->add_option("--bars", cut->bars, "bars to cut from: SYMBOL/vN, several with commas between")
      ->required()
      ->type_name("ID");
  windows->add_option("--name", cut->name, "name of the view (default: the symbols, joined with '+')")
      ->type_name("NAME");
  windows->add_option("--length", cut->length, "bars of a window")->capture_default_str();
  windows->add_option("--stride", cut->stride, "bars from one window's begin to the next")->capture_default_str();
  windows->add_option("--max-gap", cut->max_gap, "largest time between neighbouring bars inside a window, or none")
      ->capture_default_str();
  windows->add_option("--break-at", cut->break_at, "what no window goes on over: roll, session, \"roll,session\", none")
      ->capture_default_str();
  windows->add_option("--version", cut->version, "vN (default: the next; the newest if it is the same already)")
      ->type_name("vN");
  windows->footer("Example: moola data windows --bars BTCUSD/v1,ETHUSD/v1 --name crypto --length 256 --max-gap 5m");

  CLI::App* stored = import.add_subcommand(
      "windows", "windows from .npy, .npz, .parquet (nested lists), UCR .ts, or a folder of arrays");
  const auto imported = bind<ImportCommand>(*stored);
  stored->add_option("FILE", imported->file, "the file, or a folder with X_ohlc.npy and y.npy")->required();
  stored->add_option("--name", imported->name, "name of the data set (default: the file's)")->type_name("NAME");
  stored
      ->add_option("--channels", imported->channels,
                   "names of the channels with commas between, or ohlc; tells how rows that are flattened (N x "
                   "bars*channels) are to be read")
      ->type_name("NAMES");
  stored->add_flag("--drop-nan", imported->drop_nan,
                   "leave windows out that hold something that is no finite number, instead of refusing");
  stored->add_flag("--drop-invalid", imported->drop_invalid,
                   "leave windows out that anything is wrong with: their candles, prices or expansions too");
  stored->add_option("--length", imported->length, "bars that a window must have (default: as they come)");
  stored
      ->add_option(
          "--inner", imported->inner,
          "bars that may be marked, and that pointers count from: 30:75 is 30 to 74 (default: that for windows "
          "of 105 bars, else all)")
      ->type_name("BEGIN:END");
  stored
      ->add_option(
          "--classes", imported->classes,
          "names of all classes there may be, in order, with commas between (default: those there are, sorted)")
      ->type_name("NAMES");
  stored
      ->add_option(
          "--blacklist", imported->blacklist,
          "CSV with window_id, raw_start_idx, raw_end_idx, reason, blacklisted_date: such windows, and what meets "
          "their bars, are left out")
      ->type_name("FILE");
  stored->add_option("--version", imported->version, "vN (default: the next)")->type_name("vN");
  stored->footer(
      "Examples:\n"
      "  moola data import windows GunPoint_TRAIN.ts --name gunpoint\n"
      "  moola data import windows train_clean.parquet --classes consolidation,retracement --blacklist blacklist.csv");

  CLI::App* exported = data.add_subcommand("export", "a data set as .npy, .csv or .parquet, by the file's suffix");
  const auto out = bind<ExportCommand>(*exported);
  exported->add_option("ID", out->id, "kind/name/vN")->required();
  exported->add_option("FILE", out->file, "where to")->required();
  exported->add_flag("--force", out->force, "overwrite the file");
  exported->footer("Example: moola data export bars/BTCUSD/v1 btcusd.parquet");
}

}  // namespace moola::data
