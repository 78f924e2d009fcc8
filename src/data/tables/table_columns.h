#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/tables/source_table.h"

namespace moola::data {

/// What the user says about the columns of a table; what is empty is found by the usual names.
struct ColumnChoice {
  std::string time = {}, symbol = {};
  std::vector<std::string> labels = {};                          // of one or several horizons
  std::vector<std::string> t1 = {}, weights = {}, quality = {};  // of the same horizons in the same order
  std::optional<std::int32_t> horizon = {};                      // of a single label whose name has no number
  std::vector<std::string> features = {};  // names, or beginnings with a star; empty: all that may be one
  std::vector<std::string> exclude = {};   // the same
};

/// Columns of one horizon by name; empty where there is none.
struct LabelColumns {
  std::int32_t horizon = 0;
  std::string label = {}, t1 = {}, weight = {}, quality = {};
};

/// Which columns of a table are what.
struct TableColumns {
  std::string time, symbol;          // symbol empty: a table of one
  std::vector<LabelColumns> labels;  // ascending by horizon
  std::vector<std::string> features;
  std::map<std::string, std::vector<std::string>> left_out;  // by reason
};

/// Finds the columns of a table by `choice` and by the usual names, in any case:
///
/// - time: datetime, timestamp, time, date, dt, ts, open_time, pandas' unnamed index; symbol: symbol, ticker,
/// instrument
/// - of each horizon h, written _h20, _20 or not at all: label, target, y; label_end_time, label_end, t1;
///   sample_weight, weight; quality, quality_score, label_quality
///
/// Features are all other columns of numbers but bars (open … volume), what describes rows (session_id, filled, …) and
/// what is only known afterwards (mae_, mfe_, bars_to_hit_, touch_type_, fwd_return_, …): a table that was labelled has
/// these beside its features, and they would tell the label. `choice.features` takes any.
///
/// Throws ConfigError for a name that is not there (the nearest is named), lists of unequal length, two labels of one
/// horizon; DataError when there is no time, or no feature. Source: reference factory.md 1.7, 2.
TableColumns choose_columns(const SourceTable& table, const ColumnChoice& choice);

}  // namespace moola::data
