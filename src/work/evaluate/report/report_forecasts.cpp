#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "work/evaluate/report/report_sections.h"
#include "work/pages/report_chart.h"

namespace moola::work {
namespace {

using namespace record;  // NOLINT(google-build-using-namespace): the page is made of its parts

constexpr std::size_t kMostFeatures = 30;

Html confusion(const std::vector<std::string>& classes, const std::vector<double>& counts) {
  const std::size_t k = classes.size();
  HtmlTable out{{"came"}, {}, {false}};
  for (const std::string& name : classes) out.titles.push_back("forecast " + name);
  out.titles.emplace_back("rows");
  out.numeric.resize(out.titles.size(), true);
  const auto share_cell = [](double share, double count, bool right) {
    const Html value = text(share_text(share));
    return (right ? Html{"<b>"} + value + Html{"</b>"} : value) + Html{"<br><small>"} +
           muted(figure_text(std::round(count))) + Html{"</small>"};
  };
  std::vector<double> columns(k);
  double all = 0;
  for (std::size_t truth = 0; truth < k; ++truth) {
    double row = 0;
    for (std::size_t c = 0; c < k; ++c) row += counts[truth * k + c];
    out.rows.push_back({text(classes[truth])});
    for (std::size_t c = 0; c < k; ++c) {
      columns[c] += counts[truth * k + c];
      out.rows.back().push_back(share_cell(counts[truth * k + c] / row, counts[truth * k + c], c == truth));
    }
    out.rows.back().push_back(text(figure_text(std::round(row))));
    all += row;
  }
  out.rows.push_back({muted("all")});
  for (const double column : columns) out.rows.back().push_back(share_cell(column / all, column, false));
  out.rows.back().push_back(text(figure_text(std::round(all))));
  return table(out);
}

Html by_class(const std::vector<std::string>& classes, const std::vector<validation::ClassScores>& scores) {
  HtmlTable out{{"class", "share", "precision", "recall", "F1", "ROC area", "PR area"},
                {},
                {false, true, true, true, true, true, true}};
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const validation::ClassScores& each = scores[c];
    out.rows.push_back({text(classes[c]), text(share_text(each.share)), text(share_text(each.precision)),
                        text(share_text(each.recall)), text(fixed_text(each.f1, 3)), text(fixed_text(each.roc_auc, 3)),
                        text(fixed_text(each.pr_auc, 3))});
  }
  return table(out);
}

// Of the best, or the first after it whose models can tell.
const ConfigurationResult* with_importance(const ReportSource& source) {
  const auto tells = [&](const ConfigurationResult& each) {
    return each.importance.size() == source.data.features.size() &&
           std::ranges::any_of(each.importance, [](double value) { return std::isfinite(value) && value != 0; });
  };
  if (source.best() != nullptr && tells(*source.best())) return source.best();
  for (const ConfigurationResult* const each : source.ranking()) {
    if (!source.is_baseline(*each) && tells(*each)) return each;
  }
  return nullptr;
}

}  // namespace

Html classes_part(const ReportSource& source) {
  const ConfigurationResult* const best = source.best();
  const std::vector<std::string>& classes = source.data.class_names;
  if (best == nullptr || !best->scores || classes.empty()) return {};
  const validation::ForecastScores& scores = *best->scores;
  Html out;
  if (scores.confusion.size() == classes.size() * classes.size()) {
    out += confusion(classes, scores.confusion) +
           paragraph(
               muted("A line for each class that came: how often each class was forecast, as a share of the line, and "
                     "below it how many rows that are, by path on average. Bold is right. The last line: how often "
                     "each class was forecast at all; a class that is hardly ever forecast is not told apart."));
  }
  if (scores.by_class.size() == classes.size()) {
    out +=
        by_class(classes, scores.by_class) +
        paragraph(muted("Precision: how often the class came when it was forecast. Recall: how often it was forecast "
                        "when it came. ROC area: 0.5 is chance. PR area: the class’s share is chance."));
  }
  return out.markup.empty() ? out : paragraph(text("Of ") + code(source.name(*best)) + text(", over its paths.")) + out;
}

Html importance_part(const ReportSource& source) {
  const ConfigurationResult* const result = with_importance(source);
  if (result == nullptr) return {};
  const std::vector<double>& importance = result->importance;
  std::vector<std::size_t> order;
  double sum = 0;
  bool shares = true;
  for (std::size_t i = 0; i < importance.size(); ++i) {
    if (!std::isfinite(importance[i])) continue;
    order.push_back(i);
    sum += importance[i];
    shares = shares && importance[i] >= 0;
  }
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return importance[a] > importance[b]; });
  const std::size_t all = order.size();
  order.resize(std::min(all, kMostFeatures));
  const double factor = shares && sum > 0 ? 100 / sum : 1;
  ChartExtent range;
  range.take(0);
  RowChart chart{.title = "importance of features", .x = {}};
  double shown = 0;
  for (const std::size_t i : order) {
    const double value = factor * importance[i];
    range.take(value);
    shown += value;
    chart.rows.push_back({.label = source.data.features[i],
                          .pieces = {{.from = 0, .to = value}},
                          .value = shares ? fixed_text(value, 2) : figure_text(value)});
  }
  chart.x = number_axis(shares ? "importance, % of all" : "importance", range.low, range.high);
  std::string words = fmt::format("How much {} leans on each feature, by its own account, the mean over its folds",
                                  source.name(*result));
  words += order.size() < all
               ? fmt::format(": the first {} of {} features{}.", order.size(), figure_text(static_cast<double>(all)),
                             shares ? fmt::format(", {} of all", share_text(shown / 100)) : "")
               : ".";
  return row_chart_figure(chart, {},
                          words +
                              " Features that say the same share what they are worth, so a low one need not be "
                              "useless; and what a model leans on need not earn anything.");
}

}  // namespace moola::work
