#include "cluster/slurm/submit_to_slurm.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <sstream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/utc_time.h"
#include "cluster/job/element_list.h"
#include "cluster/run/run_step.h"

namespace moola::cluster {
namespace {

// Where a number of Slurm's will stand that is not known yet: the submission's comment between these.
constexpr char kBegin = '\x01', kEnd = '\x02';

std::string id_of(const Submission& submission) {
  return submission.id.empty() ? kBegin + submission.comment + kEnd : submission.id;
}

class Planner {
 public:
  Planner(const JobRun& run, const RunEvents& events, const RunStatus& status, const WantedElements& wanted,
          const std::vector<SbatchScript>& scripts)
      : run_(run), events_(events), status_(status), wanted_(wanted), scripts_(scripts) {}

  std::vector<SbatchCall> take() {
    for (const JobStep& step : run_.job.steps) {
      const auto at = wanted_.find(step.name);
      if (at == wanted_.end()) continue;
      for (const SbatchScript& script : scripts_) {
        if (script.step == step.name) add(step, script, at->second);
      }
    }
    return std::move(calls_);
  }

 private:
  const JobRun& run_;
  const RunEvents& events_;
  const RunStatus& status_;
  const WantedElements& wanted_;
  const std::vector<SbatchScript>& scripts_;
  std::vector<SbatchCall> calls_;

  // The last submission of an element, of before or of this plan; null: none.
  const Submission* last_of(const std::string& step, std::size_t element) const {
    for (auto at = calls_.rbegin(); at != calls_.rend(); ++at) {
      if (at->submission.step == step && at->submission.holds(element)) return &at->submission;
    }
    return events_.last_of(step, element);
  }

  bool is_wanted(const std::string& step, std::size_t element) const {
    const auto at = wanted_.find(step);
    return at != wanted_.end() && std::ranges::binary_search(at->second, element);
  }

  // As Slurm names one element of a submission.
  std::string task_of(const Submission& submission, const JobStep& step, std::size_t element) const {
    return step.array.elements.empty() ? id_of(submission)
                                       : fmt::format("{}_{}", id_of(submission), element - submission.first);
  }

  // Slurm's numbers of what is still to come of a step: of whole submissions where all of it is, else by element.
  std::vector<std::string> open_ids(const JobStep& before, const JobStep& step, bool must_succeed) const {
    std::map<const Submission*, std::vector<std::size_t>> open;
    const StepStatus& status = status_.step(before.name);
    for (std::size_t element = 0; element < before.elements(); ++element) {
      const ElementState state = status.elements[element].state;
      if (!is_wanted(before.name, element) && is_over(state)) {
        if (must_succeed && state != ElementState::succeeded) refuse(step, before.name, element, state);
        continue;
      }
      const Submission* submission = last_of(before.name, element);
      if (submission == nullptr) refuse(step, before.name, element, state);
      open[submission].push_back(element);
    }
    std::vector<std::string> out;
    for (const auto& [submission, elements] : open) {
      if (elements == submission->elements)
        out.push_back(id_of(*submission));
      else
        for (const std::size_t each : elements) out.push_back(task_of(*submission, before, each));
    }
    std::ranges::sort(out);
    return out;
  }

  [[noreturn]] static void refuse(const JobStep& step, const std::string& before, std::size_t element,
                                  ElementState state) {
    throw ConfigError(
        fmt::format("{} comes after {}, whose element {} is {} and is not submitted with it. Try {} again, "
                    "too.",
                    step.name, before, element, name_of(state), before));
  }

  std::string dependency(const JobStep& step, std::size_t element) const {
    std::vector<std::string> parts;
    const auto add = [&](const char* kind, const std::vector<std::string>& ids) {
      if (!ids.empty()) parts.push_back(fmt::format("{}:{}", kind, fmt::join(ids, ":")));
    };
    for (const std::string& name : step.after) add("afterok", open_ids(run_.job.step(name), step, true));
    for (const std::string& name : step.after_any) add("afterany", open_ids(run_.job.step(name), step, false));
    for (const std::string& name : step.after_element) {
      const ElementState state = status_.step(name).elements.at(element).state;
      if (!is_wanted(name, element) && is_over(state)) {
        if (state != ElementState::succeeded) refuse(step, name, element, state);
        continue;
      }
      const Submission* submission = last_of(name, element);
      if (submission == nullptr) refuse(step, name, element, state);
      add("aftercorr", {id_of(*submission)});
    }
    return fmt::format("{}", fmt::join(parts, ","));
  }

  void add(const JobStep& step, const SbatchScript& script, const std::vector<std::size_t>& wanted) {
    // What of the script's elements waits for the same and needs the same goes together.
    std::map<std::pair<std::string, std::string>, std::vector<std::size_t>> groups;
    const bool by_element = !step.after_element.empty();
    const std::string common = by_element ? std::string() : dependency(step, 0);
    for (const std::size_t element : wanted) {
      if (element < script.first || element >= script.first + script.count) continue;
      groups[{by_element ? dependency(step, element) : common,
              memory_after(step, status_.step(step.name).elements.at(element).attempts)}]
          .push_back(element);
    }
    for (const auto& [needs, elements] : groups) {
      SbatchCall call{.submission = {.step = step.name,
                                     .elements = elements,
                                     .first = script.first,
                                     .comment = next_comment(step.name, script.first),
                                     .id = {}},
                      .script = script.file_name,
                      .options = {}};
      call.options.push_back("--comment=" + call.submission.comment);
      if (!needs.first.empty())
        call.options.insert(call.options.end(), {"--dependency=" + needs.first, "--kill-on-invalid-dep=yes"});
      if (!needs.second.empty()) call.options.push_back("--mem=" + needs.second);
      if (elements.size() < script.count) {
        std::vector<std::size_t> indices = elements;
        for (std::size_t& each : indices) each -= script.first;
        call.options.push_back(fmt::format("--array={}{}", element_list_text(indices),
                                           step.array.at_a_time > 0 ? fmt::format("%{}", step.array.at_a_time) : ""));
      }
      calls_.push_back(std::move(call));
    }
  }

  // One that no other submission of the run has.
  std::string next_comment(const std::string& step, std::size_t first) const {
    const std::string base = slurm_comment(run_.id(), step, first);
    const auto is_its = [&](const Submission& each) { return each.comment.starts_with(base + ":"); };
    const auto number = 1 + std::ranges::count_if(events_.submissions(), is_its) +
                        std::ranges::count_if(calls_, is_its, &SbatchCall::submission);
    return fmt::format("{}:{}", base, number);
  }
};

// The options with numbers in the place of comments.
std::vector<std::string> with_ids(std::vector<std::string> options, const RunEvents& events) {
  for (std::string& option : options) {
    for (std::size_t begin = option.find(kBegin); begin != std::string::npos; begin = option.find(kBegin)) {
      const std::size_t end = option.find(kEnd, begin);
      const std::string comment = option.substr(begin + 1, end - begin - 1);
      const auto at = std::ranges::find(events.submissions(), comment, &Submission::comment);
      option.replace(begin, end - begin + 1, at->id);
    }
  }
  return options;
}

// What a script asks of Slurm, without the names that differ from step to step.
std::string what_it_asks(const std::string& script) {
  std::string out;
  std::istringstream lines(script);
  for (std::string line; std::getline(lines, line);) {
    const bool is_name =
        std::ranges::any_of(std::array{"job-name", "comment", "output", "array"},
                            [&](const char* name) { return line.starts_with(fmt::format("#SBATCH --{}=", name)); });
    if (line.starts_with("#SBATCH") && !is_name) out += line + "\n";
  }
  return out;
}

// Whether a refusal speaks of now, and not of the cluster.
bool may_pass(const std::string& words) {
  return words.find("down, drained or reserved") != std::string::npos || words.find("DOWN") != std::string::npos ||
         words.find("Reserv") != std::string::npos;
}

}  // namespace

std::map<std::string, std::string> test_scripts(const JobRun& run, const std::vector<SbatchScript>& scripts,
                                                const SlurmClient& slurm) {
  std::map<std::string, std::string> answers, out;  // by what is asked; by file
  for (const SbatchScript& script : scripts) {
    const auto [at, is_new] = answers.try_emplace(what_it_asks(script.text));
    if (is_new) {
      try {
        at->second = slurm.test(run.folder / "scripts" / script.file_name);
      } catch (const ConfigError& error) {
        if (!may_pass(error.what())) throw;
        at->second = error.what();
      }
    }
    out[script.file_name] = at->second;
  }
  return out;
}

std::vector<SbatchScript> write_sbatch_scripts(const JobRun& run, std::size_t max_array) {
  const SbatchContext place{.run = run.id(), .folder = run.folder, .program = run.program, .max_array = max_array};
  std::vector<SbatchScript> out;
  create_folders(run.folder / "scripts");
  for (const JobStep& step : run.job.steps) {
    for (SbatchScript& script : sbatch_scripts(run.job, step, place)) {
      write_derived_file(run.folder / "scripts" / script.file_name, script.text);
      out.push_back(std::move(script));
    }
  }
  return out;
}

std::vector<SbatchCall> sbatch_calls(const JobRun& run, const RunEvents& events, const RunStatus& status,
                                     const WantedElements& wanted, const std::vector<SbatchScript>& scripts) {
  return Planner(run, events, status, wanted, scripts).take();
}

std::size_t submit_to_slurm(const JobRun& run, RunEvents& events, const RunStatus& status, const WantedElements& wanted,
                            const SlurmClient& slurm,
                            const std::function<void(const SbatchCall&, const std::string& id)>& said) {
  const std::vector<SbatchScript> scripts = write_sbatch_scripts(run, slurm.max_array());
  if (events.submissions().empty()) test_scripts(run, scripts, slurm);
  std::size_t out = 0;
  for (SbatchCall& call : sbatch_calls(run, events, status, wanted, scripts)) {
    call.submission.time = utc_now();
    events.begin_submission(call.submission);
    std::string id;
    try {
      id = slurm.submit(with_ids(call.options, events), run.folder / "scripts" / call.script);
    } catch (const ConfigError& error) {
      // Slurm has said no; where it has said nothing the intent stays, and is looked for.
      events.withdraw_submission(call.submission.comment, error.what());
      throw;
    }
    events.end_submission(call.submission.comment, id);
    out += call.submission.elements.size();
    if (said) said(call, id);
  }
  return out;
}

}  // namespace moola::cluster
