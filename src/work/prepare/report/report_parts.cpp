#include "work/prepare/report/report_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/utc_time.h"

namespace moola::work {
namespace {

constexpr std::int64_t kDay = 86'400'000'000'000;

std::string plot_name(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

}  // namespace

TimeAxis::TimeAxis(std::int64_t first, std::int64_t last) : first_(first), in_days_(last - first < 2 * 365 * kDay) {}

double TimeAxis::operator()(std::int64_t time) const {
  if (in_days_) return static_cast<double>(time - first_) / static_cast<double>(kDay);
  return 1970 + static_cast<double>(time) / (365.2425 * static_cast<double>(kDay));
}

std::string TimeAxis::label() const {
  return in_days_ ? fmt::format("days since {:.10}", utc_text(first_)) : "year";
}

double percent(const Json& share) {
  return 100 * share.get<double>();
}

record::Html cell(const std::string& value) {
  return record::text(value);
}

record::Html number(double value) {
  return record::text(record::readable(value));
}

record::Html share_cell(const Json& share) {
  return record::text(fmt::format("{:.1f} %", percent(share)));
}

record::Html drawn(Workbench& bench, record::Plot plot, const std::string& caption) {
  plot.name = plot_name(plot.name);
  return record::figure(record::draw(plot, bench.run() / "plots"), caption);
}

}  // namespace moola::work
