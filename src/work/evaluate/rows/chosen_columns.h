#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "work/evaluate/config/evaluate_config.h"

namespace moola::work {

/// Which of the columns `names` data.features and data.exclude mean, in order: by name, or by a beginning with a star;
/// all of them where data.features is empty. Throws ConfigError for a name that means none of them, with the nearest,
/// and where none is left; `set` is the data set that has them.
std::vector<std::size_t> chosen_columns(const EvaluateConfig& config, const std::vector<std::string>& names,
                                        const std::string& set);

}  // namespace moola::work
