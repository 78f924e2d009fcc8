#include <fmt/format.h>

#include <algorithm>

#include "work/prepare/report/correlation_map.h"
#include "work/prepare/report/report_parts.h"
#include "work/prepare/report/report_sections.h"

namespace moola::work {
namespace {

using namespace record;  // NOLINT(google-build-using-namespace): the page is made of its parts

}  // namespace

Html drift_section(const Json& drift) {
  std::vector<Json> columns = drift.at("columns").get<std::vector<Json>>();
  const auto worst = [](const Json& column) {
    return std::max(column.at("val").at("psi").get<double>(), column.at("test").at("psi").get<double>());
  };
  std::stable_sort(columns.begin(), columns.end(), [&](const Json& a, const Json& b) { return worst(a) > worst(b); });
  HtmlTable out{{"column", "PSI validation", "PSI test", "KS validation", "KS test", "moved by (test)"},
                {},
                {false, true, true, true, true, true}};
  for (std::size_t i = 0; i < std::min<std::size_t>(20, columns.size()); ++i) {
    const Json &val = columns[i].at("val"), &test = columns[i].at("test");
    out.rows.push_back({text(columns[i].at("name").get<std::string>()), number(val.at("psi").get<double>()),
                        number(test.at("psi").get<double>()), number(val.at("ks").get<double>()),
                        number(test.at("ks").get<double>()), number(test.at("wasserstein_scaled").get<double>())});
  }
  return paragraph(text(fmt::format(
             "{} of {} columns have drifted from the train part (population stability index above "
             "{}). The furthest come first; “moved by” is in interquartile ranges of the train part.",
             drift.at("drifted").get<std::size_t>(), columns.size(), drift.at("psi_limit").get<double>()))) +
         record::table(out);
}

Html relevance_section(const Json& validation) {
  const Json& relevance = validation.at("relevance");
  const Json& classes = validation.at("labels").front().at("classes");
  const std::string first = classes.empty() ? "the highest third" : classes.front().get<std::string>();
  HtmlTable best{{"horizon", "column", "information, nats", "AUC of " + first, "rank correlation", "t"},
                 {},
                 {true, false, true, true, true, true}};
  for (const auto& [horizon, ranked] : relevance.at("horizons").items()) {
    for (std::size_t i = 0; i < std::min<std::size_t>(5, ranked.size()); ++i) {
      const Json& column = ranked.at(i);
      best.rows.push_back({cell(horizon), text(column.at("name").get<std::string>()),
                           number(column.at("information").get<double>()), number(column.at("auc").get<double>()),
                           number(column.at("rank_correlation").get<double>()),
                           number(column.at("rank_t").get<double>())});
    }
  }
  Html out = paragraph(text(fmt::format("The five columns that tell most of each label alone, by {} train rows.",
                                        readable(relevance.at("rows").get<double>())))) +
             record::table(best);
  for (const auto& [symbol, columns] : validation.at("stationarity").items()) {
    std::string wandering;
    std::size_t count = 0;
    for (const Json& column : columns) {
      if (!column.contains("adf_p") || column.at("adf_p").get<double>() <= 0.05) continue;
      wandering += (count++ == 0 ? "" : ", ") + column.at("name").get<std::string>();
    }
    out += paragraph(
        text(fmt::format("{}: the augmented Dickey-Fuller test cannot rule out a unit root (5 %) in {} of {} columns{}",
                         symbol, count, columns.size(), count == 0 ? "." : ": " + wandering + ".")));
  }
  return out;
}

Html columns_section(const Json& validation) {
  std::vector<std::string> names;
  for (const Json& column : validation.at("columns")) names.push_back(column.at("name").get<std::string>());
  const Json& correlation = validation.at("correlation");
  Html out = correlation_map(names, correlation.at("hundredths"));
  HtmlTable groups{{"kept", "strongest", "columns that say the same"}, {}, {false, true}};
  for (const Json& group : correlation.at("groups")) {
    std::string others;
    for (const Json& column : group.at("columns")) {
      if (column != group.at("kept")) others += (others.empty() ? "" : ", ") + column.get<std::string>();
    }
    groups.rows.push_back(
        {text(group.at("kept").get<std::string>()), number(group.at("strongest").get<double>()), text(others)});
  }
  out +=
      paragraph(text(fmt::format("{} groups of columns correlate by more than {}; with one of each, {} of {} columns "
                                 "are left.",
                                 groups.rows.size(), correlation.at("limit").get<double>(),
                                 validation.at("selection").at("columns").size(), names.size())));
  if (!groups.rows.empty()) out += record::table(groups);
  HtmlTable undefined{{"column", "bars", "what stands there"}, {}, {false, true}};
  for (const Json& each : validation.at("undefined")) {
    undefined.rows.push_back({text(each.at("name").get<std::string>()), number(each.at("bars").get<double>()),
                              text(each.at("stated").get<std::string>())});
  }
  if (undefined.rows.empty()) {
    return out + paragraph(text("Every column is defined on every bar."));
  }
  return out +
         paragraph(text("Columns whose formula has no value on some bars; rows are left out for warm-up alone.")) +
         record::table(undefined);
}

Html leakage_section(const Json& checks) {
  HtmlTable out{{"check", "outcome", "what was looked at"}, {}, {}};
  for (const Json& check : checks) {
    out.rows.push_back({text(check.at("name").get<std::string>()),
                        cell(check.at("passed").get<bool>() ? "passed" : "FAILED"),
                        text(check.at("detail").get<std::string>())});
  }
  return record::table(out);
}

}  // namespace moola::work
