#pragma once
// What the sections of the page of moola prepare are put together from.
#include <cstdint>
#include <string>

#include "base/json.h"
#include "record/html.h"
#include "record/plot.h"
#include "work/prepare/workbench.h"

namespace moola::work {

/// Where stamps lie on a plot: years, or days where there are less than two years.
class TimeAxis {
 public:
  TimeAxis(std::int64_t first, std::int64_t last);
  double operator()(std::int64_t time) const;
  std::string label() const;

 private:
  std::int64_t first_;
  bool in_days_;
};

/// 0.25 is 25.
double percent(const Json& share);

record::Html cell(const std::string& value);
record::Html number(double value);
/// "25.0 %"
record::Html share_cell(const Json& share);

/// Draws into RUN/plots, under the plot's name with '_' for what file names don't take.
record::Html drawn(Workbench& bench, record::Plot plot, const std::string& caption);

}  // namespace moola::work
