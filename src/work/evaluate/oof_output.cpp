#include "work/evaluate/oof_output.h"

#include <algorithm>
#include <cctype>

#include "data/tables/oof_file.h"

namespace moola::work {
namespace {

// A configuration's name as part of a data set's.
std::string as_name(const std::string& configuration) {
  std::string out = configuration;
  for (char& c : out) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '_' && c != '=') c = '-';
  }
  return out;
}

data::OofRows rows_of(const EvaluationData& data, const std::vector<const FoldResult*>& folds) {
  struct Prediction {
    std::size_t number, row, fold, at;
  };
  std::vector<Prediction> all;
  for (std::size_t fold = 0; fold < folds.size(); ++fold) {
    if (folds[fold] == nullptr) continue;
    for (std::size_t i = 0; i < folds[fold]->row.size(); ++i) {
      const std::size_t row = folds[fold]->row[i] - data.first_row;
      all.push_back({data.number_of(row), row, fold, i});
    }
  }
  std::ranges::sort(all, {}, &Prediction::number);
  const std::size_t classes = data.classes();
  data::OofRows out;
  for (const Prediction& each : all) {
    const auto from = folds[each.fold]->probability.begin() + static_cast<std::ptrdiff_t>(each.at * classes);
    out.probability.insert(out.probability.end(), from, from + static_cast<std::ptrdiff_t>(classes));
    out.fold.push_back(static_cast<std::int32_t>(each.fold));
    out.label.push_back(data.label[each.row]);
    out.row.push_back(static_cast<std::int64_t>(each.number));
    out.time.push_back(data.time[each.row]);
  }
  return out;
}

}  // namespace

std::vector<std::string> write_oof_of(const std::filesystem::path& workspace, const LoadedEvaluateConfig& config,
                                      const EvaluationData& data, const EvaluationResults& results,
                                      const std::vector<std::vector<const FoldResult*>>& folds, const std::string& name,
                                      const std::string& run) {
  const std::string& which = config.values.output.oof;
  std::vector<std::string> out;
  for (std::size_t c = 0; c < config.configurations.size(); ++c) {
    const Configuration& configuration = config.configurations[c];
    if (which == "none" || configuration.baseline || (which == "best" && results.best != c)) continue;
    data::OofToWrite oof{.name = which == "best" ? name : name + "-" + as_name(configuration.name),
                         .info = {.data = data.table,
                                  .horizon = data.horizon,
                                  .class_names = data.class_names,
                                  .model = configuration.name,
                                  .parameters = configuration.parameters},
                         .rows = rows_of(data, folds[c]),
                         .circumstances = {{"run", run}}};
    if (oof.rows.size() > 0) out.push_back(to_string(data::write_oof(workspace, oof).id));
  }
  return out;
}

}  // namespace moola::work
