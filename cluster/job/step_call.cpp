#include "cluster/job/step_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"

namespace moola::cluster {
namespace {

constexpr std::array<const char*, 4> kOwnNames{"index", "step", "run", "workspace"};

std::vector<std::string> names_of(const StepArray& array) {
  std::vector<std::string> out(kOwnNames.begin(), kOwnNames.end());
  if (array.elements.empty()) return out;
  for (const auto& [name, value] : array.elements.front()) {
    if (std::ranges::find(kOwnNames, name) != kOwnNames.end())
      throw ConfigError(fmt::format("array: {{{}}} means something else in a step; call the value otherwise.", name));
    out.push_back(name);
  }
  return out;
}

std::vector<TextTemplate> templates(const std::vector<std::string>& texts, const std::vector<std::string>& names,
                                    const char* key) {
  std::vector<TextTemplate> out;
  for (const std::string& each : texts) out.emplace_back(each, names, fmt::format("{}: \"{}\"", key, each));
  return out;
}

}  // namespace

bool starts_own_ranks(std::string_view job) {
  constexpr std::array<std::string_view, 6> kJobs{"pretrain", "prepare", "cv", "walk-forward", "cpcv-pbo", "train"};
  return std::ranges::find(kJobs, job) != kJobs.end();
}

StepCall::StepCall(const JobStep& step)
    : step_(step.name),
      job_(step.job),
      config_(step.config),
      ranks_(step.ranks > 0 && starts_own_ranks(step.job) ? step.ranks * step.nodes : 0),
      array_(step.array) {
  const std::vector<std::string> names = names_of(array_);
  command_ = templates(step.command, names, "command");
  settings_ = templates(step.settings, names, "settings");
  inputs_ = templates(step.inputs, names, "inputs");
  outputs_ = templates(step.outputs, names, "outputs");
  for (const auto& [name, value] : step.environment)
    environment_.emplace_back(name, TextTemplate(value, names, fmt::format("env: {} = \"{}\"", name, value)));
}

ElementCall StepCall::element(std::size_t index, const StepContext& context) const {
  static const ArrayElement kNothing;
  const ArrayElement& values = array_.elements.empty() ? kNothing : array_.elements.at(index);
  const auto value = [&](const std::string& name) -> std::optional<std::string> {
    if (name == "index") return std::to_string(index);
    if (name == "step") return step_;
    if (name == "run") return context.run;
    if (name == "workspace") return context.workspace.string();
    return sweep::plain_text(std::ranges::find(values, name, &ArrayElement::value_type::first)->second);
  };
  const auto filled = [&](const std::vector<TextTemplate>& texts) {
    std::vector<std::string> out;
    for (const TextTemplate& each : texts) out.push_back(*each.filled(value));
    return out;
  };
  ElementCall out{.words = filled(command_), .environment = {}, .inputs = filled(inputs_), .outputs = filled(outputs_)};
  if (!job_.empty()) {
    out.words = {context.program.string(), job_};
    if (!config_.empty()) out.words.push_back(config_);
    out.words.insert(out.words.end(), {"--workspace", context.workspace.string()});
    if (ranks_ > 0) out.words.insert(out.words.end(), {"--ranks", std::to_string(ranks_)});
    for (const std::string& each : filled(settings_)) out.words.insert(out.words.end(), {"--set", each});
    for (const auto& [name, each] : values) {
      if (name.find('.') != std::string::npos)
        out.words.insert(out.words.end(), {"--set", fmt::format("{}={}", name, sweep::toml_text(each))});
    }
  }
  for (const auto& [name, text] : environment_) out.environment.emplace_back(name, *text.filled(value));
  return out;
}

}  // namespace moola::cluster
