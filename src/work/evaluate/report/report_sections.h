#pragma once
// The sections of the page of an evaluation. Each is empty where what it shows is not there.
#include <string>

#include "work/evaluate/report/report_source.h"

namespace moola::work {

/// What came out, whether it may be believed, warnings and gates.
record::Html verdict_part(const ReportSource& source);

/// All configurations beside the baselines: what they forecast, and what they earned.
record::Html configurations_part(const ReportSource& source);

/// Equity over time of the best few, of the best one's paths and of buy and hold; Sharpe ratios over paths.
record::Html equity_part(const ReportSource& source);
record::Html paths_part(const ReportSource& source);
/// How deep the best was below its highest equity.
record::Html drawdown_part(const ReportSource& source);

/// What is left at other costs.
record::Html costs_part(const ReportSource& source);

/// Whether the choice among configurations is luck.
record::Html overfitting_part(const ReportSource& source);

/// What the best forecasts and what came, class by class; which features it looks at.
record::Html classes_part(const ReportSource& source);
record::Html importance_part(const ReportSource& source);

/// Whether what was forecast surely came surely: curve, histogram of confidence, sets of classes.
record::Html reliability_part(const ReportSource& source);

/// The splits as a table, and over time; what the best forecast on each.
record::Html splits_part(const ReportSource& source);

/// What it was made from. `run`: its name.
record::Html lineage_part(const ReportSource& source, const std::string& run);

}  // namespace moola::work
