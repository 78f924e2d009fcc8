#pragma once
// What the entries of several families' tables are made of. For the .cpp files beside it.
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "market/indicators/indicator.h"

namespace moola::market {

/// Rows of warm-up, as IndicatorOutput wants them.
inline int no_warm_up(const ParameterValues&) {
  return 0;
}
inline int one_row(const ParameterValues&) {
  return 1;
}
/// As many as the first parameter says, and one less: a window whose first value has something before it, or not.
inline int first_parameter_rows(const ParameterValues& values) {
  return values.whole(0);
}
inline int first_parameter_rows_less_one(const ParameterValues& values) {
  return values.whole(0) - 1;
}

/// A number of bars.
inline IndicatorParameter bars_parameter(std::string name, double usual, double least = 1) {
  return {.name = std::move(name), .usual = usual, .least = least, .most = 100'000};
}

/// Where an output goes; empty when nobody wants it.
inline std::span<double> wanted(IndicatorCall& call, std::size_t output) {
  return call.wanted(output) ? call.out(output) : std::span<double>{};
}

/// An indicator of one output.
inline Indicator single_indicator(std::string family, std::string name, std::string title, std::string inputs,
                                  std::vector<IndicatorParameter> parameters, IndicatorOutput output,
                                  std::string definition, void (*compute)(IndicatorCall&)) {
  return {.name = std::move(name),
          .title = std::move(title),
          .family = std::move(family),
          .inputs = std::move(inputs),
          .parameters = std::move(parameters),
          .outputs = {std::move(output)},
          .definition = std::move(definition),
          .compute = compute};
}

}  // namespace moola::market
