// What must hold of every indicator in the table, whatever it computes.
#include "market/indicators/indicator.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <map>
#include <set>

#include "tests/support/messages.h"
#include "tests/support/sample_bars.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

struct Result {
  std::vector<std::vector<double>> columns;
  std::vector<std::int64_t> undefined;
};

Result compute(const Indicator& indicator, const ParameterValues& values, const Bars& bars) {
  Result out{.columns = std::vector(indicator.outputs.size(), std::vector<double>(bars.size(), 1e300)),
             .undefined = {}};
  std::vector<std::span<double>> outs(out.columns.begin(), out.columns.end());
  Scratch scratch(bars.size());
  IndicatorCall call(columns_of(bars), values, outs, scratch);
  indicator.compute(call);
  for (std::size_t i = 0; i < outs.size(); ++i) out.undefined.push_back(call.undefined(i));
  return out;
}

// The usual parameters, and shorter and longer ones.
std::vector<ParameterValues> variations(const Indicator& indicator) {
  std::vector<ParameterValues> all{usual_values(indicator)};
  for (const double factor : {0.5, 1.7}) {
    ParameterValues values = usual_values(indicator);
    for (std::size_t i = 0; i < indicator.parameters.size(); ++i) {
      const IndicatorParameter& parameter = indicator.parameters[i];
      double value = parameter.usual * factor;
      if (parameter.whole) value = std::round(value);
      values.set(i, std::min(parameter.most, std::max(parameter.least, value)));
    }
    if (std::find(all.begin(), all.end(), values) == all.end()) all.push_back(values);
  }
  return all;
}

std::uint64_t bits(double value) {
  std::uint64_t out = 0;
  std::memcpy(&out, &value, sizeof out);
  return out;
}

template <class Check>
void each_variation(Check&& check) {
  for (const Indicator& indicator : indicators()) {
    for (const ParameterValues& values : variations(indicator)) {
      const IndicatorColumn column{.indicator = &indicator, .values = values, .output = 0};
      BOOST_TEST_CONTEXT("indicator " << indicator.name << " as " << column.name()) {
        check(indicator, values);
      }
    }
  }
}

// Every output: NaN before its warm-up, a finite number from there on.
void check_defined(const Indicator& indicator, const ParameterValues& values, const Bars& bars, const char* what) {
  const Result result = compute(indicator, values, bars);
  for (std::size_t output = 0; output < result.columns.size(); ++output) {
    const int warm_up = indicator.outputs[output].warm_up(values);
    BOOST_REQUIRE(warm_up >= 0);
    std::size_t early = 0, missing = 0, first_wrong = bars.size();
    for (std::size_t i = 0; i < bars.size(); ++i) {
      const double value = result.columns[output][i];
      const bool warming = i < static_cast<std::size_t>(warm_up);
      if (warming ? std::isnan(value) : std::isfinite(value) && value != 1e300) continue;
      (warming ? early : missing) += 1;
      first_wrong = std::min(first_wrong, i);
    }
    BOOST_TEST_CONTEXT(what << ", output " << indicator.outputs[output].names.front() << ", warm-up " << warm_up
                            << ", first wrong row " << first_wrong) {
      BOOST_TEST(early == 0U);
      BOOST_TEST(missing == 0U);
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(all_indicators)

BOOST_AUTO_TEST_CASE(values_begin_after_the_stated_warm_up_and_then_never_miss) {
  const Bars walk = walking_bars(1, 1500), zero = flat_bars(700, 50.0, 0.0), flat = flat_bars(700, 0.1, 10.0);
  Bars silent = walking_bars(2, 700);
  std::fill(silent.volume.begin(), silent.volume.end(), 0.0);
  each_variation([&](const Indicator& indicator, const ParameterValues& values) {
    check_defined(indicator, values, walk, "a walk");
    check_defined(indicator, values, flat, "prices that never move");
    check_defined(indicator, values, zero, "neither moves nor volume");
    check_defined(indicator, values, silent, "no volume");
    for (const std::size_t n : {0U, 1U, 2U, 3U, 20U}) check_defined(indicator, values, walking_bars(3, n), "few bars");
  });
}

BOOST_AUTO_TEST_CASE(a_value_without_a_definition_is_counted_only_where_it_is_stated) {
  const Bars walk = walking_bars(1, 1500), flat = flat_bars(700, 50.0, 0.0);
  for (const Indicator& indicator : indicators()) {
    const Result moving = compute(indicator, usual_values(indicator), walk);
    const Result still = compute(indicator, usual_values(indicator), flat);
    for (std::size_t output = 0; output < indicator.outputs.size(); ++output) {
      BOOST_TEST_CONTEXT(indicator.outputs[output].names.front()) {
        const bool stated = !indicator.outputs[output].undefined.empty();
        BOOST_TEST((stated || (moving.undefined[output] == 0 && still.undefined[output] == 0)));
        BOOST_TEST((!stated || still.undefined[output] > 0));
      }
    }
  }
}

// What is to come may be anything: other prices, no volume, prices that stand still, or nothing at all.
std::vector<Bars> futures_of(const Bars& bars, std::size_t from) {
  const Bars other = walking_bars(5, bars.size());
  Bars moved = bars, silent = bars, still = bars, ended = bars;
  for (std::size_t i = from; i < bars.size(); ++i) {
    for (auto column : {&Bars::open, &Bars::high, &Bars::low, &Bars::close}) {
      (moved.*column)[i] = (other.*column)[i] * 1.5;
      (still.*column)[i] = bars.close[from - 1];
    }
    moved.volume[i] = other.volume[i] * 3 + 1;
    silent.volume[i] = 0;
  }
  ended.resize(from);
  return {moved, silent, still, ended};
}

BOOST_AUTO_TEST_CASE(no_value_looks_ahead) {
  Bars traded = walking_bars(4, 900), broken = traded;
  for (double& volume : traded.volume) volume += 1;  // so that a bar without volume is something new
  broken.volume[5] = 0;
  for (const Bars& before : {traded, broken}) {
    for (const std::size_t from : {1U, 450U, 899U}) {
      for (const Bars& after : futures_of(before, from)) {
        each_variation([&](const Indicator& indicator, const ParameterValues& values) {
          const Result one = compute(indicator, values, before), two = compute(indicator, values, after);
          for (std::size_t output = 0; output < one.columns.size(); ++output) {
            std::size_t changed = 0;
            for (std::size_t i = 0; i < from; ++i)
              changed += bits(one.columns[output][i]) != bits(two.columns[output][i]);
            BOOST_TEST_CONTEXT(indicator.outputs[output].names.front()) {
              BOOST_TEST(changed == 0U);
            }
          }
        });
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(an_output_is_the_same_whether_the_others_are_wanted_or_not) {
  const Bars bars = walking_bars(6, 600);
  for (const Indicator& indicator : indicators()) {
    const ParameterValues values = usual_values(indicator);
    const Result all = compute(indicator, values, bars);
    for (std::size_t output = 0; output < indicator.outputs.size(); ++output) {
      std::vector<double> alone(bars.size(), 1e300);
      std::vector<std::span<double>> outs(indicator.outputs.size());
      outs[output] = alone;
      Scratch scratch(bars.size());
      IndicatorCall call(columns_of(bars), values, outs, scratch);
      indicator.compute(call);
      std::size_t changed = 0;
      for (std::size_t i = 0; i < bars.size(); ++i) changed += bits(alone[i]) != bits(all.columns[output][i]);
      BOOST_TEST_CONTEXT(indicator.outputs[output].names.front()) {
        BOOST_TEST(changed == 0U);
        BOOST_TEST(call.undefined(output) == all.undefined[output]);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_table_is_whole) {
  std::set<std::string> names;
  for (const Indicator& indicator : indicators()) {
    BOOST_TEST_CONTEXT("indicator " << indicator.name) {
      BOOST_TEST(names.insert(indicator.name).second);
      BOOST_TEST((!indicator.title.empty() && !indicator.family.empty() && !indicator.inputs.empty()));
      BOOST_TEST(!indicator.definition.empty());
      BOOST_TEST(!indicator.outputs.empty());
      BOOST_TEST(indicator.parameters.size() <= ParameterValues::kMost);
      for (const IndicatorParameter& parameter : indicator.parameters) {
        BOOST_TEST((parameter.least <= parameter.usual && parameter.usual <= parameter.most));
        BOOST_TEST((!parameter.whole || parameter.usual == std::floor(parameter.usual)));
      }
      for (const IndicatorOutput& output : indicator.outputs) {
        BOOST_TEST(!output.help.empty());
        BOOST_TEST(!output.names.empty());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_column_is_found_by_the_name_that_it_gives_itself) {
  std::map<std::string, std::string> seen;
  for (const Indicator& indicator : indicators()) {
    for (const ParameterValues& values : variations(indicator)) {
      for (std::size_t output = 0; output < indicator.outputs.size(); ++output) {
        const IndicatorColumn column{.indicator = &indicator, .values = values, .output = output};
        const std::string name = column.name();
        BOOST_TEST_CONTEXT(name) {
          const IndicatorColumn found = find_column(name);
          BOOST_TEST(found.indicator->name == indicator.name);
          BOOST_TEST((found.values == values));
          BOOST_TEST(found.output == output);
          BOOST_TEST(found.name() == name);
          BOOST_TEST(seen.emplace(name, indicator.name).second);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_column_that_is_not_there_names_the_nearest) {
  BOOST_TEST(holds(refusal_of([] { find_column("sma_2O"); }), "sma_20"));
  BOOST_TEST(holds(refusal_of([] { find_column("sma_"); }), "sma_20"));
  BOOST_TEST(holds(refusal_of([] { find_column("sma_0"); }), "period = 0 must be a whole number from 1 to 100000"));
  BOOST_TEST(holds(refusal_of([] { find_column("sma_2.5"); }), "whole number"));
  BOOST_TEST(holds(refusal_of([] { find_column("sma_-3"); }), "period = -3"));
  BOOST_TEST(holds(refusal_of([] { find_column(""); }), "no column ''"));
  BOOST_TEST(holds(refusal_of([] { find_indicator("emma"); }), "ema"));
}

BOOST_AUTO_TEST_SUITE_END()
