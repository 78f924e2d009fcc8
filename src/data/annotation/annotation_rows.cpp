#include "data/annotation/annotation_rows.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "base/error.h"
#include "base/nearest.h"
#include "data/tables/source_table.h"

namespace moola::data {
namespace {

// A table's columns by name, where there may be none.
class Fields {
 public:
  explicit Fields(const std::filesystem::path& file)
      : table_(file, {"window_id", "label", "grade", "reason", "action", "given_label", "corrected_label"}) {
    if (!table_.find("window_id")) {
      throw DataError(fmt::format("{} has no column 'window_id'; its columns are {}.", table_.file(),
                                  fmt::join(table_.names(), ", ")));
    }
  }

  std::uint64_t rows() const { return table_.rows(); }
  bool has(const char* name) const { return table_.find(name).has_value(); }
  std::vector<std::string> texts(const char* name) const {
    const auto column = table_.find(name);
    return column ? table_.texts(*column) : std::vector<std::string>(table_.rows());
  }
  std::vector<std::optional<std::int64_t>> bars(const char* name) const {
    std::vector<std::optional<std::int64_t>> bars(table_.rows());
    const auto column = table_.find(name);
    if (!column) return bars;
    const std::vector<double> numbers = table_.numbers(*column);
    const std::vector<std::string> texts = table_.texts(*column);
    for (std::uint64_t row = 0; row < numbers.size(); ++row) {
      if (std::isnan(numbers[row]) && texts[row].empty()) continue;
      const bool bar = numbers[row] == std::floor(numbers[row]) && std::fabs(numbers[row]) < 1e9;
      if (!bar) refuse(row, name, texts[row]);
      bars[row] = static_cast<std::int64_t>(numbers[row]);
    }
    return bars;
  }
  std::vector<std::string> ids() const {
    std::vector<std::string> ids = texts("window_id");
    for (std::uint64_t row = 0; row < ids.size(); ++row) {
      if (ids[row].empty()) fail(row, "has no window_id");
    }
    return ids;
  }
  [[noreturn]] void fail(std::uint64_t row, const std::string& what) const {
    throw DataError(fmt::format("{}, row {} (counted from 0) {}.", table_.file(), row, what));
  }

 private:
  [[noreturn]] void refuse(std::uint64_t row, const char* name, const std::string& value) const {
    fail(row, fmt::format("has '{}' in '{}'; expected the number of a bar", value, name));
  }

  SourceTable table_;
};

}  // namespace

std::vector<Annotation> read_annotations(const std::filesystem::path& file, std::int64_t inner_begin) {
  const Fields fields(file);
  const auto ids = fields.ids(), labels = fields.texts("label"), grades = fields.texts("grade"),
             reasons = fields.texts("reason");
  const bool pointers = !fields.has("expansion_start");
  const auto starts = fields.bars(pointers ? "pointer_start" : "expansion_start"),
             ends = fields.bars(pointers ? "pointer_end" : "expansion_end");
  const std::int64_t shift = pointers ? inner_begin : 0;
  std::vector<Annotation> annotations;
  for (std::uint64_t row = 0; row < fields.rows(); ++row) {
    Annotation annotation{.row = row,
                          .window_id = ids[row],
                          .label = labels[row],
                          .expansion_start = starts[row],
                          .expansion_end = ends[row],
                          .grade = 0,
                          .reason = reasons[row]};
    if (annotation.expansion_start) *annotation.expansion_start += shift;
    if (annotation.expansion_end) *annotation.expansion_end += shift;
    const std::string& grade = grades[row];
    if (!grade.empty()) {
      const char letter = grade[0] >= 'a' && grade[0] <= 'd' ? static_cast<char>(grade[0] - 'a' + 'A') : grade[0];
      if (grade.size() != 1 || letter < 'A' || letter > 'D')
        fields.fail(row, fmt::format("has the grade '{}'; expected A, B, C, D, or nothing", grade));
      annotation.grade = letter;
    }
    annotations.push_back(std::move(annotation));
  }
  return annotations;
}

std::vector<Correction> read_corrections(const std::filesystem::path& file) {
  const Fields fields(file);
  const auto ids = fields.ids(), labels = fields.texts("corrected_label"), actions = fields.texts("action"),
             given = fields.texts("given_label"), reasons = fields.texts("reason");
  const auto starts = fields.bars("corrected_start"), ends = fields.bars("corrected_end");
  std::vector<Correction> corrections;
  for (std::uint64_t row = 0; row < fields.rows(); ++row) {
    Correction correction{.row = row,
                          .window_id = ids[row],
                          .given_label = given[row],
                          .label = labels[row],
                          .expansion_start = starts[row],
                          .expansion_end = ends[row],
                          .reason = reasons[row]};
    const bool corrects = !correction.label.empty() || correction.expansion_start || correction.expansion_end;
    if (starts[row].has_value() != ends[row].has_value())
      fields.fail(row, "has only one of corrected_start and corrected_end");
    const std::string& action = actions[row];
    if (action == "drop") {
      if (corrects) fields.fail(row, "drops the window and corrects it");
      correction.action = Correction::Action::drop;
    } else if (action.empty() || action == "correct") {
      if (action == "correct" && !corrects) fields.fail(row, "says 'correct' and has nothing that is corrected");
      correction.action = corrects ? Correction::Action::correct : Correction::Action::open;
    } else {
      fields.fail(row, fmt::format("has the action '{}'; expected correct, drop, or nothing.{}", action,
                                   did_you_mean(action, std::vector<std::string>{"correct", "drop"})));
    }
    corrections.push_back(std::move(correction));
  }
  return corrections;
}

}  // namespace moola::data
