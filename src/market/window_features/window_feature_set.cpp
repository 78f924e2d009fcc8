#include "market/window_features/window_feature_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/error.h"
#include "base/nearest.h"
#include "market/window_features/sets.h"

namespace moola::market {
namespace {

std::optional<std::size_t> whole_number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

InnerWindow usual_inner_window(std::size_t length) {
  const std::size_t begin = length * 2 / 7;
  return {.begin = begin, .end = std::max(begin + 1, length * 5 / 7)};
}

InnerWindow parse_inner_window(std::string_view text, std::size_t length) {
  const std::size_t dots = text.find("..");
  const auto first = whole_number(text.substr(0, dots));
  const auto last = dots == std::string_view::npos ? std::nullopt : whole_number(text.substr(dots + 2));
  if (!first || !last || *last < *first || *last >= length) {
    throw ConfigError(
        fmt::format("the inner window is given by its first and its last bar, within 0 and {} of these windows, such "
                    "as --inner {}; found '{}'.",
                    length - 1, to_string(usual_inner_window(length)), text));
  }
  return {.begin = *first, .end = *last + 1};
}

std::string to_string(const InnerWindow& inner) {
  return fmt::format("{}..{}", inner.begin, inner.end - 1);
}

std::string_view to_string(WindowFeatureForm form) {
  return form == WindowFeatureForm::per_bar      ? "per bar"
         : form == WindowFeatureForm::per_window ? "per window"
                                                 : "per window, bar by bar";
}

std::size_t WindowFeatureSet::values(std::size_t length) const {
  return form == WindowFeatureForm::per_window ? columns.size() : columns.size() * length;
}

std::vector<std::string> WindowFeatureSet::names(std::size_t length) const {
  std::vector<std::string> out;
  const std::size_t bars = form == WindowFeatureForm::unrolled ? length : 1;
  for (std::size_t t = 0; t < bars; ++t) {
    for (const WindowFeatureColumn& column : columns) {
      out.push_back(form == WindowFeatureForm::unrolled ? fmt::format("{}_{}_{}", name, column.name, t)
                                                        : fmt::format("{}_{}", name, column.name));
    }
  }
  return out;
}

const std::vector<WindowFeatureSet>& window_feature_sets() {
  static const std::vector<WindowFeatureSet> sets{relative_set(), relativity_set(), advanced_set(), feats20_set(),
                                                  hopsketch_set()};
  return sets;
}

const WindowFeatureSet& find_window_feature_set(std::string_view name) {
  const auto& sets = window_feature_sets();
  const auto found = std::ranges::find(sets, name, &WindowFeatureSet::name);
  if (found != sets.end()) return *found;
  std::vector<std::string> names;
  for (const WindowFeatureSet& set : sets) names.push_back(set.name);
  throw ConfigError(fmt::format("there is no set '{}' of window features; there are {}.{}", name,
                                fmt::join(names, ", "), did_you_mean(name, names)));
}

}  // namespace moola::market
