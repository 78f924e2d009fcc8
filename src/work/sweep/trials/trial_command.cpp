#include "work/sweep/trials/trial_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/toml_text.h"

namespace moola::work {
namespace {

constexpr std::array<const char*, 5> kOwnNames{"trial", "attempt", "seed", "folder", "parameters"};

std::string own_text(std::string_view name, const TrialContext& context) {
  if (name == "trial") return std::to_string(context.number);
  if (name == "attempt") return std::to_string(context.attempt);
  if (name == "seed") return std::to_string(context.seed);
  if (name == "folder") return context.folder.string();
  return (context.folder / kParametersFile).string();
}

bool is_own(std::string_view name) {
  return std::ranges::find(kOwnNames, name) != kOwnNames.end();
}

std::string variable_of(const std::string& name) {
  std::string out = "MOOLA_PARAMETER_";
  for (const char c : name) {
    const auto letter = static_cast<unsigned char>(c);
    out += std::isalnum(letter) && letter < 128 ? static_cast<char>(std::toupper(letter)) : '_';
  }
  return out;
}

// Tables within tables keep their dots.
std::string dotted_key(const std::string& key) {
  std::string out;
  for (std::size_t begin = 0; begin <= key.size();) {
    const std::size_t end = std::min(key.find('.', begin), key.size());
    const std::string part = key.substr(begin, end - begin);
    out += (begin == 0 ? "" : ".") + toml_key(part);
    begin = end + 1;
  }
  return out;
}

}  // namespace

TrialCommand::TrialCommand(const std::vector<std::string>& words, const std::vector<std::string>& parameters) {
  if (words.empty() || words.front().empty()) throw ConfigError("the command is empty: name the program to run.");
  std::vector<std::string> names(kOwnNames.begin(), kOwnNames.end());
  names.insert(names.end(), parameters.begin(), parameters.end());
  for (const std::string& word : words)
    words_.emplace_back(word, names, fmt::format("the word '{}' of the command", word));
}

std::vector<std::string> TrialCommand::arguments(const TrialValues& values, const TrialContext& context) const {
  const auto value = [&](const std::string& name) -> std::optional<std::string> {
    const auto at = std::ranges::find(values, name, [](const auto& each) { return each.first; });
    // A parameter of the same name as one of ours is meant.
    if (at != values.end()) return sweep::plain_text(at->second);
    return is_own(name) ? std::optional(own_text(name, context)) : std::nullopt;
  };
  std::vector<std::string> out;
  for (const TextTemplate& word : words_) {
    if (std::optional<std::string> text = word.filled(value)) out.push_back(std::move(*text));
  }
  return out;
}

std::vector<std::pair<std::string, std::optional<std::string>>> trial_environment(const TrialValues& values,
                                                                                  const TrialContext& context) {
  std::vector<std::pair<std::string, std::optional<std::string>>> out{
      {"MOOLA_STUDY", context.study},
      {"MOOLA_TRIAL", std::to_string(context.number)},
      {"MOOLA_ATTEMPT", std::to_string(context.attempt)},
      {"MOOLA_SEED", std::to_string(context.seed)},
      {"MOOLA_TRIAL_FOLDER", context.folder.string()},
      {"MOOLA_PARAMETERS", own_text("parameters", context)}};
  for (const auto& [name, value] : values) out.emplace_back(variable_of(name), sweep::plain_text(value));
  return out;
}

std::string shown(const TrialValues& values) {
  std::string out;
  for (const auto& [name, value] : values) {
    const double* number = std::get_if<double>(&value);
    out += fmt::format("{}{}={}", out.empty() ? "" : " ", name,
                       number != nullptr ? fmt::format("{:.6g}", *number) : sweep::plain_text(value));
  }
  return out;
}

std::string trial_toml(const TrialValues& values) {
  // Keys without a table come first, or they would belong to the last one.
  std::map<std::string, std::string> tables;
  for (const auto& [name, value] : values) {
    if (std::holds_alternative<std::monostate>(value)) continue;
    const std::size_t dot = name.find('.');
    const std::string table = dot == std::string::npos ? "" : name.substr(0, dot);
    const std::string key = dot == std::string::npos ? name : name.substr(dot + 1);
    tables[table] += fmt::format("{} = {}\n", dotted_key(key), sweep::toml_text(value));
  }
  std::string out;
  for (const auto& [table, lines] : tables) {
    if (!table.empty()) out += fmt::format("{}[{}]\n", out.empty() ? "" : "\n", dotted_key(table));
    out += lines;
  }
  return out;
}

}  // namespace moola::work
