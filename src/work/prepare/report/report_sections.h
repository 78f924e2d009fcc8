#pragma once
// The sections of the page of moola prepare, one family of facts each. To add one: its function in a file of its own,
// and a line in table_section of prepare_report.cpp.
#include <string>

#include "base/json.h"
#include "record/html.h"
#include "work/prepare/stage.h"
#include "work/prepare/workbench.h"

namespace moola::work {

/// Prices, coverage and cleaning of a table's symbols, and of those that they are compared with. `facts`: as
/// prepare_facts; `stamps`: of the validation, by symbol.
record::Html bars_section(Workbench& bench, const Json& facts, const StageUnit& table, const Json& stamps);

/// Train, validation and test in time. `splits`: of the table.
record::Html parts_section(const Json& splits);

/// How labels were made, with barriers and their search where there are some; classes or targets of each part and over
/// time; what trades came to. `facts`: as prepare_facts.
record::Html labels_section(Workbench& bench, const Json& facts, const std::string& table);

/// How far columns have moved since the train part. `drift`: of the table.
record::Html drift_section(const Json& drift);

/// What columns tell alone, and which of them wander. `validation`: of the table, here and below.
record::Html relevance_section(const Json& validation);

/// Correlations, groups, and what stands where a column has no definition.
record::Html columns_section(const Json& validation);

/// The checks that try to catch the table cheating. `checks`: of the table's validation.
record::Html leakage_section(const Json& checks);

}  // namespace moola::work
