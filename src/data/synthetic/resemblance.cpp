#include "data/synthetic/resemblance.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "data/synthetic/window_statistics.h"
#include "validation/multiple_testing.h"
#include "validation/two_sample_ks.h"

namespace moola::data {
namespace {

// (figures, windows) of the windows `rows`.
std::vector<std::vector<double>> figures_of(const WindowStatistics& statistics, std::span<const float> x,
                                            std::size_t values, const std::vector<std::size_t>& rows) {
  std::vector<std::vector<double>> out(statistics.names().size());
  std::vector<double> one(out.size());
  for (const std::size_t row : rows) {
    statistics.measure(x.subspan(row * values, values), one);
    for (std::size_t k = 0; k < one.size(); ++k) out[k].push_back(one[k]);
  }
  return out;
}

std::size_t independent_of(const SyntheticWindows& synthetic, const std::vector<std::size_t>& rows) {
  std::set<std::int64_t> sources;
  std::size_t without = 0;
  for (const std::size_t row : rows) {
    if (synthetic.source[row] < 0)
      ++without;
    else
      sources.insert(synthetic.source[row]);
  }
  return sources.size() + without;
}

}  // namespace

const Resemblance::Test& Resemblance::worst() const {
  return *std::ranges::min_element(tests, {}, &Test::adjusted);
}

Resemblance measure_resemblance(const LabelledWindows& real, std::span<const std::size_t> real_rows,
                                const SyntheticWindows& synthetic) {
  const WindowStatistics statistics(real.channel_names, holds_prices(real.channel_names, real.x) &&
                                                            holds_prices(synthetic.channel_names, synthetic.x));
  Resemblance out;
  std::vector<double> chances;
  for (std::size_t label = 0; label < synthetic.label_names.size(); ++label) {
    const auto of_class = [&](std::int32_t y) { return static_cast<std::size_t>(y) == label; };
    std::vector<std::size_t> mine, theirs;
    for (const std::size_t row : real_rows) {
      if (of_class(real.y[row])) mine.push_back(row);
    }
    for (std::size_t row = 0; row < synthetic.size(); ++row) {
      if (of_class(synthetic.y[row])) theirs.push_back(row);
    }
    if (mine.empty() || theirs.empty()) continue;
    const auto a = figures_of(statistics, real.x, synthetic.values(), mine);
    const auto b = figures_of(statistics, synthetic.x, synthetic.values(), theirs);
    const std::size_t independent = independent_of(synthetic, theirs);
    for (std::size_t k = 0; k < a.size(); ++k) {
      const validation::KsTest found = validation::two_sample_ks(a[k], b[k], {.independent_b = independent});
      out.tests.push_back({.label = synthetic.label_names[label],
                           .statistic = statistics.names()[k],
                           .real = mine.size(),
                           .synthetic = theirs.size(),
                           .independent = independent,
                           .distance = found.distance,
                           .chance = found.chance});
      chances.push_back(found.chance);
    }
  }
  if (out.tests.empty()) {
    throw DataError(fmt::format(
        "no class of the {} synthetic windows has a real window to be compared with: expected real ones of the same "
        "class at the times that the synthetic ones were made from.",
        synthetic.size()));
  }
  const std::vector<double> adjusted = validation::holm(chances);
  for (std::size_t i = 0; i < adjusted.size(); ++i) out.tests[i].adjusted = adjusted[i];
  return out;
}

Json to_json(const Resemblance& resemblance) {
  Json tests = Json::array();
  for (const Resemblance::Test& each : resemblance.tests) {
    tests.push_back({{"class", each.label},
                     {"statistic", each.statistic},
                     {"real", each.real},
                     {"synthetic", each.synthetic},
                     {"independent", each.independent},
                     {"ks", each.distance},
                     {"p", each.chance},
                     {"p_holm", each.adjusted}});
  }
  return {{"least", kLeastResemblance}, {"differs", resemblance.differs()}, {"tests", std::move(tests)}};
}

Resemblance resemblance_from_json(const Json& json, const std::string& where) {
  const auto refuse = [&](const std::string& fault) {
    throw DataError(
        fmt::format("{}: the comparison with the real windows {}; it was not written by Moola, or is "
                    "damaged.",
                    where, fault));
  };
  Resemblance out;
  try {
    for (const Json& each : json.at("tests")) {
      out.tests.push_back({.label = each.at("class").get<std::string>(),
                           .statistic = each.at("statistic").get<std::string>(),
                           .real = each.at("real").get<std::size_t>(),
                           .synthetic = each.at("synthetic").get<std::size_t>(),
                           .independent = each.at("independent").get<std::size_t>(),
                           .distance = each.at("ks").get<double>(),
                           .chance = each.at("p").get<double>(),
                           .adjusted = each.at("p_holm").get<double>()});
    }
    if (out.tests.empty()) refuse("has no test");
    std::vector<double> chances;
    for (const Resemblance::Test& each : out.tests) chances.push_back(each.chance);
    const std::vector<double> adjusted = validation::holm(chances);
    for (std::size_t i = 0; i < adjusted.size(); ++i) {
      if (adjusted[i] != out.tests[i].adjusted)
        refuse(
            fmt::format("has p_holm {} in test {}, and its chances make it {}", out.tests[i].adjusted, i, adjusted[i]));
    }
    if (json.at("differs").get<bool>() != out.differs()) refuse("contradicts its own chances");
  } catch (const Json::exception& error) {
    refuse(fmt::format("cannot be read ({})", error.what()));
  }
  return out;
}

}  // namespace moola::data
