// moola doctor: what this machine offers, what is missing and how to get it.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <iostream>
#include <iterator>
#include <optional>

#include "base/command_line.h"
#include "base/error.h"
#include "base/subprocess.h"
#include "base/text_table.h"
#include "base/version.h"
#include "cluster/site/site_report.h"
#include "record/doctor.h"

namespace {

using Level = moola::record::Finding::Level;

void print_json(const std::vector<moola::record::Finding>& findings, bool broken) {
  moola::Json out{{"version", moola::code_version()}, {"usable", !broken}, {"findings", moola::Json::array()}};
  for (const auto& finding : findings) {
    out["findings"].push_back({{"topic", finding.topic},
                               {"level", to_string(finding.level)},
                               {"found", finding.found},
                               {"advice", finding.advice},
                               {"details", finding.details}});
  }
  std::cout << moola::json_text(out, 2) << "\n";
}

void print_table(const std::vector<moola::record::Finding>& findings, bool broken) {
  moola::TextTable table({{"what"}, {"state"}, {"found"}});
  std::string advice;
  for (const auto& finding : findings) {
    table.row({finding.topic, finding.level == Level::note ? "-" : to_string(finding.level), finding.found});
    if (!finding.advice.empty()) advice += "  " + finding.topic + ": " + finding.advice + "\n";
  }
  std::cout << "moola " << moola::code_version() << "\n\n" << table.text();
  if (!advice.empty()) std::cout << "\nTo do:\n" << advice;
  std::cout << (broken ? "\nNothing can run here as it is.\n" : "\nReady.\n");
}

}  // namespace

int main(int argc, char** argv) {
  moola::CommonOptions options;
  CLI::App app(
      "What this machine offers: cores, memory, disk, MPI, Slurm, GPUs, libraries; what is missing and how to get it.\n"
      "--site looks closer, as a job of many ranks would meet this node: run it where jobs will run.\n"
      "Exit status 0, also with warnings; 2 when nothing could run.\nExample: moola doctor --site --gpus 4");
  moola::add_common_options(app, options);
  bool site = false;
  std::optional<int> wanted_gpus;
  CLI::Option* const look_closer = app.add_flag(
      "--site", site, "also MPI, PMIx and C libraries against ours, idle GPUs, file system, limits, network, Slurm");
  app.add_option("--gpus", wanted_gpus, "idle GPUs that must be here, else the status is 2")
      ->check(moola::at_least(0))
      ->needs(look_closer);
  bool broken = false;
  app.callback([&] {
    auto findings = moola::record::examine(options.workspace, moola::executable_folder());
    if (site) {
      std::ranges::move(
          moola::cluster::examine_site(
              {.workspace = options.workspace, .programs = moola::executable_folder(), .gpus = wanted_gpus}),
          std::back_inserter(findings));
    }
    broken = std::any_of(findings.begin(), findings.end(),
                         [](const auto& finding) { return finding.level == Level::broken; });
    if (options.json)
      print_json(findings, broken);
    else
      print_table(findings, broken);
  });
  const int code = moola::run_command(app, "doctor", argc, argv);
  return code == 0 && broken ? static_cast<int>(moola::ExitCode::permanent) : code;
}
