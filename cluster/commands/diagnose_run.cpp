// diagnose RUN: what ended each element that has failed.
#include <fmt/format.h>

#include <iostream>

#include "base/json.h"
#include "cluster/commands/element_log.h"
#include "cluster/commands/job_commands.h"
#include "cluster/job/element_list.h"
#include "cluster/places/run_now.h"

namespace moola::cluster {
namespace {

// One that has the same to say as many others is shown once.
struct Finding {
  std::string text;
  std::vector<std::size_t> elements = {};
  std::filesystem::path log;
};

}  // namespace

void diagnose_run_command(const RunOptions& options) {
  const JobRun run = open_job_run(find_job_run(options.common.workspace, options.run));
  if (!options.step.empty()) named_step(run.job, options.step);
  const RunStatus status = look_at(run).status;
  std::vector<std::size_t> meant;
  if (!options.elements.empty()) meant = parse_element_list(options.elements);
  Json listed = Json::array();
  std::string text;
  for (const JobStep& step : run.job.steps) {
    if (!options.step.empty() && step.name != options.step) continue;
    std::vector<Finding> findings;
    for (std::size_t element = 0; element < step.elements(); ++element) {
      const ElementStatus& each = status.step(step.name).elements[element];
      const bool is_meant = std::ranges::find(meant, element) != meant.end();
      if (meant.empty() ? each.state != ElementState::failed : !is_meant) continue;
      const LogReport report = report_of(run, step.name, element, each);
      Json diagnoses = Json::array();
      std::string said;
      for (const Diagnosis& one : report.diagnoses) {
        diagnoses.push_back(diagnosis_json(one));
        said += diagnosis_text(one);
      }
      if (said.empty())
        said = report.telling_line.empty() ? "Nothing is known of why, and its log is empty.\n"
                                           : "Last words of its log: " + report.telling_line + "\n";
      listed.push_back({{"step", step.name},
                        {"element", element},
                        {"state", name_of(each.state)},
                        {"why", each.why},
                        {"log", log_of(run, step.name, element, each).string()},
                        {"telling_line", report.telling_line},
                        {"diagnoses", std::move(diagnoses)}});
      const std::string whole = fmt::format("{}\n{}", each.why, said);
      auto at = std::ranges::find(findings, whole, &Finding::text);
      if (at == findings.end())
        at = findings.insert(findings.end(), {.text = whole, .log = log_of(run, step.name, element, each)});
      at->elements.push_back(element);
    }
    for (const Finding& each : findings) {
      text += fmt::format("{}{}{}: {}{}\n", text.empty() ? "" : "\n", step.name,
                          step.array.elements.empty() ? "" : " " + element_list_text(each.elements), each.text,
                          each.log.string());
    }
  }
  if (options.common.json)
    std::cout << json_text({{"run", run.id()}, {"failed", std::move(listed)}}, 2) << "\n";
  else
    std::cout << (text.empty() ? "Nothing of it has failed.\n" : text);
}

}  // namespace moola::cluster
