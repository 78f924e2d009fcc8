#pragma once
// What lies in tests/market/vectors.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <charconv>
#include <sstream>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "market/bars.h"

namespace moola::test {

inline std::string vectors(const std::string& name) {
  return fmt::format("{}/tests/market/vectors/{}", MOOLA_SOURCE_DIR, name);
}

/// One line of a CSV whose fields may be quoted.
inline std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

inline double number(const std::string& text) {
  double value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  BOOST_REQUIRE_MESSAGE(wrong == std::errc() && end == text.data() + text.size(), "not a number: '" << text << "'");
  return value;
}

/// The bars of TA-Lib's own tests, one a day.
/// The lines of a CSV file of tests/market/vectors after its heading, which must be `header`.
inline std::vector<std::vector<std::string>> vector_lines(const std::string& name, const std::string& header) {
  std::istringstream text(read_file(vectors(name)));
  std::string line;
  std::getline(text, line);
  BOOST_REQUIRE(line.starts_with(header));
  std::vector<std::vector<std::string>> lines;
  while (std::getline(text, line)) lines.push_back(fields_of(line));
  return lines;
}

inline market::Bars reference_bars() {
  market::Bars out;
  std::istringstream text(read_file(vectors("talib_ref_ohlcv_252.csv")));
  std::string line;
  std::getline(text, line);
  BOOST_REQUIRE(line == "i,open,high,low,close,volume");
  while (std::getline(text, line)) {
    const auto fields = fields_of(line);
    out.time.push_back(static_cast<std::int64_t>(out.time.size()) * 86'400'000'000'000);
    out.open.push_back(number(fields[1]));
    out.high.push_back(number(fields[2]));
    out.low.push_back(number(fields[3]));
    out.close.push_back(number(fields[4]));
    out.volume.push_back(number(fields[5]));
    out.flags.push_back(0);
  }
  BOOST_REQUIRE(out.size() == 252U);
  return out;
}

}  // namespace moola::test
