#pragma once
#include <array>

#include "market/checks/rows.h"
#include "work/prepare/checks/table_checks.h"

namespace moola::work {

inline constexpr std::size_t kStretches = 60;  // of time, for what labels are over it
inline constexpr std::array<std::size_t, 5> kPersistenceLags{1, 5, 10, 20, 50};

/// The same ranges, for checks of the market.
std::vector<market::Rows> market_rows(const std::vector<validation::RowRange>& ranges);

/// What there is to know of a horizon's targets, numbers instead of classes: a summary of every part and of stretches
/// of time, how far later parts have moved from the train part ("drift"; beyond validation.psi it is a warning), and
/// how they go together with later ones.
Json target_facts(Workbench& bench, const TableLayout& layout, const validation::ChronologicalSplit& split,
                  std::size_t horizon, TableFindings& found);

}  // namespace moola::work
