#include "data/label_issues/labelled_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/utc_time.h"
#include "data/tables/feature_table_file.h"

namespace moola::data {
namespace {

LabelledRows rows_of_table(const std::filesystem::path& workspace, const OofFile& oof) {
  const FeatureTableFile table(workspace, oof.info().data, to_string(oof.id()));
  const HorizonColumns& horizon = table.horizon(oof.info().horizon);
  if (horizon.label.empty()) {
    throw DataError(fmt::format("horizon {} of {} has targets of a regression, and predictions are of classes.",
                                horizon.horizon, to_string(table.id())));
  }
  const std::set<std::int8_t> classes(horizon.label.begin(), horizon.label.end());
  LabelledRows out{.time = table.rows().time, .symbols = table.info().symbols, .symbol = table.rows().symbol};
  std::vector<std::int32_t> number(256, -1);
  for (const std::int8_t label : classes) {
    if (label == kInvalidLabel) continue;
    number[static_cast<std::uint8_t>(label)] = static_cast<std::int32_t>(out.class_names.size());
    out.class_names.push_back(std::to_string(label));
  }
  for (const std::int8_t label : horizon.label) out.label.push_back(number[static_cast<std::uint8_t>(label)]);
  return out;
}

LabelledRows rows_of_windows(const std::filesystem::path& workspace, const OofFile& oof) {
  const DatasetReader reader = open_parent(workspace, oof.info().data, to_string(oof.id()));
  const hdf5::File& file = reader.file();
  LabelledRows out{.class_names = file.list_attribute("label_names"), .label = file.read<std::int32_t>("y")};
  if (file.has_dataset("t0")) out.time = file.read<std::int64_t>("t0");
  if (file.attribute("window_ids")) out.window_ids = file.list_attribute("window_ids");
  const auto classes = static_cast<std::int32_t>(out.class_names.size());
  const bool fits = (out.time.empty() || out.time.size() == out.size()) &&
                    (out.window_ids.empty() || out.window_ids.size() == out.size()) &&
                    std::ranges::all_of(out.label, [&](std::int32_t label) { return label >= 0 && label < classes; });
  if (fits) return out;
  throw DataError(
      fmt::format("{} has {} windows, {} t0, {} window ids and {} class names, which do not fit together; "
                  "it was not written by Moola, or is damaged.",
                  file.path().string(), out.size(), out.time.size(), out.window_ids.size(), classes));
}

void check_predictions(const OofFile& oof, const LabelledRows& rows) {
  const OofRows& predicted = oof.rows();
  const std::vector<std::string>& classes = oof.info().class_names;
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    const auto row = static_cast<std::size_t>(predicted.row[i]);
    const bool labelled = predicted.label[i] >= 0;
    const std::string said = labelled ? classes[static_cast<std::size_t>(predicted.label[i])] : "none";
    if (labelled != (rows.label[row] >= 0) || said != rows.label_text(row)) {
      throw DataError(
          fmt::format("{} says that row {} of {} is labelled {}, but it is labelled {} there. Make the "
                      "predictions again.",
                      to_string(oof.id()), row, to_string(oof.info().data.id), said, rows.label_text(row)));
    }
    if (rows.symbols.empty() || predicted.time[i] == rows.time[row]) continue;
    throw DataError(
        fmt::format("{} says that row {} of {} is of {}, but it is of {} there. Make the predictions again.",
                    to_string(oof.id()), row, to_string(oof.info().data.id),
                    predicted.time[i] == kNoTime ? "no time" : utc_text(predicted.time[i]), utc_text(rows.time[row])));
  }
}

}  // namespace

const std::string& LabelledRows::label_text(std::size_t row) const {
  static const std::string none = "none";
  return label[row] < 0 ? none : class_names[static_cast<std::size_t>(label[row])];
}

const std::string& LabelledRows::symbol_of(std::size_t row) const {
  return symbols[symbol.empty() ? 0 : static_cast<std::size_t>(symbol[row])];
}

LabelledRows read_labelled_rows(const std::filesystem::path& workspace, const OofFile& oof) {
  LabelledRows out = oof.info().horizon > 0 ? rows_of_table(workspace, oof) : rows_of_windows(workspace, oof);
  check_predictions(oof, out);
  return out;
}

}  // namespace moola::data
