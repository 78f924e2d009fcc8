#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/toml.h"
#include "sweep/space/parameter_value.h"

namespace moola::cluster {

/// What one element of an array has for each of its names.
using ArrayElement = std::vector<std::pair<std::string, sweep::ParameterValue>>;

/// A step that is done once for each of several values. Of a step that is done once: no element.
struct StepArray {
  std::vector<ArrayElement> elements = {};
  std::int64_t at_a_time = 0;  // so many run beside each other; 0: as many as the place takes
};

/// Reads one of
///     { list = ["a", "b c"] }                     as {element}
///     { list = [{ symbol = "BTC", horizon = 5 }] }
///     { grid = { "train.lr" = [1e-3, 1e-4], seed = [1, 2] } }    the last name runs fastest
///     { seeds = 8 } or { seeds = [3, 5] }         as {seed}; 8: 1 to 8
/// and `at_a_time`. `where` names it in messages. Throws ConfigError for an array over nothing, an element twice, names
/// that differ from one to the next, and more than 100,000 elements.
StepArray read_step_array(const toml::node& node, const std::string& where);

}  // namespace moola::cluster
