#pragma once
#include <cstdint>
#include <vector>

#include "data/windows/window_table.h"

namespace moola::data {

/// What splits must keep together: windows of one base (blacklist.h) and windows of exactly the same bars share a
/// group, numbered from 0 in the order of first windows. Empty when there are no ids and no two windows are the same.
/// Cost O(values).
std::vector<std::int64_t> groups_of(const WindowTable& table);

/// Windows of exactly the same bars, two or more each, that have more than one label among them; in order.
std::vector<std::vector<std::uint64_t>> conflicting_labels(const WindowTable& table);

}  // namespace moola::data
