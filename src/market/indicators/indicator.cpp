#include "market/indicators/indicator.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "base/error.h"
#include "base/nearest.h"
#include "market/indicators/families.h"

namespace moola::market {
namespace {

// A whole number or one with decimals at the beginning of `text`, which loses it.
std::optional<double> take_number(std::string_view& text) {
  double value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (wrong != std::errc() || !std::isfinite(value)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

std::size_t parameter_index(const Indicator& indicator, std::string_view name) {
  for (std::size_t i = 0; i < indicator.parameters.size(); ++i) {
    if (indicator.parameters[i].name == name) return i;
  }
  throw std::logic_error(fmt::format("indicator {} has no parameter {}", indicator.name, name));
}

constexpr std::string_view kOther = "other";

// The literal text up to the next parameter or symbol, and that; both leave `pattern`.
struct Segment {
  std::string_view literal;
  std::optional<std::size_t> parameter;
  bool other = false;
};
Segment take_segment(const Indicator& indicator, std::string_view& pattern) {
  const std::size_t open = pattern.find('{');
  Segment out{.literal = pattern.substr(0, open), .parameter = std::nullopt};
  if (open == std::string_view::npos) {
    pattern = {};
    return out;
  }
  const std::size_t close = pattern.find('}', open);
  const std::string_view name = pattern.substr(open + 1, close - open - 1);
  out.other = name == kOther;
  if (!out.other) out.parameter = parameter_index(indicator, name);
  pattern.remove_prefix(close + 1);
  return out;
}

// The symbol at the beginning of `text`, which loses it. Symbols may hold what follows them in the pattern, so that the
// last place counts where that stands.
std::string_view take_symbol(std::string_view& text, std::string_view pattern) {
  const std::size_t end = text.rfind(pattern.substr(0, pattern.find('{')));
  const std::string_view out = text.substr(0, end == std::string_view::npos ? 0 : end);
  text.remove_prefix(out.size());
  return out;
}

std::optional<IndicatorColumn> match(const Indicator& indicator, std::size_t output, std::string_view pattern,
                                     std::string_view name) {
  IndicatorColumn found{.indicator = &indicator, .values = usual_values(indicator), .output = output};
  while (!pattern.empty()) {
    const auto [literal, parameter, other] = take_segment(indicator, pattern);
    if (!name.starts_with(literal)) return std::nullopt;
    name.remove_prefix(literal.size());
    if (other) {
      found.other = take_symbol(name, pattern);
      if (found.other.empty()) return std::nullopt;
    }
    if (!parameter) continue;
    const auto value = take_number(name);
    if (!value) return std::nullopt;
    found.values.set(*parameter, *value);
  }
  return name.empty() ? std::optional(found) : std::nullopt;
}

// Without an exponent, as take_number reads it.
std::string number_text(double value) {
  std::array<char, 400> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed).ptr;
  return {text.data(), end};
}

// The column's name by `pattern`; none when it leaves out a parameter that is not the usual.
std::optional<std::string> written(const IndicatorColumn& column, std::string_view pattern) {
  std::string out;
  ParameterValues named = usual_values(*column.indicator);
  while (!pattern.empty()) {
    const auto [literal, parameter, other] = take_segment(*column.indicator, pattern);
    out += literal;
    if (other) out += column.other;
    if (!parameter) continue;
    named.set(*parameter, column.values.number(*parameter));
    out += number_text(column.values.number(*parameter));
  }
  return named == column.values ? std::optional(out) : std::nullopt;
}

// The symbol that a mistyped column of two symbols most likely names: what stands before its last number.
std::string symbol_in(const std::string& name) {
  const std::size_t end = name.rfind('_');
  const std::size_t before = end == std::string::npos || end == 0 ? end : name.rfind('_', end - 1);
  return before == std::string::npos ? "" : name.substr(before + 1, end - before - 1);
}

void check_values(const IndicatorColumn& column, const std::string& name) {
  for (std::size_t i = 0; i < column.indicator->parameters.size(); ++i) {
    const IndicatorParameter& parameter = column.indicator->parameters[i];
    const double value = column.values.number(i);
    const bool whole = !parameter.whole || value == std::floor(value);
    if (value >= parameter.least && value <= parameter.most && whole) continue;
    throw ConfigError(fmt::format("column {}: {} = {} must be {}from {} to {}.", name, parameter.name,
                                  number_text(value), parameter.whole ? "a whole number " : "",
                                  number_text(parameter.least), number_text(parameter.most)));
  }
}

}  // namespace

BarColumns columns_of(const Bars& bars) {
  return {bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume};
}

std::string_view to_string(ColumnKind kind) {
  static constexpr std::array<std::string_view, 8> kNames{"returns", "oscillator", "price",    "volatility",
                                                          "volume",  "signed sum", "temporal", "state"};
  return kNames[static_cast<std::size_t>(kind)];
}

Scratch::Column::Column(Scratch& from) : from_(from) {
  if (from.free_.empty()) {
    data_ = &from.all_.emplace_back(from.rows_);
  } else {
    data_ = from.free_.back();
    from.free_.pop_back();
  }
}

Scratch::Column::~Column() {
  from_.free_.push_back(data_);
}

IndicatorCall::IndicatorCall(const BarColumns& bars_in, const ParameterValues& values_in,
                             std::span<const std::span<double>> outputs, Scratch& scratch_in)
    : bars(bars_in),
      values(values_in),
      scratch(scratch_in),
      outputs_(outputs),
      unwanted_(outputs.size()),
      undefined_(outputs.size()) {}

std::span<double> IndicatorCall::out(std::size_t output) {
  if (wanted(output) || bars.size() == 0) return outputs_[output];
  std::optional<Scratch::Column>& unwanted = unwanted_[output];
  if (!unwanted) unwanted.emplace(scratch);
  return unwanted->span();
}

std::string IndicatorColumn::name() const {
  for (const std::string& pattern : indicator->outputs[output].names) {
    if (auto text = written(*this, pattern)) return *text;
  }
  throw std::logic_error(fmt::format("no name of {} says all of its parameters", indicator->name));
}

const std::vector<Indicator>& indicators() {
  static const std::vector<Indicator> table = [] {
    std::vector<Indicator> all;
    for (auto* family : kIndicatorFamilies) {
      for (Indicator& indicator : family()) all.push_back(std::move(indicator));
    }
    return all;
  }();
  return table;
}

const Indicator& find_indicator(std::string_view name) {
  std::vector<std::string> known;
  for (const Indicator& indicator : indicators()) {
    if (indicator.name == name) return indicator;
    known.push_back(indicator.name);
  }
  throw ConfigError(fmt::format("there is no indicator '{}'.{}", name, did_you_mean(std::string(name), known)));
}

IndicatorColumn find_column(const std::string& name) {
  std::vector<std::string> known;
  for (const auto* table : {&indicators(), &cross_asset_indicators()}) {
    for (const Indicator& indicator : *table) {
      for (std::size_t output = 0; output < indicator.outputs.size(); ++output) {
        for (const std::string& pattern : indicator.outputs[output].names) {
          const auto found = match(indicator, output, pattern, name);
          if (!found) continue;
          check_values(*found, name);
          return *found;
        }
        IndicatorColumn usual{.indicator = &indicator, .values = usual_values(indicator), .output = output};
        if (table == &cross_asset_indicators()) usual.other = symbol_in(name);
        known.push_back(usual.name());
      }
    }
  }
  throw ConfigError(fmt::format("there is no column '{}'.{}", name, did_you_mean(name, known)));
}

ParameterValues usual_values(const Indicator& indicator) {
  ParameterValues values;
  for (std::size_t i = 0; i < indicator.parameters.size(); ++i) values.set(i, indicator.parameters[i].usual);
  return values;
}

}  // namespace moola::market
