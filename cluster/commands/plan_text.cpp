#include "cluster/commands/plan_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <map>

#include "base/duration.h"
#include "base/text_table.h"

namespace moola::cluster {
namespace {

// All that a step comes after, with how.
std::vector<std::pair<std::string, std::string>> parents(const JobStep& step) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& each : step.after) out.emplace_back(each, "");
  for (const std::string& each : step.after_element) out.emplace_back(each, "element by element");
  for (const std::string& each : step.after_any) out.emplace_back(each, "however it ends");
  return out;
}

std::string after_text(const JobStep& step) {
  std::vector<std::string> out;
  for (const auto& [name, how] : parents(step)) out.push_back(how.empty() ? name : fmt::format("{} ({})", name, how));
  return fmt::format("{}", fmt::join(out, ", "));
}

std::string what(const JobStep& step) {
  return step.job.empty() ? step.command.front() : "moola " + step.job;
}

// Nodes times the time that each attempt may take, in hours; none for a step without a limit.
double node_hours(const JobStep& step) {
  return step.time.empty() ? 0
                           : static_cast<double>(step.nodes * static_cast<std::int64_t>(step.elements())) *
                                 parse_duration(step.time).in_seconds() / 3600;
}

}  // namespace

std::string step_graph(const JobFile& job) {
  // A step stands under the last of its parents in the job's order; the others are named beside it.
  std::map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < job.steps.size(); ++i) place[job.steps[i].name] = i;
  std::map<std::string, std::vector<std::size_t>> children;
  std::vector<std::string> beside(job.steps.size());
  for (std::size_t i = 0; i < job.steps.size(); ++i) {
    auto all = parents(job.steps[i]);
    std::ranges::sort(all, {}, [&](const auto& each) { return place[each.first]; });
    std::string under, how;
    if (!all.empty()) {
      std::tie(under, how) = all.back();
      all.pop_back();
    }
    children[under].push_back(i);
    std::vector<std::string> notes;
    if (!how.empty()) notes.push_back(how);
    for (const auto& [name, other] : all) notes.push_back("also after " + name);
    beside[i] = fmt::format("{}", fmt::join(notes, ", "));
  }
  std::string out;
  const std::function<void(const std::string&, const std::string&)> draw = [&](const std::string& under,
                                                                               const std::string& margin) {
    const std::vector<std::size_t>& own = children[under];
    for (std::size_t i = 0; i < own.size(); ++i) {
      const JobStep& step = job.steps[own[i]];
      const bool last = i + 1 == own.size();
      out += fmt::format("{}{}{}{}{}\n", margin,
                         under.empty() ? ""
                         : last        ? "└─ "
                                       : "├─ ",
                         step.name, step.array.elements.empty() ? "" : fmt::format(" x {}", step.elements()),
                         beside[own[i]].empty() ? "" : fmt::format("  ({})", beside[own[i]]));
      draw(step.name, margin + (under.empty() ? "" : last ? "   " : "│  "));
    }
  };
  draw("", "  ");
  return out;
}

std::string plan_text(const JobFile& job) {
  TextTable table({{"step"},
                   {"runs"},
                   {"elements", Align::right},
                   {"nodes", Align::right},
                   {"ranks", Align::right},
                   {"GPUs", Align::right},
                   {"cores", Align::right},
                   {"memory", Align::right},
                   {"time", Align::right},
                   {"after"}});
  double hours = 0;
  bool open = false;
  for (const JobStep& step : job.steps) {
    table.row({step.name, what(step), std::to_string(step.elements()), std::to_string(step.nodes),
               std::to_string(step.ranks_per_node()), std::to_string(step.gpus), std::to_string(step.cpus_per_node()),
               step.memory.empty() ? "-" : step.memory, step.time.empty() ? "-" : step.time, after_text(step)});
    hours += node_hours(step);
    open |= step.time.empty();
  }
  std::string out = table.text() +
                    "\nRanks, GPUs, cores and memory are of each node; time is the most of one attempt.\n\n" +
                    step_graph(job) + "\n";
  if (hours > 0)
    out += fmt::format("At most {:.1f} node-hours when no step is tried again{}.\n", hours,
                       open ? ", besides the steps without a time" : "");
  if (!job.time_budget.empty()) out += fmt::format("All of it ends {} after the submission.\n", job.time_budget);
  return out;
}

Json plan_json(const JobFile& job) {
  Json out = Json::array();
  for (const JobStep& step : job.steps) {
    out.push_back({{"step", step.name},
                   {"runs", what(step)},
                   {"elements", step.elements()},
                   {"nodes", step.nodes},
                   {"ranks_per_node", step.ranks_per_node()},
                   {"gpus_per_node", step.gpus},
                   {"cpus_per_node", step.cpus_per_node()},
                   {"memory_per_node", step.memory},
                   {"time", step.time},
                   {"after", step.after},
                   {"after_any", step.after_any},
                   {"after_element", step.after_element}});
  }
  return out;
}

}  // namespace moola::cluster
