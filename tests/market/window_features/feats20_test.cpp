// The shapes that the numbers of feats20 are there to tell apart.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <numbers>

#include "market/window_features/window_feature_set.h"
#include "sample_windows.h"

using namespace moola::market;
using namespace moola::test;

namespace {

// A window of 105 bars without wicks, each from the close before; close of bar t by `close`.
std::vector<double> window_of(const std::function<double(double)>& close) {
  std::vector<double> out;
  for (std::size_t t = 0; t < 105; ++t) {
    const double from = close(t == 0 ? 0.0 : static_cast<double>(t) - 1), to = close(static_cast<double>(t));
    out.insert(out.end(), {from, std::max(from, to), std::min(from, to), to});
  }
  return out;
}

double feature(const std::string& name, const std::vector<double>& window) {
  return column_of(find_window_feature_set("feats20"), name, window).front();
}

// Inner bars are 30 to 74.
const std::vector<double> kRise = window_of([](double t) { return 100 + t; });
const std::vector<double> kSaw = window_of([](double t) { return 100 + std::fmod(t, 2); });
// Four periods in the 45 inner bars.
const std::vector<double> kWave =
    window_of([](double t) { return 100 + std::cos(2 * std::numbers::pi * 4 * (t - 30) / 45); });
// A tent with its top between bars 51 and 53; of 45 closes the middle one has no twin.
const std::vector<double> kTent = window_of([](double t) { return 100 - std::fabs(t - 52); });

}  // namespace

BOOST_AUTO_TEST_SUITE(feats20)

BOOST_AUTO_TEST_CASE(a_straight_rise_goes_one_way) {
  BOOST_TEST(feature("directionality", kRise) == 1.0);
  BOOST_TEST(feature("path_ratio", kRise) == static_cast<float>(std::log(2.0)));
  BOOST_TEST(feature("turning_points", kRise) == 0.0);
  BOOST_TEST(feature("regularity", kRise) == 1.0);
  BOOST_TEST(std::fabs(feature("autocorrelation_1", kRise) - 1) < 1e-6);
  BOOST_TEST(std::fabs(feature("autocorrelation_5", kRise) - 1) < 1e-6);
}

BOOST_AUTO_TEST_CASE(a_straight_rise_has_the_numbers_of_its_line) {
  // Inner closes 130 to 174, highs the same, lows 129 to 173: span 45, mean 152, mean deviation 22 * 23 / 45. The 20
  // bars before: closes 110 to 129, lows from 109: span 20, mean 119.5.
  const auto near = [](double value, double want) { return std::fabs(value - want) < 1e-6 * std::max(1.0, want); };
  BOOST_TEST(near(feature("compactness", kRise), 1 - (22.0 * 23.0 / 45.0) / 45.0));
  BOOST_TEST(near(feature("momentum_change", kRise), 174.0 / 130.0 - 129.0 / 110.0));
  BOOST_TEST(near(feature("level_shift", kRise), (152.0 - 119.5) / 20.0));
  BOOST_TEST(near(feature("range_ratio", kRise), std::log(1 + 45.0 / 20.0)));
  BOOST_TEST(feature("bar_range_change", kRise) == 0.0);  // every bar has the range 1
  // Deviation of n numbers in a row: sqrt((n^2 - 1) / 12).
  const double inner = std::sqrt((45.0 * 45.0 - 1) / 12) / 152, before = std::sqrt((20.0 * 20.0 - 1) / 12) / 119.5;
  BOOST_TEST(near(feature("volatility_ratio", kRise), std::log(1 + inner / before)));
  // Blocks of s closes in a row span s - 1: 1, 3 and 21 for 2, 4 and 22.
  const double x[3] = {std::log(2.0), std::log(4.0), std::log(22.0)}, y[3] = {0, std::log(3.0), std::log(21.0)};
  double xy = 0, xx = 0;
  for (int i = 0; i < 3; ++i) {
    const double off = x[i] - (x[0] + x[1] + x[2]) / 3;
    xy += off * y[i];
    xx += off * off;
  }
  BOOST_TEST(near(feature("range_scaling", kRise), xy / xx));
}

BOOST_AUTO_TEST_CASE(a_saw_turns_in_every_bar_but_the_ends) {
  BOOST_TEST(feature("turning_points", kSaw) == 43.0F / 45.0F);
  BOOST_TEST(std::fabs(feature("autocorrelation_1", kSaw) + 1) < 1e-6);
  BOOST_TEST(std::fabs(feature("autocorrelation_5", kSaw) + 1) < 1e-6);
}

BOOST_AUTO_TEST_CASE(the_power_of_a_wave_stands_in_one_frequency) {
  BOOST_TEST(std::fabs(feature("periodicity", kWave) - 1) < 1e-6);
  BOOST_TEST(feature("periodicity", kRise) < 0.7);
}

BOOST_AUTO_TEST_CASE(a_tent_is_its_own_mirror_image_and_a_rise_is_the_opposite) {
  BOOST_TEST(std::fabs(feature("symmetry", kTent) - 1) < 1e-6);
  // z-scores of 22 numbers in a row against themselves in reverse: 1 - mean |2 z| / 2 = 1 - mean |z|, with mean |z| =
  // (n / 4) / sqrt((n^2 - 1) / 12).
  BOOST_TEST(std::fabs(feature("symmetry", kRise) - (1 - 5.5 / std::sqrt(483.0 / 12))) < 1e-6);
}

BOOST_AUTO_TEST_CASE(a_gap_is_counted_when_a_bar_lies_wholly_beyond_the_one_before) {
  std::vector<double> window = flat_window(105, 100);
  const auto put = [&](std::size_t t, double price) {
    for (std::size_t c = 0; c < 4; ++c) window[t * 4 + c] = price;
  };
  put(40, 101);
  BOOST_TEST(feature("gap_frequency", window) == 2.0F / 44.0F);  // up, and down again
  put(40, 100);
  window[40 * 4 + 1] = 105;  // its high alone
  BOOST_TEST(feature("gap_frequency", window) == 0.0);
}

BOOST_AUTO_TEST_CASE(boxes_are_counted_between_the_lowest_low_and_the_highest_high) {
  // 45 closes spread evenly over the whole span meet every box of 23, 12 and 6: slope of ln(23, 12, 6) on ln(2, 4, 8).
  const double slope = (std::log(23.0) - std::log(6.0)) / (2 * std::log(2.0));
  BOOST_TEST(std::fabs(feature("box_slope", kRise) - slope) < 1e-6);
}

BOOST_AUTO_TEST_SUITE_END()
