// What holds of every set of window features.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdio>
#include <set>

#include "market/window_features/window_feature_set.h"
#include "sample_windows.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

BOOST_AUTO_TEST_SUITE(window_feature_sets_)

BOOST_AUTO_TEST_CASE(the_sets_have_as_many_columns_as_they_are_known_for) {
  const std::vector<std::tuple<std::string, std::size_t, std::size_t>> known{{"relative", 11, 105 * 11},
                                                                             {"relativity", 13, 105 * 13},
                                                                             {"advanced", 20, 105 * 20},
                                                                             {"feats20", 20, 20},
                                                                             {"hopsketch", 15, 1575}};
  BOOST_TEST(window_feature_sets().size() == known.size());
  for (const auto& [name, columns, values] : known) {
    const WindowFeatureSet& set = find_window_feature_set(name);
    BOOST_TEST(set.columns.size() == columns);
    BOOST_TEST(set.values(105) == values);
    BOOST_TEST(set.names(105).size() == (set.form == WindowFeatureForm::per_bar ? columns : values));
  }
}

BOOST_AUTO_TEST_CASE(no_two_columns_of_any_sets_share_a_name) {
  std::set<std::string> names;
  std::size_t count = 0;
  for (const WindowFeatureSet& set : window_feature_sets()) {
    for (const std::string& name : set.names(105)) names.insert(name);
    count += set.names(105).size();
  }
  BOOST_TEST(names.size() == count);
  BOOST_TEST(names.contains("hopsketch_body_104"));
}

BOOST_AUTO_TEST_CASE(a_change_of_a_bar_changes_no_value_of_an_earlier_one) {
  for (const WindowFeatureSet& set : window_feature_sets()) {
    if (set.form == WindowFeatureForm::per_window) continue;
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      const std::vector<double> window = walking_window(60, seed), other = walking_window(60, seed + 100);
      const std::vector<float> before = values_of(set, window);
      for (std::size_t t = 0; t < 60; ++t) {
        std::vector<double> changed = window;
        for (std::size_t i = t * 4; i < changed.size(); ++i) changed[i] = 3 * other[i];
        const std::vector<float> after = values_of(set, changed);
        const auto end = static_cast<std::ptrdiff_t>(t * set.columns.size());
        BOOST_TEST(std::equal(before.begin(), before.begin() + end, after.begin()), set.name << " at bar " << t);
        // The last column that follows any change is not a proof, but one that follows none would be no feature.
        if (t < 59) BOOST_TEST((before != after));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_set_per_window_knows_its_region_alone) {
  // Inner bars 25 to 39 and the 20 before them: 5 to 39 of 60.
  const WindowFeatureSet& set = find_window_feature_set("feats20");
  const InnerWindow inner{25, 40};
  const std::vector<double> window = walking_window(60, 1);
  const std::vector<float> before = values_of(set, window, inner);
  const auto with_bar = [&](std::size_t t) {
    std::vector<double> changed = window;
    for (std::size_t c = 0; c < 4; ++c) changed[t * 4 + c] *= 1.5;
    return values_of(set, changed, inner);
  };
  for (const std::size_t outside : {0, 4, 40, 59}) BOOST_TEST((with_bar(outside) == before), "bar " << outside);
  for (const std::size_t within : {5, 24, 25, 39}) BOOST_TEST((with_bar(within) != before), "bar " << within);
}

BOOST_AUTO_TEST_CASE(prices_times_a_number_give_the_same_values) {
  // Times a power of two every operation scales exactly but the logarithms of prices, so that not even a price just at
  // a threshold changes sides. Times 3.7 all of them round: there no price is at one.
  for (const WindowFeatureSet& set : window_feature_sets()) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      for (const double factor : {0.25, 1024.0, 3.7}) {
        const std::vector<double> window = factor == 3.7 ? smooth_window(105, seed) : walking_window(105, seed);
        const std::vector<float> values = values_of(set, window);
        std::vector<double> scaled = window;
        for (double& price : scaled) price *= factor;
        const std::vector<float> again = values_of(set, scaled);
        const double rounding = set.name == "relative" ? 1e-4 : 1e-6;  // 1e-8 is added to prices there
        for (std::size_t i = 0; i < values.size(); ++i) {
          BOOST_REQUIRE_MESSAGE(
              std::fabs(values[i] - again[i]) <= rounding * std::max(1.0F, std::fabs(values[i])),
              set.name << " value " << i << " times " << factor << ": " << values[i] << ", " << again[i]);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(every_value_is_finite_whatever_the_candles) {
  std::mt19937_64 random(7);
  for (const WindowFeatureSet& set : window_feature_sets()) {
    for (const std::size_t length : {1, 2, 3, 4, 5, 6, 7, 8, 21, 105, 256}) {
      std::vector<double> wild(length * 4);  // no candles at all, over 70 orders of magnitude
      for (double& price : wild) price = std::exp2(static_cast<double>(static_cast<int>(random() % 240) - 120));
      for (const auto& window : {walking_window(length, 3), flat_window(length, 7.1), wild}) {
        for (const InnerWindow inner :
             {usual_inner_window(length), InnerWindow{0, length}, InnerWindow{length - 1, length}}) {
          for (const float value : values_of(set, window, inner))
            BOOST_REQUIRE_MESSAGE(std::isfinite(value), set.name << " of " << length << " bars: " << value);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(equal_prices_give_what_the_reference_says_stands_there) {
  const std::vector<double> window = flat_window(105, 1234.1);
  for (const std::string name : {"relative", "advanced", "relativity"}) {
    for (const WindowFeatureColumn& column : find_window_feature_set(name).columns) {
      if (column.name == "position") continue;
      const bool rounds = name == "relative" && column.name.starts_with("zscore");
      for (const float value : column_of(find_window_feature_set(name), column.name, window))
        BOOST_TEST(std::fabs(value) <= (rounds ? 1e-4F : 0.0F), name << " " << column.name);
    }
  }
  for (const WindowFeatureColumn& column : find_window_feature_set("feats20").columns) {
    const float want = column.name == "box_slope" || column.name == "compactness" || column.name == "regularity" ||
                               column.name == "symmetry"
                           ? 1.0F
                       : column.name == "range_scaling" ? 0.5F
                                                        : 0.0F;
    BOOST_TEST(column_of(find_window_feature_set("feats20"), column.name, window).front() == want, column.name);
  }
  for (const WindowFeatureColumn& column : find_window_feature_set("hopsketch").columns) {
    const std::vector<float> values = column_of(find_window_feature_set("hopsketch"), column.name, window);
    for (std::size_t t = 0; t < 105; ++t)
      BOOST_TEST(values[t] == (column.name == "run" ? static_cast<float>(t + 1) : 0.0F), column.name);
  }
}

BOOST_AUTO_TEST_CASE(a_value_keeps_within_the_range_the_reference_gives) {
  // "[a, b]", "[a, b)" and "at least a" of the registry, on what walks and what cannot be.
  std::mt19937_64 random(9);
  for (const WindowFeatureSet& set : window_feature_sets()) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      std::vector<double> window = walking_window(105, seed);
      if (seed >= 10) {
        for (double& price : window) price *= std::exp2(static_cast<double>(random() % 8));
      }
      const std::vector<float> values = values_of(set, window);
      for (std::size_t i = 0; i < values.size(); ++i) {
        const WindowFeatureColumn& column = set.columns[i % set.columns.size()];
        double low = 0, high = 0;
        if (std::sscanf(column.range.c_str(), "[%lf, %lf", &low, &high) == 2) {
          BOOST_REQUIRE_MESSAGE(values[i] >= low && values[i] <= high,
                                set.name << " " << column.name << ": " << values[i]);
          if (column.range.ends_with(")")) BOOST_REQUIRE(values[i] < high);
        } else if (column.range.starts_with("at least 0")) {
          BOOST_REQUIRE_MESSAGE(values[i] >= 0, set.name << " " << column.name << ": " << values[i]);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_inner_window_is_the_middle_three_sevenths) {
  BOOST_TEST((usual_inner_window(105) == InnerWindow{30, 75}));
  BOOST_TEST((usual_inner_window(256) == InnerWindow{73, 182}));
  BOOST_TEST((usual_inner_window(1) == InnerWindow{0, 1}));
  BOOST_TEST((usual_inner_window(2) == InnerWindow{0, 1}));
}

BOOST_AUTO_TEST_CASE(an_inner_window_is_read_from_its_first_and_last_bar) {
  BOOST_TEST((parse_inner_window("30..74", 105) == InnerWindow{30, 75}));
  BOOST_TEST((parse_inner_window("0..104", 105) == InnerWindow{0, 105}));
  BOOST_TEST((parse_inner_window("5..5", 105) == InnerWindow{5, 6}));
  BOOST_TEST(to_string(InnerWindow{30, 75}) == "30..74");
  for (const char* text : {"", "30", "30..", "..74", "30-74", "74..30", "0..105", "-1..5", "3..4x", "3 ..4"}) {
    BOOST_TEST(holds(refusal_of([&] { parse_inner_window(text, 105); }), "--inner 30..74"), text);
  }
}

BOOST_AUTO_TEST_CASE(a_mistyped_set_names_the_nearest) {
  BOOST_TEST(holds(refusal_of([] { find_window_feature_set("relativty"); }), "Did you mean 'relativity'?"));
}

BOOST_AUTO_TEST_SUITE_END()
