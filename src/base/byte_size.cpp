#include "base/byte_size.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "base/error.h"
#include "base/parse_number.h"

namespace moola {
namespace {

constexpr std::string_view kUnits = "KMGTP";
constexpr double kMost = 1e18;

}  // namespace

std::uint64_t parse_byte_size(std::string_view text) {
  std::string_view rest = text;
  if (rest.ends_with('B')) rest.remove_suffix(1);
  const bool binary = rest.ends_with('i');
  if (binary) rest.remove_suffix(1);
  const std::size_t unit = rest.empty() ? std::string_view::npos : kUnits.find(rest.back());
  std::optional<double> number;
  if (unit != std::string_view::npos) number = parse_number(rest.substr(0, rest.size() - 1));
  if (!number || *number < 0) {
    throw ConfigError(fmt::format(
        "\"{}\" is no amount of room: a number with its unit was expected, such as \"200G\" (K, M, G, T, P; "
        "powers of 1000) or \"200Gi\" (powers of 1024).",
        text));
  }
  const double out = std::floor(*number * std::pow(binary ? 1024.0 : 1000.0, static_cast<double>(unit + 1)));
  if (out > kMost) throw ConfigError(fmt::format("\"{}\" is more room than there is anywhere.", text));
  return static_cast<std::uint64_t>(out);
}

std::string readable_bytes(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.1f} {}B", value, unit == 0 ? 'k' : kUnits[unit]);
}

}  // namespace moola
