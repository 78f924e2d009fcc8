#include "work/sweep/trials/trial_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/nearest.h"
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

bool is_bare(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

// Tables within tables keep their dots.
std::string toml_key(const std::string& key) {
  std::string out;
  for (std::size_t begin = 0; begin <= key.size();) {
    const std::size_t end = std::min(key.find('.', begin), key.size());
    const std::string part = key.substr(begin, end - begin);
    out += (begin == 0 ? "" : ".") + (is_bare(part) ? part : toml_quoted(part));
    begin = end + 1;
  }
  return out;
}

}  // namespace

TrialCommand::TrialCommand(std::vector<std::string> words, std::vector<std::string> parameters) {
  if (words.empty() || words.front().empty()) throw ConfigError("the command is empty: name the program to run.");
  for (const std::string& word : words) {
    std::vector<Piece> pieces(1);
    for (std::size_t i = 0; i < word.size(); ++i) {
      const bool doubled = i + 1 < word.size() && word[i + 1] == word[i];
      if (word[i] == '}' && !doubled)
        throw ConfigError(
            fmt::format("the word '{}' of the command has a brace too many; a brace itself is written }}}}.", word));
      if (word[i] != '{' || doubled) {
        pieces.back().text += word[i];
        if (word[i] == '{' || word[i] == '}') ++i;
        continue;
      }
      const std::size_t close = word.find('}', i);
      if (close == std::string::npos)
        throw ConfigError(
            fmt::format("the word '{}' of the command has an open brace; a brace itself is written {{{{.", word));
      const std::string name = word.substr(i + 1, close - i - 1);
      if (std::ranges::find(parameters, name) == parameters.end() && !is_own(name)) {
        std::vector<std::string> known(kOwnNames.begin(), kOwnNames.end());
        known.insert(known.end(), parameters.begin(), parameters.end());
        throw ConfigError(fmt::format("the word '{}' of the command names '{}', which is no parameter.{}", word, name,
                                      did_you_mean(name, known)));
      }
      pieces.push_back({.text = name, .is_name = true});
      pieces.push_back({});
      i = close;
    }
    words_.push_back(std::move(pieces));
  }
}

std::vector<std::string> TrialCommand::arguments(const TrialValues& values, const TrialContext& context) const {
  std::vector<std::string> out;
  for (const std::vector<Piece>& pieces : words_) {
    std::string word;
    bool whole = true;
    for (const Piece& piece : pieces) {
      if (!piece.is_name) {
        word += piece.text;
        continue;
      }
      const auto at = std::ranges::find(values, piece.text, [](const auto& each) { return each.first; });
      // A parameter of the same name as one of ours is meant.
      if (at != values.end())
        word += sweep::plain_text(at->second);
      else if (is_own(piece.text))
        word += own_text(piece.text, context);
      else
        whole = false;
    }
    if (whole) out.push_back(std::move(word));
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

std::string toml_text(const sweep::ParameterValue& value) {
  if (const std::string* text = std::get_if<std::string>(&value)) return toml_quoted(*text);
  if (const double* number = std::get_if<double>(&value); number != nullptr && !std::isfinite(*number))
    return std::isnan(*number) ? "nan" : *number > 0 ? "inf" : "-inf";
  return sweep::json_of(value);
}

std::string trial_toml(const TrialValues& values) {
  // Keys without a table come first, or they would belong to the last one.
  std::map<std::string, std::string> tables;
  for (const auto& [name, value] : values) {
    if (std::holds_alternative<std::monostate>(value)) continue;
    const std::size_t dot = name.find('.');
    const std::string table = dot == std::string::npos ? "" : name.substr(0, dot);
    const std::string key = dot == std::string::npos ? name : name.substr(dot + 1);
    tables[table] += fmt::format("{} = {}\n", toml_key(key), toml_text(value));
  }
  std::string out;
  for (const auto& [table, lines] : tables) {
    if (!table.empty()) out += fmt::format("{}[{}]\n", out.empty() ? "" : "\n", toml_key(table));
    out += lines;
  }
  return out;
}

}  // namespace moola::work
