#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace moola::cluster {

/// Elements of a step, ascending, as people and Slurm write them: "0-3,7", with a stride where that is shorter
/// ("0-8:2").
std::string element_list_text(const std::vector<std::size_t>& elements);

/// Reads "7", "0-3,7", "0-8:2", ascending and without doubles. Throws ConfigError for anything else and for more than
/// 100,000 elements.
std::vector<std::size_t> parse_element_list(std::string_view text);

}  // namespace moola::cluster
