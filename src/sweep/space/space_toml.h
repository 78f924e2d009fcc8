#pragma once
#include <string>
#include <vector>

#include "base/toml.h"
#include "sweep/space/expression.h"
#include "sweep/space/search_space.h"

namespace moola::sweep {

/// A search space as a configuration says it, with what stands beside it.
struct ConfiguredSpace {
  SearchSpace space = {};
  std::vector<NamedValue> fixed = {};  // the same for every trial
  std::vector<Point> enqueued = {};    // to be tried first; NaN where the sampler decides
};

/// Reads a table whose keys are parameters:
///
///     x = { float = [-5.0, 5.0] }
///     train.lr = { float = [1e-5, 1e-1], log = true }     # or "train.lr", or lr in a table train
///     train.dropout = { float = [0, 0.5], step = 0.05 }
///     width = { int = [16, 256], step = 16 }
///     opt = { choice = ["adam", "sgd"] }                   # texts, numbers, truth values; {} is none
///     momentum = { float = [0, 0.99], when = { opt = "sgd" } }
///     nesterov = { choice = [true, false], when = { momentum = [0.9, 0.99] } }   # active where momentum is
///     steps = { value = 1000 }                             # fixed
///     constraints = ["width * train.lr < 1"]               # expression.h; fixed values may be named
///     enqueue = [{ x = 1, opt = "adam" }]                  # points; the sampler decides what is missing
///
/// Parameters are in the file's order, but each behind the one that its condition names. A fixed value with a condition
/// is a parameter with one choice. `where` begins every message: the file and the table.
/// Throws ConfigError, with the line, the key, what was expected and the nearest key, for what is wrong.
ConfiguredSpace parse_space(const toml::table& table, const std::string& where);

/// As TOML that `parse_space` reads back equal, a line for each parameter. Throws ConfigError for a parameter that is
/// called constraints or enqueue.
std::string space_text(const ConfiguredSpace& space);

}  // namespace moola::sweep
