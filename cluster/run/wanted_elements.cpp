#include "cluster/run/wanted_elements.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <set>

namespace moola::cluster {
namespace {

using Chosen = std::map<std::string, std::set<std::size_t>>;

// Adds whatever comes after a chosen element, as far as `takes` lets it.
void add_dependents(const JobFile& job, Chosen& chosen,
                    const std::function<bool(const std::string& step, std::size_t element)>& takes) {
  // Steps are in their order: those before a step are complete when it is looked at.
  for (const JobStep& step : job.steps) {
    const auto any_of = [&](const std::vector<std::string>& names) {
      return std::ranges::any_of(names, [&](const std::string& name) { return chosen.contains(name); });
    };
    const bool whole = any_of(step.after) || any_of(step.after_any);
    for (std::size_t element = 0; element < step.elements(); ++element) {
      const bool own = std::ranges::any_of(step.after_element, [&](const std::string& name) {
        const auto at = chosen.find(name);
        return at != chosen.end() && at->second.contains(element);
      });
      if ((whole || own) && takes(step.name, element)) chosen[step.name].insert(element);
    }
  }
}

// What waits for something that has failed and is not chosen.
void leave_out_hopeless(const JobFile& job, const RunStatus& status, Chosen& chosen) {
  const auto is_lost = [&](const std::string& name, std::size_t element) {
    const ElementState state = status.step(name).elements.at(element).state;
    const auto at = chosen.find(name);
    return state != ElementState::succeeded && (is_over(state) || state == ElementState::not_submitted) &&
           (at == chosen.end() || !at->second.contains(element));
  };
  for (const JobStep& step : job.steps) {
    const auto at = chosen.find(step.name);
    if (at == chosen.end()) continue;
    const bool none = std::ranges::any_of(step.after, [&](const std::string& name) {
      for (std::size_t element = 0; element < job.step(name).elements(); ++element) {
        if (is_lost(name, element)) return true;
      }
      return false;
    });
    std::erase_if(at->second, [&](std::size_t element) {
      return none ||
             std::ranges::any_of(step.after_element, [&](const std::string& name) { return is_lost(name, element); });
    });
    if (at->second.empty()) chosen.erase(at);
  }
}

WantedElements listed(const Chosen& chosen) {
  WantedElements out;
  for (const auto& [step, elements] : chosen) {
    if (!elements.empty()) out[step].assign(elements.begin(), elements.end());
  }
  return out;
}

}  // namespace

std::size_t element_count(const WantedElements& elements) {
  std::size_t out = 0;
  for (const auto& [step, own] : elements) out += own.size();
  return out;
}

WantedElements all_elements(const JobFile& job) {
  WantedElements out;
  for (const JobStep& step : job.steps) {
    std::vector<std::size_t>& elements = out[step.name];
    elements.resize(step.elements());
    std::iota(elements.begin(), elements.end(), 0U);
  }
  return out;
}

WantedElements open_elements(const JobFile& job, const RunStatus& status) {
  WantedElements out;
  for (const JobStep& step : job.steps) {
    for (std::size_t element = 0; element < step.elements(); ++element) {
      if (!is_over(status.step(step.name).elements.at(element).state)) out[step.name].push_back(element);
    }
  }
  return out;
}

WantedElements unfinished_elements(const JobFile& job, const RunStatus& status, const std::string& step,
                                   const std::vector<std::size_t>& elements) {
  if (!step.empty()) named_step(job, step);
  const auto state = [&](const std::string& name, std::size_t element) {
    return status.step(name).elements.at(element).state;
  };
  const auto is_wanted = [&](const std::string& name, std::size_t element) {
    const ElementState of = state(name, element);
    return of == ElementState::not_submitted || (is_over(of) && of != ElementState::succeeded);
  };
  Chosen chosen;
  for (const JobStep& each : job.steps) {
    if (!step.empty() && each.name != step) continue;
    for (std::size_t element = 0; element < each.elements(); ++element) {
      const bool is_meant = elements.empty() || std::ranges::find(elements, element) != elements.end();
      if (is_meant && is_wanted(each.name, element)) chosen[each.name].insert(element);
    }
  }
  add_dependents(job, chosen, is_wanted);
  leave_out_hopeless(job, status, chosen);
  return listed(chosen);
}

WantedElements with_dependents(const JobFile& job, const RunStatus& status, const std::string& step,
                               const std::vector<std::size_t>& elements) {
  const auto is_open = [&](const std::string& name, std::size_t element) {
    return !is_over(status.step(name).elements.at(element).state);
  };
  const JobStep& first = named_step(job, step);
  Chosen chosen;
  for (std::size_t element = 0; element < first.elements(); ++element) {
    if ((elements.empty() || std::ranges::find(elements, element) != elements.end()) && is_open(step, element))
      chosen[step].insert(element);
  }
  for (const std::size_t each : elements) require_element(first, each);
  add_dependents(job, chosen, is_open);
  return listed(chosen);
}

}  // namespace moola::cluster
