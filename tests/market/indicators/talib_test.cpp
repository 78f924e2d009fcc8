// Every output that says TA-Lib computes it too, against TA-Lib's values on the bars of its own tests.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "market/indicators/indicator.h"
#include "tests/market/indicators/reference_bars.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

struct Reference {
  std::vector<double> parameters;
  std::vector<double> values;  // by bar; NaN before the first
};

// By function, or function and output where it has several.
std::map<std::string, Reference> references(const std::string& file) {
  std::map<std::string, Reference> out;
  std::map<std::string, int> outputs;
  std::istringstream text(read_file(vectors(file)));
  std::string line;
  std::getline(text, line);
  while (std::getline(text, line)) {
    const auto fields = fields_of(line);
    Reference one;
    std::istringstream parameters(fields[4]);
    std::string each;
    while (std::getline(parameters, each, ';')) {
      const std::size_t equals = each.find('=');
      // Kinds of averages are all the simple one.
      if (each.substr(0, equals).ends_with("MAType")) {
        BOOST_REQUIRE(each.substr(equals + 1) == "0");
      } else if (fields[0] == "VAR" && each.starts_with("optInNbDev")) {
        // TA-Lib takes this one and does not use it.
      } else {
        one.parameters.push_back(number(each.substr(equals + 1)));
      }
    }
    const auto begin = static_cast<std::size_t>(number(fields[6])), count = static_cast<std::size_t>(number(fields[7]));
    one.values.assign(begin, std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = 0; i < count; ++i) one.values.push_back(number(fields[8 + i]));
    BOOST_REQUIRE(one.values.size() == 252U);
    ++outputs[fields[0]];
    out[fmt::format("{}.{}", fields[0], fields[2])] = one;
    out[fields[0]] = one;
  }
  for (const auto& [function, count] : outputs) {
    if (count > 1) out.erase(function);
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(talib)

BOOST_AUTO_TEST_CASE(every_output_that_talib_has_too_agrees_with_it) {
  const Bars bars = reference_bars();
  auto wanted = references("talib_defaults_252.csv");
  wanted.merge(references("talib_081_252.csv"));
  std::size_t compared = 0;
  for (const Indicator& indicator : indicators()) {
    for (std::size_t output = 0; output < indicator.outputs.size(); ++output) {
      const std::string& function = indicator.outputs[output].talib;
      if (function.empty()) continue;
      BOOST_TEST_CONTEXT(indicator.name << ", output " << output << ", is TA-Lib's " << function) {
        const auto found = wanted.find(function);
        BOOST_REQUIRE(found != wanted.end());
        const auto& [parameters, values] = found->second;
        BOOST_REQUIRE(parameters.size() <= indicator.parameters.size());
        ParameterValues with = usual_values(indicator);
        for (std::size_t i = 0; i < parameters.size(); ++i) with.set(i, parameters[i]);
        Scratch scratch(bars.size());
        std::vector<double> got(bars.size());
        std::vector<std::span<double>> outs(indicator.outputs.size());
        outs[output] = got;
        IndicatorCall call(columns_of(bars), with, outs, scratch);
        indicator.compute(call);
        double worst = 0;
        for (std::size_t i = 0; i < got.size(); ++i) {
          if (std::isnan(values[i])) continue;
          BOOST_REQUIRE_MESSAGE(!std::isnan(got[i]), "no value at bar " << i);
          worst = std::max(worst, std::fabs(got[i] - values[i]) / std::max(1.0, std::fabs(values[i])));
        }
        BOOST_TEST(worst <= 1e-9);
        ++compared;
      }
    }
  }
  BOOST_TEST(compared >= 3U);
}

BOOST_AUTO_TEST_SUITE_END()
