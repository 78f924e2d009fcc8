#include "cluster/diagnose/diagnose_command.h"

#include <fmt/format.h>

#include <iostream>

#include "base/error.h"
#include "cluster/diagnose/diagnose.h"

namespace moola::cluster {
namespace {

void print_json(const DiagnoseOptions& options, const LogReport& report) {
  Json out{{"log", options.log.string()},
           {"exit_code", options.exit_code ? Json(*options.exit_code) : Json(nullptr)},
           {"telling_line", report.telling_line},
           {"diagnoses", Json::array()}};
  for (const Diagnosis& each : report.diagnoses) out["diagnoses"].push_back(diagnosis_json(each));
  std::cout << json_text(out, 2) << "\n";
}

void print_text(const DiagnoseOptions& options, const LogReport& report) {
  const std::vector<Diagnosis>& found = report.diagnoses;
  const std::string& telling = report.telling_line;
  if (options.exit_code == 0 && found.empty()) {
    std::cout << "Exit status 0: it succeeded.\n";
    return;
  }
  if (found.empty()) {
    std::cout << "Nothing in this log is known to end a step." << (telling.empty() ? "" : " Its last words: " + telling)
              << "\n";
    if (!options.exit_code) std::cout << "With its exit status more can be told: --exit-code N.\n";
    return;
  }
  for (std::size_t i = 0; i < found.size(); ++i) std::cout << (i == 0 ? "" : "\n") << diagnosis_text(found[i]);
  if (found.front().line.empty() && !telling.empty()) std::cout << "\nLast words of the log: " << telling << "\n";
}

}  // namespace

void diagnose_command(const DiagnoseOptions& options) {
  if (options.exit_code && (*options.exit_code < 0 || *options.exit_code > 255))
    throw ConfigError(fmt::format("--exit-code {} is no exit status: 0 to 255.", *options.exit_code));
  const LogReport report =
      diagnose_file(options.log, options.exit_code, {.step = options.step, .slurm_state = options.slurm_state});
  if (options.common.json)
    print_json(options, report);
  else
    print_text(options, report);
}

}  // namespace moola::cluster
