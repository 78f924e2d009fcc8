#include "data/synthetic_commands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <utility>

#include "base/command_line.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text_table.h"
#include "base/utc_time.h"
#include "data/synthetic/import_synthetic.h"

namespace moola::data {
namespace {

constexpr std::size_t kShown = 6;  // of the table of tests, the worst first

struct ImportCommand {
  CommonOptions common;
  std::string file, of, name, version, generator;
  std::vector<std::pair<std::string, std::string>> seen;
  bool augmentation_only = false, allow_different = false;

  SyntheticImport options() const {
    SyntheticImport out{.of = of,
                        .name = name,
                        .version = version.empty() ? 0 : parse_version(version),
                        .generator = generator,
                        .fit = augmentation_only ? GeneratorFit::nothing : GeneratorFit::unknown,
                        .allow_different = allow_different};
    for (const auto& [from, to] : seen) {
      out.seen.push_back({parse_utc(from), parse_utc(to)});
      if (out.seen.back().last < out.seen.back().first)
        throw ConfigError(fmt::format("--seen {} {}: the second time is before the first.", from, to));
    }
    return out;
  }

  void run() const {
    require_workspace(common.workspace);
    const SyntheticImportResult result = import_synthetic(common.workspace, file, options());
    warn(result);
    common.json ? print_json(result) : print(result);
  }

  void warn(const SyntheticImportResult& result) const {
    if (!result.ignored.empty())
      log_warning("{} also holds {}, which synthetic windows have no place for; left out.", file,
                  fmt::join(result.ignored, ", "));
    if (result.relabelled > 0)
      log_warning("{} of {} windows are of another class than the row that they were made from.", result.relabelled,
                  result.windows);
    if (result.info.fit == GeneratorFit::nothing && result.near_sources.share() < 0.5)
      log_warning(
          "only {} of {} windows are nearer to the row that they were made from than to 20 others: does 'source' count "
          "the rows of {} as they lie in the workspace? With wrong ones models learn from what is tested.",
          result.near_sources.nearest, result.near_sources.asked, to_string(result.info.windows.id));
    if (result.info.fit == GeneratorFit::unknown)
      log_warning(
          "nobody knows what the generator was fitted on, so what is learnt from these windows has no verdict. Say "
          "--augmentation-only where each window depends on its source alone, or --seen FROM TO.");
    if (result.resemblance.differs())
      log_warning(
          "the windows are of another distribution than the real ones; what is learnt from them has no verdict.");
  }

  static void print_json(const SyntheticImportResult& result) {
    Json times = Json::array();
    for (const FittedPart::Seen& each : result.info.seen) times.push_back({utc_text(each.first), utc_text(each.last)});
    std::cout << Json{{"id", to_string(result.written.id)},
                      {"file", result.written.file.string()},
                      {"content_sha256", result.written.content_sha256},
                      {"of", to_string(result.info.windows.id)},
                      {"windows", result.windows},
                      {"ratio", result.ratio},
                      {"classes", result.classes},
                      {"relabelled", result.relabelled},
                      {"generator", result.info.generator},
                      {"generator_fit", to_string(result.info.fit)},
                      {"seen", std::move(times)},
                      {"near_sources",
                       {{"asked", result.near_sources.asked}, {"nearest", result.near_sources.nearest}}},
                      {"compared_with", result.compared_with},
                      {"resemblance", to_json(result.resemblance)},
                      {"ignored", result.ignored}}
                     .dump(1)
              << "\n";
  }

  static void print(const SyntheticImportResult& result) {
    std::cout << fmt::format("{}: {} windows by '{}', {:.3g} for each of {}\n", to_string(result.written.id),
                             result.windows, result.info.generator, result.ratio, to_string(result.info.windows.id));
    for (const auto& [label, count] : result.classes) std::cout << fmt::format("  class     {}: {}\n", label, count);
    std::cout << fmt::format("  file      {}\n\n", result.written.file.string());
    std::vector<Resemblance::Test> tests = result.resemblance.tests;
    std::ranges::stable_sort(tests, {}, &Resemblance::Test::adjusted);
    std::cout << fmt::format(
        "Beside {} real windows, the {} least alike of {} figures (p by Holm below {}: they differ):\n",
        result.compared_with, std::min(kShown, tests.size()), tests.size(), kLeastResemblance);
    TextTable table(
        {{"class"}, {"figure"}, {"distance", Align::right}, {"p", Align::right}, {"p (Holm)", Align::right}});
    for (const Resemblance::Test& each : std::span(tests).first(std::min(kShown, tests.size()))) {
      table.row({each.label, each.statistic, fmt::format("{:.3f}", each.distance), fmt::format("{:.2g}", each.chance),
                 fmt::format("{:.2g}", each.adjusted)});
    }
    std::cout << table.text();
  }
};

}  // namespace

void add_synthetic_commands(CLI::App& import) {
  CLI::App* app = import.add_subcommand("synthetic", "windows that a generator has made from labelled windows");
  auto command = std::make_shared<ImportCommand>();
  add_common_options(*app, command->common);
  app->add_option("FILE", command->file,
                  ".npz with X, y and source, the row of the labelled windows that each was made from")
      ->required();
  app->add_option("--of", command->of, "the labelled windows that they were made from: NAME/vN")
      ->required()
      ->type_name("ID");
  app->add_option("--generator", command->generator, "what has made them, in words (default: the file's name)")
      ->type_name("TEXT");
  app->add_flag("--augmentation-only", command->augmentation_only,
                "the generator was fitted on nothing: each window depends on its source and chance alone");
  app->add_option("--seen", command->seen,
                  "times of the rows that the generator was fitted on, both included, until their labels are known; "
                  "several stretches by giving it again")
      ->type_name("FROM TO");
  app->add_flag("--allow-different", command->allow_different,
                "take windows of another distribution than the real ones; what is learnt from them has no verdict");
  app->add_option("--name", command->name, "name of the data set (default: the file's)")->type_name("NAME");
  app->add_option("--version", command->version, "vN (default: the next)")->type_name("vN");
  app->callback([command] { command->run(); });
  app->footer(
      "Examples:\n"
      "  moola data import synthetic jittered.npz --of btc/v1 --generator \"jitter 0.1\" --augmentation-only\n"
      "  moola data import synthetic gan.npz --of btc/v1 --seen 2019-01-01 2019-03-31T23:59");
}

}  // namespace moola::data
