#pragma once
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "record/html.h"
#include "work/pages/report_chart.h"
#include "work/sweep/report/study_facts.h"

namespace moola::work {

/// The page of a study: one file, no script, nothing from elsewhere. Points are thinned out where there are many, and
/// the page says so: it stays below a megabyte or two at any number of trials.
std::string study_page(const StudyFacts& facts);

/// Writes report.html and report.json into the study's folder. Throws IoError.
void write_study_report(const StudyFacts& facts, const std::filesystem::path& folder);

// ---- its parts -------------------------------------------------------------------------------------------------

record::Html honesty_section(const StudyFacts& facts);
record::Html history_section(const StudyFacts& facts);
record::Html intermediate_section(const StudyFacts& facts);
record::Html timeline_section(const StudyFacts& facts);
record::Html cost_section(const StudyFacts& facts);
record::Html failures_section(const StudyFacts& facts);
record::Html importance_section(const StudyFacts& facts);
record::Html parallel_section(const StudyFacts& facts);
record::Html slices_section(const StudyFacts& facts);
record::Html contours_section(const StudyFacts& facts);

/// At most `most` of the numbers, evenly taken, always the first and the last.
std::vector<std::uint64_t> thinned_out(const std::vector<std::uint64_t>& numbers, std::size_t most);

/// So many dots in a drawing hide none of each other, and may be large.
inline constexpr std::size_t kFewDots = 200;

/// The colour of a trial in every drawing.
ChartInk ink_of(sweep::TrialState state);

/// An axis of values that shows the good end whole: where the worst ones are far beyond the others it ends before them.
struct ValueAxis {
  ChartAxis axis = {};
  std::size_t outside = 0;  // values that it leaves out
  /// The value, or the axis's end that it lies beyond.
  double shown(double value) const;
};
ValueAxis axis_of_values(std::string label, const std::vector<double>& values, sweep::Direction direction);
/// The same of an objective of the complete trials.
ValueAxis value_axis(const StudyFacts& facts, std::size_t objective);

/// An axis of a parameter over all ranges that it had, by factors where its scale is logarithmic; choices stand at
/// 0, 1, and so on. Labels of choices are cut to `letters`.
ChartAxis parameter_axis(const StudyFacts& facts, const ParameterFacts& parameter, std::string label,
                         std::size_t letters = 12);
bool are_choices(const StudyFacts& facts, const ParameterFacts& parameter);

}  // namespace moola::work
