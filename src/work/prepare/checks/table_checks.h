#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "validation/chronological_split.h"
#include "work/prepare/table_layout.h"

namespace moola::work {

/// What was found about a table: facts for the report, what a user should know before trusting it, and what makes it
/// worthless.
struct TableFindings {
  Json facts = Json::object();
  std::vector<std::string> warnings, leaks;
};

/// Every k-th of the rows, so that no more than `most` are left.
std::vector<validation::RowRange> thinned(const std::vector<validation::RowRange>& rows, std::size_t most);

/// Rows of the train part that statistics of pairs look at: more change nothing that matters.
inline constexpr std::size_t kSampledRows = 100'000;

/// Each adds to `found`; the features of the table's symbols are in the bench's memory.

/// "stamps": by symbol, duplicates, steps back and gaps.
void check_stamps(Workbench& bench, const TableLayout& layout, TableFindings& found);
/// "columns": a summary of each; "undefined": how many values had no definition, and what stands there; "correlation":
/// groups of columns that say the same, by the train rows, and the map; "selection": one column of each group.
void check_columns(Workbench& bench, const TableLayout& layout, const validation::ChronologicalSplit& split,
                   TableFindings& found);
/// "relevance": what each column alone tells of each horizon's label (of a target: whether it is of the highest or the
/// lowest third), by the train rows, and the columns in that order;
/// "stationarity": a unit root and a level tested in the last train rows of each symbol.
void check_relevance(Workbench& bench, const TableLayout& layout, const validation::ChronologicalSplit& split,
                     TableFindings& found);
/// "labels": of each horizon the shares of the classes in every part and over time, how long they stay the same, and
/// what trades returned by how they ended; of targets what target_facts says.
void check_labels(Workbench& bench, const TableLayout& layout, const validation::ChronologicalSplit& split,
                  TableFindings& found);
/// "leakage": bars are corrupted and features computed again; parts and their labels are held against each other;
/// columns against the returns that they must not know.
void check_leaks(Workbench& bench, const TableLayout& layout, const validation::ChronologicalSplit& split,
                 TableFindings& found);

}  // namespace moola::work
