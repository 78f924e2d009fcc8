#include "work/prepare/report/correlation_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace moola::work {
namespace {

constexpr int kLeast = 15, kStep = 17, kLevels = 5;  // hundredths

}  // namespace

record::Html correlation_map(const std::vector<std::string>& columns, const Json& hundredths) {
  const std::size_t n = columns.size();
  // One path per strength and sign: cells side by side of one strength are one stroke of it.
  std::array<std::array<std::string, kLevels>, 2> paths;
  for (std::size_t i = 0; i < n; ++i) {
    const auto strength = [&](std::size_t j) {
      const int value = hundredths.at(i).at(j).get<int>();
      const int level = std::min(kLevels, 1 + (std::abs(value) - kLeast) / kStep);
      return std::abs(value) < kLeast ? 0 : (value < 0 ? -level : level);
    };
    for (std::size_t j = 0; j < i;) {
      const int level = strength(j);
      std::size_t end = j + 1;
      while (end < i && strength(end) == level) ++end;
      if (level != 0) {
        paths[level < 0 ? 1 : 0][static_cast<std::size_t>(std::abs(level) - 1)] +=
            fmt::format("M{} {}h{}v1h-{}z", j, i, end - j, end - j);
      }
      j = end;
    }
  }
  std::string svg = fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"correlations of {} columns\" "
      "style=\"width:100%;min-width:0;max-width:760px;height:auto\" shape-rendering=\"crispEdges\">"
      "<path d=\"M0 0L{} {}H0z\" style=\"fill:var(--plot-grid)\"/>",
      n, n, n, n, n);
  for (int sign = 0; sign < 2; ++sign) {
    for (int level = 0; level < kLevels; ++level) {
      const std::string& path = paths[static_cast<std::size_t>(sign)][static_cast<std::size_t>(level)];
      if (path.empty()) continue;
      svg += fmt::format("<path d=\"{}\" style=\"fill:var({});fill-opacity:{:.2f}\"/>", path,
                         sign == 0 ? "--plot-second" : "--plot-first", 0.2 * (level + 1));
    }
  }
  return {
      "<figure>" + svg +
      "</svg><figcaption>Correlations of all columns in their order, by the train rows: orange above 0, blue below, "
      "the stronger the darker; below 0.15 empty.</figcaption></figure>\n"};
}

}  // namespace moola::work
