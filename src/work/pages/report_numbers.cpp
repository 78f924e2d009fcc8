#include "work/pages/report_numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/utc_time.h"

namespace moola::work {
namespace {

constexpr const char* kDash = "–";

std::string ranged(const std::string& low, const std::string& high) {
  return low == kDash || high == kDash ? kDash : low + " to " + high;
}

}  // namespace

std::string figure_text(double value) {
  if (std::isnan(value)) return kDash;
  if (std::isinf(value)) return value > 0 ? "∞" : "-∞";
  return record::readable(value);
}

std::string fixed_text(double value, int digits) {
  if (!std::isfinite(value) || std::fabs(value) >= 1e6) return figure_text(value);
  std::string out = fmt::format("{:.{}f}", value, digits);
  if (out.front() == '-' && out.find_first_of("123456789") == std::string::npos) out.erase(0, 1);
  return out;
}

std::string share_text(double share, int digits) {
  return std::isnan(share) ? kDash : fixed_text(100 * share, digits) + "\u00a0%";
}

std::string chance_text(double chance) {
  if (std::isnan(chance)) return kDash;
  if (chance > 0.995 && chance <= 1) return "> 0.99";
  if (chance < 0.005 && chance >= 0) return "< 0.01";
  return fixed_text(chance, 2);
}

std::string between_text(double low, double high, int digits) {
  return ranged(fixed_text(low, digits), fixed_text(high, digits));
}

std::string between_shares_text(double low, double high, int digits) {
  return std::isnan(low) || std::isnan(high)
             ? kDash
             : fmt::format("{} to {}\u00a0%", fixed_text(100 * low, digits), fixed_text(100 * high, digits));
}

std::string date_text(std::int64_t time, bool with_clock) {
  if (time == kNoTime) return kDash;
  std::string out = utc_text(time).substr(0, with_clock ? 16 : 10);
  if (with_clock) out[10] = ' ';
  return out;
}

std::string count_text(std::size_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", record::readable(static_cast<double>(count)), count == 1 ? one : many);
}

record::Html bullet_list(const std::vector<std::string>& lines, std::size_t most, std::string_view rest) {
  record::Html out{"<ul style=\"margin:6px 0;padding-left:1.3em\">"};
  for (std::size_t i = 0; i < std::min(most, lines.size()); ++i)
    out += record::Html{"<li>"} + record::text(lines[i]) + record::Html{"</li>"};
  if (lines.size() > most)
    out += record::Html{"<li>"} + record::text(fmt::format("and {} more{}", lines.size() - most, rest)) +
           record::Html{"</li>"};
  return out + record::Html{"</ul>"};
}

}  // namespace moola::work
