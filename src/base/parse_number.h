#pragma once
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

namespace moola {

/// The finite number that the whole of `text` is ("-1.5e2"); nothing for any other text, spaces included.
inline std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (wrong != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace moola
