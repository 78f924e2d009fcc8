#include "data/label_issues/find_label_issues.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/error.h"

namespace moola::data {
namespace {

using validation::LabelFilter;
using validation::LabelScore;

constexpr std::array kFilters{
    LabelFilter::prune_by_noise_rate,  LabelFilter::prune_by_class,      LabelFilter::both,
    LabelFilter::confident_learning,   LabelFilter::predicted_neq_given, LabelFilter::low_self_confidence,
    LabelFilter::low_normalized_margin};

// The predictions of rows with a label, in double precision: of a row exactly 1 in sum.
struct Labelled {
  std::vector<std::size_t> prediction;
  std::vector<std::int32_t> label;
  std::vector<double> probability;

  explicit Labelled(const OofFile& oof) {
    const OofRows& rows = oof.rows();
    const std::size_t classes = oof.classes();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows.label[i] < 0) continue;
      prediction.push_back(i);
      label.push_back(rows.label[i]);
      double sum = 0;
      for (std::size_t c = 0; c < classes; ++c) sum += static_cast<double>(rows.probability[i * classes + c]);
      for (std::size_t c = 0; c < classes; ++c)
        probability.push_back(static_cast<double>(rows.probability[i * classes + c]) / sum);
    }
  }
};

}  // namespace

FoundLabelIssues find_label_issues(const OofFile& oof, const LabelIssueSearch& search) {
  const Labelled labelled(oof);
  if (labelled.label.empty()) {
    throw DataError(
        fmt::format("no row that {} predicts has a label: there is nothing to review.", to_string(oof.id())));
  }
  const validation::ConfidentLearning learning(
      {.classes = oof.classes(), .probability = labelled.probability, .truth = labelled.label});
  FoundLabelIssues out{.noise = learning.noise(), .unlabelled = oof.size() - labelled.label.size()};

  std::vector<std::uint32_t> chosen;
  std::map<std::uint32_t, std::vector<LabelFilter>> filters;  // of rows that are chosen
  std::vector<std::vector<std::uint32_t>> rows;
  for (const LabelFilter filter : kFilters) {
    rows.push_back(learning.find({.filter = filter}).rows);
    out.named.emplace_back(filter, rows.back().size());
    if (filter == search.filter) chosen = rows.back();
  }
  const std::vector<double> quality = learning.scores(LabelScore::self_confidence),
                            margin = learning.scores(LabelScore::normalized_margin),
                            entropy = learning.scores(LabelScore::confidence_weighted_entropy);
  chosen = validation::worst_first(chosen, search.score == LabelScore::self_confidence     ? quality
                                           : search.score == LabelScore::normalized_margin ? margin
                                                                                           : entropy);
  if (search.limit != 0 && chosen.size() > search.limit) chosen.resize(search.limit);
  for (const std::uint32_t row : chosen) filters[row];
  for (std::size_t f = 0; f < kFilters.size(); ++f) {
    for (const std::uint32_t row : rows[f]) {
      if (const auto found = filters.find(row); found != filters.end()) found->second.push_back(kFilters[f]);
    }
  }
  const std::vector<std::int32_t> suggested = learning.suggestions();
  for (const std::uint32_t row : chosen) {
    out.issues.push_back({.prediction = labelled.prediction[row],
                          .given = labelled.label[row],
                          .suggested = suggested[row],
                          .quality = quality[row],
                          .margin = margin[row],
                          .entropy = entropy[row],
                          .filters = std::move(filters[row])});
  }
  return out;
}

}  // namespace moola::data
