#include "data/tables/table_columns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <span>

#include "base/error.h"
#include "base/nearest.h"

namespace moola::data {
namespace {

using Names = std::vector<std::string>;

const Names kTimeNames{"datetime", "timestamp", "time", "date", "dt", "ts", "open_time", "__index_level_0__"};
const Names kSymbolNames{"symbol", "ticker", "instrument"};
const Names kLabelNames{"label", "target", "y"};
const Names kEndNames{"label_end_time", "label_end", "t1"};
const Names kWeightNames{"sample_weight", "weight"};
const Names kQualityNames{"quality", "quality_score", "label_quality"};

const Names kBarNames{"open", "high", "low", "close", "volume"}, kShortBarNames{"o", "h", "l", "c", "v"};
const Names kRowNames{"timeframe",   "session_id", "session", "missing_bar", "filled",   "roll_event",
                      "roll_window", "is_roll",    "split",   "fold",        "window_id"};
// What a labelled table says of a row and nobody knows at that row's time.
const Names kOutcomeBeginnings{"label",   "target",      "t1_",      "sample_weight", "weight_h",
                               "quality", "bars_to_hit", "mae_",     "mfe_",          "touch_type",
                               "touch_h", "fwd_return",  "forward_", "pain_to_gain",  "time_weighted",
                               "exit_",   "future_"};

std::string lower(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return small;
}

bool is_one_of(const Names& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

// "label_h20" and "label_20" are "label" of horizon 20; a name without a number is of none (0).
std::pair<std::string, std::int32_t> split_horizon(const std::string& name) {
  const std::size_t digits = name.find_last_not_of("0123456789") + 1;
  std::int32_t horizon = 0;
  const auto [end, error] = std::from_chars(name.data() + digits, name.data() + name.size(), horizon);
  if (error != std::errc() || horizon <= 0) return {name, 0};
  std::string stem = name.substr(0, digits);
  if (stem.ends_with("_h"))
    stem.resize(stem.size() - 2);
  else if (stem.ends_with('_'))
    stem.resize(stem.size() - 1);
  else
    return {name, 0};  // "t1" is no "t" of horizon 1
  return {stem, horizon};
}

class Chooser {
 public:
  Chooser(const SourceTable& table, const ColumnChoice& choice)
      : table_(table),
        choice_(choice),
        // One letter alone says nothing.
        short_bars_(std::ranges::all_of(std::span(kShortBarNames).first(4),
                                        [&](const std::string& name) { return !usual({name}).empty(); })) {}

  TableColumns choose() {
    result_.time = choice_.time.empty() ? usual(kTimeNames) : existing(choice_.time, "--time");
    if (result_.time.empty()) {
      throw DataError(fmt::format("{} has no column of times among {}; name it with --time.", table_.file(),
                                  fmt::join(table_.names(), ", ")));
    }
    result_.symbol = choice_.symbol.empty() ? usual(kSymbolNames) : existing(choice_.symbol, "--symbol");
    choose_labels();
    choose_features();
    return std::move(result_);
  }

 private:
  std::string existing(const std::string& name, const char* option) const {
    if (!table_.find(name)) {
      throw ConfigError(fmt::format("{} {}: {} has no such column.{}", option, name, table_.file(),
                                    did_you_mean(name, table_.names())));
    }
    return name;
  }

  // The first of these names that there is, in any case.
  std::string usual(const Names& names) const {
    for (const std::string& wanted : names) {
      const auto found =
          std::ranges::find_if(table_.names(), [&](const std::string& name) { return lower(name) == wanted; });
      if (found != table_.names().end()) return *found;
    }
    return "";
  }

  // The column of a horizon that has one of these names.
  std::string usual(const Names& stems, std::int32_t horizon, bool only) const {
    for (const std::string& name : table_.names()) {
      const auto [stem, of] = split_horizon(lower(name));
      if (is_one_of(stems, stem) && (of == horizon || (of == 0 && only))) return name;
    }
    return "";
  }

  void choose_labels() {
    Names names;
    for (const std::string& name : choice_.labels) names.push_back(existing(name, "--label"));
    if (names.empty()) {
      for (const std::string& name : table_.names()) {
        if (is_one_of(kLabelNames, split_horizon(lower(name)).first)) names.push_back(name);
      }
    }
    for (const auto& [option, given] : {std::pair{"--t1", &choice_.t1}, std::pair{"--weight", &choice_.weights},
                                        std::pair{"--quality", &choice_.quality}}) {
      if (!given->empty() && given->size() != names.size()) {
        throw ConfigError(fmt::format("{} names {} columns, but there are {} labels ({}); name one for each.", option,
                                      given->size(), names.size(), fmt::join(names, ", ")));
      }
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
      LabelColumns labels{
          .horizon = horizon_of(names[i], names.size()), .label = names[i], .t1 = {}, .weight = {}, .quality = {}};
      const auto beside = [&](const Names& given, const char* option, const Names& stems) {
        return given.empty() ? usual(stems, labels.horizon, names.size() == 1) : existing(given[i], option);
      };
      labels.t1 = beside(choice_.t1, "--t1", kEndNames);
      labels.weight = beside(choice_.weights, "--weight", kWeightNames);
      labels.quality = beside(choice_.quality, "--quality", kQualityNames);
      result_.labels.push_back(std::move(labels));
    }
    std::ranges::sort(result_.labels, {}, &LabelColumns::horizon);
    const auto twice = std::ranges::adjacent_find(result_.labels, {}, &LabelColumns::horizon);
    if (twice != result_.labels.end()) {
      throw ConfigError(fmt::format("'{}' and '{}' of {} are both labels of horizon {}; choose with --label.",
                                    twice->label, std::next(twice)->label, table_.file(), twice->horizon));
    }
  }

  std::int32_t horizon_of(const std::string& label, std::size_t labels) const {
    const std::int32_t horizon = split_horizon(lower(label)).second;
    if (labels == 1 && choice_.horizon) return *choice_.horizon;
    if (horizon > 0) return horizon;
    if (labels == 1) return 1;
    throw ConfigError(fmt::format(
        "the label '{}' of {} has no horizon in its name, as label_h20 has, and there are several labels; choose with "
        "--label.",
        label, table_.file()));
  }

  static bool matches(const Names& patterns, const std::string& name) {
    return std::ranges::any_of(patterns, [&](const std::string& pattern) {
      return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1)) : name == pattern;
    });
  }

  void check_patterns(const Names& patterns, const char* option) const {
    for (const std::string& pattern : patterns) {
      if (!pattern.ends_with('*'))
        existing(pattern, option);
      else if (std::ranges::none_of(table_.names(), [&](const auto& name) { return matches({pattern}, name); }))
        throw ConfigError(fmt::format("{} {}: no column of {} begins so.", option, pattern, table_.file()));
    }
  }

  bool is_used(const std::string& name) const {
    return name == result_.time || name == result_.symbol ||
           std::ranges::any_of(result_.labels, [&](const LabelColumns& labels) {
             return name == labels.label || name == labels.t1 || name == labels.weight || name == labels.quality;
           });
  }

  // Why a column is no feature unless it is asked for; empty when it is one.
  std::string reason_against(std::size_t column) const {
    const std::string& name = table_.names()[column];
    const std::string small = lower(name);
    if (is_one_of(kBarNames, small) || (short_bars_ && is_one_of(kShortBarNames, small))) return "bars";
    if (is_one_of(kRowNames, small) || is_one_of(kTimeNames, small)) return "describes rows";
    if (std::ranges::any_of(kOutcomeBeginnings, [&](const std::string& begin) { return small.starts_with(begin); }))
      return "known only afterwards";
    if (table_.type(column) == ColumnType::number) return "";
    if (const auto fault = table_.first_no_number(column)) {
      throw DataError(fmt::format(
          "{}: column '{}', row {} (counted from 0) is '{}', which is no number. Put it right, or leave the column out "
          "with --exclude {}.",
          table_.file(), name, fault->first, fault->second, name));
    }
    return "no numbers";
  }

  void choose_features() {
    check_patterns(choice_.features, "--features");
    check_patterns(choice_.exclude, "--exclude");
    for (std::size_t column = 0; column < table_.names().size(); ++column) {
      const std::string& name = table_.names()[column];
      if (is_used(name)) continue;
      const bool asked = matches(choice_.features, name);
      if (matches(choice_.exclude, name) || (!choice_.features.empty() && !asked)) {
        result_.left_out["not asked for"].push_back(name);
      } else if (const std::string reason = asked ? "" : reason_against(column); !reason.empty()) {
        result_.left_out[reason].push_back(name);
      } else if (table_.type(column) != ColumnType::number) {
        throw ConfigError(fmt::format("--features: column '{}' of {} holds no numbers.", name, table_.file()));
      } else {
        result_.features.push_back(name);
      }
    }
    if (result_.features.empty()) {
      throw DataError(fmt::format("{} has no column left that could be a feature among {}; name them with --features.",
                                  table_.file(), fmt::join(table_.names(), ", ")));
    }
  }

  const SourceTable& table_;
  const ColumnChoice& choice_;
  bool short_bars_;
  TableColumns result_;
};

}  // namespace

TableColumns choose_columns(const SourceTable& table, const ColumnChoice& choice) {
  return Chooser(table, choice).choose();
}

}  // namespace moola::data
