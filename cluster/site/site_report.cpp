#include "cluster/site/site_report.h"

#include <iterator>

#include "base/error.h"
#include "base/subprocess.h"

namespace moola::cluster {

std::optional<std::string> ask_program(std::vector<std::string> command, const std::string& input) {
  if (!find_program(command.front())) return std::nullopt;
  // A controller or a driver that hangs must not hang us.
  if (find_program("timeout")) command.insert(command.begin(), {"timeout", "--kill-after=1", "10"});
  try {
    const ProcessResult result = run_process(command, input);
    if (result.exit_code == 0) return result.output.empty() ? result.errors : result.output;
  } catch (const IoError&) {
    // There but not to be started: the same as not there.
  }
  return std::nullopt;
}

std::vector<record::Finding> examine_site(const SiteQuestions& questions) {
  std::vector<record::Finding> out = examine_software(questions.programs);
  const auto add = [&out](std::vector<record::Finding> more) { std::ranges::move(more, std::back_inserter(out)); };
  add(examine_gpus(questions.programs, questions.gpus));
  add(examine_disk(questions.workspace));
  add(examine_network());
  return out;
}

}  // namespace moola::cluster
