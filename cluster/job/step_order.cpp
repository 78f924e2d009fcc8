#include "cluster/job/step_order.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "base/nearest.h"

namespace moola::cluster {
namespace {

// Steps by number, depth first; without recursion, for a chain may be long.
class Sorter {
 public:
  Sorter(std::vector<JobStep> steps, const std::string& file) : steps_(std::move(steps)), file_(file) {
    for (std::size_t i = 0; i < steps_.size(); ++i) numbers_.emplace(steps_[i].name, i);
    for (std::size_t i = 0; i < steps_.size(); ++i) before_.push_back(parents_of(steps_[i]));
  }

  std::vector<JobStep> sorted() {
    for (std::size_t i = 0; i < steps_.size(); ++i) visit(i);
    std::vector<JobStep> out;
    for (const std::size_t i : order_) out.push_back(std::move(steps_[i]));
    return out;
  }

 private:
  enum class Mark { none, open, done };
  struct Open {
    std::size_t step, next;
  };
  std::vector<JobStep> steps_;
  const std::string& file_;
  std::unordered_map<std::string, std::size_t> numbers_;
  std::vector<std::vector<std::size_t>> before_;
  std::vector<Mark> marks_ = {};
  std::vector<std::size_t> order_;

  std::vector<std::size_t> parents_of(const JobStep& step) const {
    std::vector<std::size_t> out;
    for (const auto& [key, names] : {std::pair("after", &step.after), std::pair("after_any", &step.after_any),
                                     std::pair("after_element", &step.after_element)}) {
      for (const std::string& name : *names) {
        const auto at = numbers_.find(name);
        if (at == numbers_.end()) {
          std::vector<std::string> known;
          for (const JobStep& each : steps_) known.push_back(each.name);
          throw ConfigError(fmt::format("{}: step.{}.{} names '{}', which is no step.{}", file_, step.name, key, name,
                                        did_you_mean(name, known)));
        }
        if (std::ranges::find(out, at->second) != out.end())
          throw ConfigError(fmt::format("{}: step.{} comes after {} twice.", file_, step.name, name));
        if (names == &step.after_element) check_elements(step, steps_[at->second]);
        out.push_back(at->second);
      }
    }
    return out;
  }

  void check_elements(const JobStep& step, const JobStep& parent) const {
    if (!step.array.elements.empty() && step.elements() == parent.elements()) return;
    const auto described = [](const JobStep& each) {
      return each.array.elements.empty() ? fmt::format("{} is no array", each.name)
                                         : fmt::format("{} has {} elements", each.name, each.elements());
    };
    throw ConfigError(fmt::format("{}: step.{}.after_element needs two arrays of as many elements, but {} and {}.",
                                  file_, step.name, described(step), described(parent)));
  }

  void visit(std::size_t first) {
    marks_.resize(steps_.size());
    if (marks_[first] != Mark::none) return;
    std::vector<Open> path{{first, 0}};
    marks_[first] = Mark::open;
    while (!path.empty()) {
      Open& at = path.back();
      if (at.next == before_[at.step].size()) {
        marks_[at.step] = Mark::done;
        order_.push_back(at.step);
        path.pop_back();
        continue;
      }
      const std::size_t parent = before_[at.step][at.next++];
      if (marks_[parent] == Mark::open) refuse_circle(path, parent);
      if (marks_[parent] != Mark::none) continue;
      marks_[parent] = Mark::open;
      path.push_back({parent, 0});
    }
  }

  [[noreturn]] void refuse_circle(const std::vector<Open>& path, std::size_t closes) const {
    std::vector<std::string> names;
    for (auto at = std::ranges::find(path, closes, &Open::step); at != path.end(); ++at)
      names.push_back(steps_[at->step].name);
    names.push_back(steps_[closes].name);
    throw ConfigError(
        fmt::format("{}: the steps go in a circle, so that none of them could begin: {}. Take one of these "
                    "out of its step's after.",
                    file_, fmt::join(names, " comes after ")));
  }
};

}  // namespace

std::vector<JobStep> in_order(std::vector<JobStep> steps, const std::string& file) {
  return Sorter(std::move(steps), file).sorted();
}

}  // namespace moola::cluster
