#include "models/classifiers/minirocket_features.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "base/error.h"
#include "models/classifiers/minirocket_kernel.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;
using namespace moola::models;

namespace {

constexpr std::size_t kKernels = 84;

// Made by the published program for windows of 64 bars: a sum of a ramp, a period and steps; the biases of its
// dilations 5 and 6, one for each kernel; and how many sums of that window, and of one that goes up and down by steps
// of 0.2, are above them. Many sums equal a bias but for rounding.
const std::vector<float> kWindow{
    0.0F,         0.66472316F,  1.2229838F,   1.0927088F,   1.2350162F,   0.66312265F,  0.43931568F,   0.16068433F,
    -0.56312263F, -0.63501626F, -0.99270886F, -0.6229839F,  -0.06472317F, 0.1F,         0.7647232F,    0.82298386F,
    1.1927088F,   1.3350163F,   0.7631227F,   0.53931564F,  -0.23931566F, -0.46312267F, -0.53501624F,  -0.8927089F,
    -0.52298385F, -0.46472317F, 0.2F,         0.86472315F,  0.9229839F,   1.2927089F,   0.9350162F,    0.86312264F,
    0.63931566F,  -0.13931566F, -0.36312267F, -0.9350162F,  -0.7927089F,  -0.42298386F, -0.36472318F,  0.3F,
    0.46472317F,  1.0229839F,   1.3927089F,   1.0350163F,   0.96312267F,  0.23931566F,  -0.039315663F, -0.26312265F,
    -0.83501625F, -0.69270885F, -0.82298386F, -0.26472318F, 0.4F,         0.5647232F,   1.1229838F,    0.99270886F,
    1.1350162F,   1.0631226F,   0.33931565F,  0.060684334F, -0.66312265F, -0.7350162F,  -0.5927089F,   -0.72298384F};
const std::vector<float> kBiases{
    1.2811031F,   0.001594343F, -3.387504F,   0.98983455F,   -1.9499534F,   3.3188343F,   0.3999999F,     -4.5435834F,
    2.8617344F,   -0.46387047F, -4.0F,        0.19801207F,   -2.934119F,    2.7032673F,   0.3529873F,     -2.175023F,
    1.9033153F,   -0.59882176F, 5.8F,         0.02841511F,   -2.606962F,    1.4792944F,   1.5143542e-08F, -2.0871482F,
    2.193527F,    -0.84415686F, 2.7994523F,   -0.03699401F,  -1.053961F,    0.5764712F,   -0.5027214F,    -4.562042F,
    1.8031392F,   -2.002277F,   2.6975527F,   -0.19394405F,  -5.994344F,    0.47838178F,  -1.4000001F,    3.089395F,
    1.3712772F,   -0.35111648F, 1.9861343F,   -0.19210164F,  -3.5330448F,   0.4690519F,   -1.8000001F,    3.55405F,
    0.16081157F,  -3.2264748F,  1.4932045F,   -0.063398905F, 3.4715245F,    0.5191405F,   -1.3578826F,    1.9900744F,
    -0.8459803F,  -2.2334917F,  1.0000001F,   -0.2506022F,   5.4879007F,    -0.21351328F, -2.3999999F,    3.089595F,
    0.05944817F,  -2.8902626F,  1.0888566F,   -0.47416115F,  4.031772F,     -0.09842195F, -2.6000001F,    2.995405F,
    -2.7816293F,  3.7933905F,   0.8000002F,   -1.8618084F,   1.5423578F,    -0.22267967F, -2.8F,          3.086026F,
    -1.1034769F,  2.6474974F,   0.48450848F,  -4.6286893F,   0.34003454F,   -0.79999995F, -6.102266F,     0.97607166F,
    -0.9132379F,  3.1951065F,   -0.25277793F, -2.2493865F,   0.38930622F,   -1.0559803F,  1.0735424F,     0.6483235F,
    -1.2407175F,  2.8000002F,   -1.3329355F,  -1.9932297F,   0.5014219F,    -1.2F,        1.4871502F,     0.9040869F,
    -0.39324132F, 1.4000001F,   -0.906132F,   6.8661594F,    0.7017839F,    -2.4603283F,  3.0826964F,     -0.6219319F,
    -3.472112F,   0.9771683F,   -2.4955564F,  3.8888052F,    0.17663054F,   -3.0F,        2.9293334F,     -2.2669291F,
    -2.0853484F,  1.0F,         -1.5713277F,  2.4752197F,    -0.054149643F, -2.6F,        1.4080533F,     -0.8036617F,
    2.9136696F,   0.20000005F,  -1.712795F,   3.6645825F,    0.18663144F,   -5.16685F,    1.0295773F,     -0.55106705F,
    2.788058F,    0.0F,         -3.9337764F,  4.8325152F,    -0.40091515F,  4.6000004F,   0.8849105F,     -3.0799513F,
    0.9948828F,   -0.19999996F, -2.0454276F,  0.5072514F,    -1.2299776F,   3.6288018F,   0.7029247F,     -2.0100136F,
    0.9055153F,   -0.79999983F, -2.008024F,   1.1409402F,    -0.7154523F,   3.5266283F,   0.010974954F,   -2.9937882F,
    1.8765646F,   -0.6000001F,  6.1074896F,   0.19922516F,   -1.1913288F,   1.8244538F,   1.3197356F,     -2.5250301F};
const std::vector<int> kCounts{
    10, 10, 60, 10, 43, 0,  26, 24, 13, 14, 64, 14, 47, 0,  33, 16, 17, 13, 0,  10, 50, 4,  28, 16, 20, 24, 12, 14,
    53, 10, 33, 24, 24, 24, 19, 12, 57, 10, 40, 4,  27, 12, 18, 12, 61, 11, 41, 6,  31, 24, 25, 12, 1,  12, 38, 9,
    34, 20, 22, 14, 4,  13, 57, 6,  38, 16, 26, 12, 8,  14, 42, 0,  41, 0,  24, 15, 12, 10, 49, 2,  45, 6,  26, 24,
    8,  37, 16, 24, 10, 7,  6,  58, 7,  35, 7,  28, 9,  1,  12, 61, 9,  46, 5,  31, 9,  26, 12, 2,  4,  55, 4,  35,
    16, 27, 13, 5,  9,  58, 3,  38, 10, 30, 9,  9,  6,  60, 6,  42, 7,  32, 13, 12, 7,  64, 9,  45, 6,  34, 15, 16,
    10, 14, 6,  49, 2,  31, 7,  19, 12, 10, 9,  52, 7,  33, 10, 23, 7,  7,  6,  56, 3,  38, 4,  26, 11, 11, 8,  60};
const std::vector<int> kCountsOfSteps{
    18, 13, 58, 8,  45, 2,  28, 24, 2,  10, 61, 10, 59, 5,  32, 20, 14, 11, 0,  15, 56, 9,  35, 14, 14, 13, 6,  13,
    38, 11, 39, 21, 17, 18, 9,  11, 64, 11, 42, 4,  21, 15, 13, 15, 61, 9,  46, 3,  27, 20, 16, 11, 11, 12, 49, 9,
    37, 16, 19, 17, 0,  13, 52, 4,  31, 18, 23, 11, 2,  13, 54, 3,  55, 7,  22, 17, 23, 13, 55, 2,  46, 0,  30, 24,
    5,  39, 16, 27, 7,  10, 9,  56, 6,  43, 6,  28, 11, 10, 10, 49, 5,  44, 6,  26, 7,  16, 6,  0,  8,  50, 1,  38,
    15, 20, 12, 6,  7,  52, 3,  57, 11, 22, 12, 14, 8,  56, 3,  36, 2,  26, 9,  1,  10, 60, 6,  39, 3,  30, 16, 0,
    8,  0,  8,  60, 8,  34, 14, 29, 9,  4,  5,  46, 5,  37, 14, 21, 13, 8,  7,  53, 3,  41, 0,  29, 9,  11, 4,  58};

std::vector<float> window_of_steps() {
  constexpr float kSteps[] = {-1.0F, -0.2F, 0.6F, -0.8F, 0.0F, 0.8F, -0.6F, 0.2F, 1.0F, -0.4F, 0.4F};
  std::vector<float> out;
  for (std::size_t bar = 0; bar < 64; ++bar) out.push_back(kSteps[bar % 11]);
  return out;
}

struct Made {
  std::vector<float> values;
  std::size_t bars, channels;
  WindowArray array() const { return {.values = values, .bars = bars, .channels = channels}; }
  WindowArray window(std::size_t i) const {
    return {.values = array().values.subspan(i * bars * channels, bars * channels), .bars = bars, .channels = channels};
  }
};

// Coarse numbers make sums that equal a bias.
Made random_windows(std::mt19937_64& random, std::size_t windows, std::size_t bars, std::size_t channels, bool coarse) {
  std::normal_distribution<float> normal;
  Made out{.values = {}, .bars = bars, .channels = channels};
  for (std::size_t i = 0; i < windows * bars * channels; ++i)
    out.values.push_back(coarse ? std::round(normal(random) * 2) : normal(random));
  return out;
}

std::vector<std::array<int, 3>> kernels() {
  std::vector<std::array<int, 3>> out;
  for (int bits = 0; bits < 512; ++bits) {
    std::array<int, 3> at{};
    std::size_t count = 0;
    for (int i = 0; i < 9; ++i) {
      if ((bits >> i & 1) != 0 && count++ < 3) at[count - 1] = i;
    }
    if (count == 3) out.push_back(at);
  }
  std::sort(out.begin(), out.end());
  return out;
}

// The sum of one kernel at one bar, by the definition, in float32: nine ones with the middle one first, then three
// threes, then the next channel.
float sum_at(const WindowArray& window, std::span<const std::uint32_t> channels, std::ptrdiff_t dilation,
             const std::array<int, 3>& threes, std::size_t bar) {
  float out = 0;
  for (const std::uint32_t channel : channels) {
    const auto at = [&](int weight) {
      const std::ptrdiff_t t = static_cast<std::ptrdiff_t>(bar) + (weight - 4) * dilation;
      const bool inside = t >= 0 && t < static_cast<std::ptrdiff_t>(window.bars);
      return inside ? window.values[static_cast<std::size_t>(t) * window.channels + channel] : 0.0F;
    };
    float sum = -at(4);
    for (const int weight : {0, 1, 2, 3, 5, 6, 7, 8}) sum += -at(weight);
    for (const int weight : threes) sum += 3 * at(weight);
    out += sum;
  }
  return out;
}

// What stands for a combination in the fitted value.
struct Combination {
  std::size_t number, dilation_number, kernel;
  std::ptrdiff_t dilation;
  std::vector<std::uint32_t> channels;
  std::size_t first_feature, features;
};

std::vector<Combination> combinations(const MiniRocketFeatures& fitted) {
  std::vector<Combination> out;
  std::size_t channel = 0, feature = 0;
  for (std::size_t i = 0; i < fitted.dilations.size() * kKernels; ++i) {
    Combination next{.number = i,
                     .dilation_number = i / kKernels,
                     .kernel = i % kKernels,
                     .dilation = fitted.dilations[i / kKernels],
                     .channels = {},
                     .first_feature = feature,
                     .features = fitted.quantiles[i / kKernels]};
    for (std::uint32_t k = 0; k < fitted.channels_of[i]; ++k) next.channels.push_back(fitted.channel.at(channel++));
    feature += next.features;
    out.push_back(next);
  }
  BOOST_REQUIRE(channel == fitted.channel.size());
  BOOST_REQUIRE(feature == fitted.biases.size());
  return out;
}

std::vector<float> sums_of(const WindowArray& window, const Combination& combination) {
  static const auto kAll = kernels();
  std::vector<float> out;
  for (std::size_t bar = 0; bar < window.bars; ++bar)
    out.push_back(sum_at(window, combination.channels, combination.dilation, kAll[combination.kernel], bar));
  return out;
}

std::vector<float> brute_force(const MiniRocketFeatures& fitted, const WindowArray& window) {
  std::vector<float> out;
  for (const Combination& each : combinations(fitted)) {
    const std::vector<float> sums = sums_of(window, each);
    const std::size_t around =
        (each.dilation_number + each.kernel) % 2 == 0 ? 0 : 4 * static_cast<std::size_t>(each.dilation);
    for (std::size_t q = 0; q < each.features; ++q) {
      int above = 0;
      for (std::size_t bar = around; bar < window.bars - around; ++bar)
        above += sums[bar] > fitted.biases[each.first_feature + q];
      out.push_back(static_cast<float>(above) / static_cast<float>(window.bars - 2 * around));
    }
  }
  return out;
}

// Linear between the two nearest, at frac(i (1 + sqrt 5) / 2) in float32.
float quantile_number(std::vector<float> sums, std::size_t i) {
  std::sort(sums.begin(), sums.end());
  const double turns = static_cast<double>(i) * (1 + std::sqrt(5.0)) / 2;
  const double rank = static_cast<float>(turns - std::floor(turns)) * static_cast<double>(sums.size() - 1);
  const auto below = static_cast<std::size_t>(rank);
  const double low = sums[below], high = sums[std::min(below + 1, sums.size() - 1)];
  return static_cast<float>(low + (high - low) * (rank - std::floor(rank)));
}

bool gives(const WindowArray& window, const Combination& combination, const std::vector<float>& biases) {
  const std::vector<float> sums = sums_of(window, combination);
  for (std::size_t q = 0; q < combination.features; ++q) {
    const std::size_t i = combination.first_feature + q;
    if (quantile_number(sums, i + 1) != biases[i]) return false;
  }
  return true;
}

bool same(const MiniRocketFeatures& a, const MiniRocketFeatures& b) {
  return a.bars == b.bars && a.channels == b.channels && a.dilations == b.dilations && a.quantiles == b.quantiles &&
         a.channels_of == b.channels_of && a.channel == b.channel && a.biases == b.biases;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(minirocket_features)

// Of the published program.
BOOST_AUTO_TEST_CASE(dilations_share_the_features_as_published) {
  struct Case {
    std::size_t bars, features;
    std::vector<std::uint32_t> dilations, quantiles;
  };
  const std::vector<Case> cases{
      {9, 10'000, {1}, {119}},
      {17, 84, {1}, {1}},
      {17, 10'000, {1, 2}, {116, 3}},
      {32, 10'000, {1, 2, 3}, {60, 37, 22}},
      {33, 1008, {1, 2, 3, 4}, {6, 3, 2, 1}},
      {150,
       10'000,
       {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 18},
       {30, 15, 12, 12, 4, 8, 8, 4, 4, 4, 3, 3, 3, 3, 3, 3}},
      {500, 1008, {1, 2, 3, 4, 6, 9, 13, 20, 29, 42, 62}, {2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
      {2048,
       10'000,
       {1, 2, 3, 4, 5, 7, 8, 10, 12, 14, 17, 20, 25, 29, 35, 42, 51, 61, 73, 87, 104, 125, 149, 178, 213, 255},
       {15, 12, 4, 4, 8, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 3, 3}}};
  for (const Case& each : cases) {
    const std::vector<float> window(each.bars, 1.0F);
    const MiniRocketFeatures fitted =
        fit_minirocket({.values = window, .bars = each.bars, .channels = 1}, {.features = each.features});
    BOOST_TEST(fitted.dilations == each.dilations, boost::test_tools::per_element());
    BOOST_TEST(fitted.quantiles == each.quantiles, boost::test_tools::per_element());
    BOOST_TEST(fitted.features() == each.features / 84 * 84);
  }
}

// In whole numbers: the k-th of n is the largest d with d^(n-1) 8^k <= (bars-1)^k. At 25 bars the last one is 3, of
// which 2^log2(3) in floating point falls short.
BOOST_AUTO_TEST_CASE(dilations_are_the_whole_parts_of_powers) {
  const auto power = [](std::uint64_t base, std::uint64_t exponent) {
    std::uint64_t out = 1;
    for (std::uint64_t i = 0; i < exponent; ++i) out *= base;
    return out;
  };
  for (std::size_t bars = 9; bars < 1200; bars += bars < 300 ? 1 : 8) {
    const std::vector<float> window(bars, 1.0F);
    for (std::uint64_t drawn = 1; drawn <= 5; ++drawn) {
      std::set<std::uint32_t> expected{1};
      for (std::uint64_t k = 1; k < drawn; ++k) {
        std::uint32_t d = 1;
        while (power(d + 1, drawn - 1) * power(8, k) <= power(bars - 1, k)) ++d;
        expected.insert(d);
      }
      const MiniRocketFeatures fitted =
          fit_minirocket({.values = window, .bars = bars, .channels = 1}, {.features = 84 * drawn});
      BOOST_REQUIRE(std::vector<std::uint32_t>(expected.begin(), expected.end()) == fitted.dilations);
    }
  }
}

BOOST_AUTO_TEST_CASE(fewer_dilations_may_be_allowed) {
  const std::vector<float> window(500, 1.0F);
  const MiniRocketFeatures fitted =
      fit_minirocket({.values = window, .bars = 500, .channels = 1}, {.features = 10'000, .most_dilations = 2});
  BOOST_TEST(fitted.dilations == (std::vector<std::uint32_t>{1, 62}), boost::test_tools::per_element());
  BOOST_TEST(fitted.quantiles == (std::vector<std::uint32_t>{60, 59}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(features_are_those_of_the_published_program) {
  MiniRocketFeatures fitted{.bars = 64,
                            .channels = 1,
                            .dilations = {5, 6},
                            .quantiles = {1, 1},
                            .channels_of = std::vector<std::uint32_t>(2 * kKernels, 1),
                            .channel = std::vector<std::uint32_t>(2 * kKernels, 0),
                            .biases = kBiases};
  std::vector<float> windows = kWindow;
  const std::vector<float> steps = window_of_steps();
  windows.insert(windows.end(), steps.begin(), steps.end());
  const std::vector<float> found = transform(fitted, {.values = windows, .bars = 64, .channels = 1});
  BOOST_REQUIRE(found.size() == 2 * kBiases.size());
  for (std::size_t i = 0; i < kBiases.size(); ++i) {
    const bool all = (i / kKernels + i % kKernels) % 2 == 0;
    const std::size_t sums = all ? 64 : 64 - 8 * fitted.dilations[i / kKernels];
    BOOST_TEST(found[i] == static_cast<float>(kCounts[i]) / static_cast<float>(sums));
    BOOST_TEST(found[kBiases.size() + i] == static_cast<float>(kCountsOfSteps[i]) / static_cast<float>(sums));
  }
}

// Its biases were drawn for each combination from one of four windows, of which kWindow is the first, with the rank of
// a quantile in float32.
BOOST_AUTO_TEST_CASE(biases_are_those_of_the_published_program) {
  const MiniRocketFeatures fitted = fit_minirocket({.values = kWindow, .bars = 64, .channels = 1}, {.features = 1008});
  BOOST_REQUIRE(fitted.quantiles == (std::vector<std::uint32_t>{4, 2, 2, 1, 1, 1, 1}));
  constexpr std::size_t kFirst = 84 * 9;  // of the fifth dilation
  int compared = 0;
  for (std::size_t i = 0; i < kBiases.size(); ++i) {
    if ((4 + i / kKernels + i % kKernels) % 4 != 0) continue;
    ++compared;
    BOOST_TEST(std::fabs(fitted.biases[kFirst + i] - kBiases[i]) < 1e-5);
  }
  BOOST_TEST(compared == 42);
}

BOOST_AUTO_TEST_CASE(features_are_those_of_the_definition) {
  std::mt19937_64 random(21);
  for (int round = 0; round < 60; ++round) {
    const std::size_t bars = round == 0 ? 9 : 9 + random() % 60, channels = 1 + random() % 12;
    const Made made = random_windows(random, 1 + random() % 12, bars, channels, round % 2 == 0);
    const MiniRocketFeatures fitted =
        fit_minirocket(made.array(), {.features = 84 * (1 + random() % 20), .seed = random()});
    const std::vector<float> found = transform(fitted, made.array(), 1 + static_cast<unsigned>(random() % 3));
    BOOST_REQUIRE(found.size() == made.array().windows() * fitted.features());
    for (std::size_t i = 0; i < made.array().windows(); ++i) {
      const std::vector<float> expected = brute_force(fitted, made.window(i));
      BOOST_REQUIRE(std::equal(expected.begin(), expected.end(),
                               found.begin() + static_cast<std::ptrdiff_t>(i * fitted.features())));
    }
  }
}

// Sums are made 1024 at a time.
BOOST_AUTO_TEST_CASE(windows_longer_than_a_buffer_are_no_others) {
  std::mt19937_64 random(22);
  for (const std::size_t bars : {1023, 1024, 1025, 1040, 2048, 2500}) {
    const Made made = random_windows(random, 1, bars, 1 + random() % 2, true);
    const MiniRocketFeatures fitted = fit_minirocket(made.array(), {.features = 84 * 6, .seed = random()});
    BOOST_TEST(transform(fitted, made.array()) == brute_force(fitted, made.array()), boost::test_tools::per_element());
    for (const Combination& each : combinations(fitted)) BOOST_TEST(gives(made.array(), each, fitted.biases));
  }
}

BOOST_AUTO_TEST_CASE(each_combination_takes_its_biases_from_a_window_drawn_for_it) {
  std::mt19937_64 random(23);
  const Made made = random_windows(random, 4, 40, 3, false);
  const MiniRocketFeatures fitted = fit_minirocket(made.array(), {.features = 84 * 12, .seed = 5});
  std::vector<int> drawn(4);
  for (const Combination& each : combinations(fitted)) {
    int from = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      if (!gives(made.window(i), each, fitted.biases)) continue;
      ++from;
      ++drawn[i];
    }
    BOOST_TEST(from == 1);
  }
  // 84 combinations of each of 4 dilations: of every window 84 on average, with a standard deviation of 7.94.
  BOOST_REQUIRE(fitted.dilations.size() == 4U);
  for (const int count : drawn) BOOST_TEST(std::abs(count - 84) < 4 * 7.94);
}

// A combination has n of m = 9 channels at most with the probability log(1 + 1/n) / log(m + 1).
BOOST_AUTO_TEST_CASE(combinations_look_at_channels_as_published) {
  const std::size_t channels = 12;
  std::vector<int> of_count(10), of_channel(channels);
  int combinations_made = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<float> window(500 * channels, 1.0F);
    const MiniRocketFeatures fitted =
        fit_minirocket({.values = window, .bars = 500, .channels = channels}, {.features = 1008, .seed = seed});
    for (const Combination& each : combinations(fitted)) {
      BOOST_REQUIRE((each.channels.size() >= 1 && each.channels.size() <= 9));
      const std::set<std::uint32_t> distinct(each.channels.begin(), each.channels.end());
      BOOST_REQUIRE(distinct.size() == each.channels.size());
      BOOST_REQUIRE(std::is_sorted(each.channels.begin(), each.channels.end()));
      ++of_count[each.channels.size()];
      for (const std::uint32_t channel : each.channels) ++of_channel.at(channel);
      ++combinations_made;
    }
  }
  int all = 0;
  for (std::size_t n = 1; n <= 9; ++n) {
    const double p = std::log1p(1.0 / static_cast<double>(n)) / std::log(10.0), expected = p * combinations_made;
    BOOST_TEST(std::fabs(of_count[n] - expected) < 4 * std::sqrt(expected * (1 - p)));
  }
  for (const int count : of_channel) all += count;
  for (const int count : of_channel) BOOST_TEST(std::fabs(count * 12.0 / all - 1) < 0.05);
}

BOOST_AUTO_TEST_CASE(two_channels_are_looked_at_alone_or_together) {
  const std::vector<float> window(100 * 2, 1.0F);
  const MiniRocketFeatures fitted = fit_minirocket({.values = window, .bars = 100, .channels = 2});
  std::set<std::vector<std::uint32_t>> seen;
  for (const Combination& each : combinations(fitted)) seen.insert(each.channels);
  BOOST_TEST((seen == std::set<std::vector<std::uint32_t>>{{0}, {1}, {0, 1}}));
}

BOOST_AUTO_TEST_CASE(any_number_of_threads_gives_the_same) {
  std::mt19937_64 random(24);
  const Made made = random_windows(random, 37, 120, 4, false);
  const MiniRocketFeatures fitted = fit_minirocket(made.array(), {.seed = 9}, 1);
  const std::vector<float> features = transform(fitted, made.array(), 1);
  for (const unsigned threads : {0U, 2U, 5U}) {
    BOOST_TEST(same(fit_minirocket(made.array(), {.seed = 9}, threads), fitted));
    BOOST_TEST((transform(fitted, made.array(), threads) == features));
  }
  BOOST_TEST(!same(fit_minirocket(made.array(), {.seed = 10}), fitted));
}

BOOST_AUTO_TEST_CASE(a_window_alone_has_the_features_it_has_among_others) {
  std::mt19937_64 random(25);
  const Made made = random_windows(random, 20, 64, 2, false);
  const MiniRocketFeatures fitted = fit_minirocket(made.array(), {.features = 840});
  const std::vector<float> all = transform(fitted, made.array());
  for (std::size_t i = 0; i < 20; ++i) {
    const std::vector<float> alone = transform(fitted, made.window(i));
    BOOST_REQUIRE(std::equal(alone.begin(), alone.end(), all.begin() + static_cast<std::ptrdiff_t>(i * 840)));
  }
  BOOST_TEST(transform(fitted, {.values = {}, .bars = 64, .channels = 2}).empty());
}

BOOST_AUTO_TEST_CASE(instruction_sets_agree_on_every_bit) {
  std::mt19937_64 random(26);
  namespace kernel = minirocket_kernel;
  const auto numbers = [&](std::size_t count) {
    std::vector<float> out;
    for (std::size_t i = 0; i < count; ++i)
      out.push_back(std::round(std::normal_distribution<float>()(random) * 3) / 7);
    return out;
  };
  for (int round = 0; round < 300; ++round) {
    const std::size_t blocks = 1 + random() % 9, size = blocks * kernel::kBlock, quantiles = 1 + random() % 40;
    const auto dilation = static_cast<std::ptrdiff_t>(1 + random() % 9);
    const std::vector<float> x = numbers(size + 72), a = numbers(size), b = numbers(size), biases = numbers(quantiles);
    const std::size_t from = random() % size, to = from + 1 + random() % (size - from);
    std::vector<std::uint32_t> expected(quantiles, 3);
    for (std::size_t q = 0; q < quantiles; ++q) {
      for (std::size_t i = from; i < to; ++i) expected[q] += a[i] > biases[q];
    }
    std::vector<float> ones(size);
    for (std::size_t i = 0; i < size; ++i) {
      const float* at = &x[i + 36];
      float sum = -*at;
      for (const std::ptrdiff_t step : {-4, -3, -2, -1, 1, 2, 3, 4}) sum -= at[step * dilation];
      ones[i] = sum;
    }
    for (const Isa isa : {Isa::v2, Isa::v3, Isa::v4}) {
      if (!supported(isa)) continue;
      const kernel::Kernel& set = kernel::kernel(isa);
      std::vector<float> out(size), values = a;
      set.ones(&x[36], dilation, blocks, out.data());
      BOOST_REQUIRE(out == ones);
      set.add_two(a.data(), b.data(), x.data() + 3, blocks, out.data());
      for (std::size_t i = 0; i < size; ++i) BOOST_REQUIRE(out[i] == (a[i] + b[i]) + x[i + 3]);
      set.add(a.data(), b.data(), blocks, out.data());
      for (std::size_t i = 0; i < size; ++i) BOOST_REQUIRE(out[i] == a[i] + b[i]);
      set.accumulate(x.data(), b.data(), blocks, out.data());
      for (std::size_t i = 0; i < size; ++i) BOOST_REQUIRE(out[i] == (a[i] + b[i]) + (x[i] + b[i]));
      std::vector<std::uint32_t> counts(quantiles, 3);
      set.count_above(values.data(), from, to, biases.data(), quantiles, counts.data());
      BOOST_REQUIRE(counts == expected);
    }
  }
}

// Powers of two change no rounding, and the largest value that is let in overflows no sum.
BOOST_AUTO_TEST_CASE(features_do_not_depend_on_the_scale_of_the_values) {
  std::mt19937_64 random(27);
  Made made = random_windows(random, 3, 80, 9, false);
  const float largest = std::fabs(*std::max_element(made.values.begin(), made.values.end(),
                                                    [](float a, float b) { return std::fabs(a) < std::fabs(b); }));
  for (float& value : made.values) value /= largest;
  const MiniRocketFeatures fitted = fit_minirocket(made.array(), {.features = 840});
  const std::vector<float> features = transform(fitted, made.array());
  for (float& value : made.values) value *= 0x1p120F;
  const MiniRocketFeatures large = fit_minirocket(made.array(), {.features = 840});
  BOOST_TEST((transform(large, made.array()) == features));
  for (std::size_t i = 0; i < fitted.biases.size(); ++i) BOOST_REQUIRE(large.biases[i] == fitted.biases[i] * 0x1p120F);
}

BOOST_AUTO_TEST_CASE(values_that_are_no_numbers_are_refused_by_window) {
  std::mt19937_64 random(28);
  Made made = random_windows(random, 5, 20, 3, false);
  const MiniRocketFeatures fitted = fit_minirocket(made.array(), {.features = 84});
  float& value = made.values[(3 * 20 + 7) * 3 + 2];
  for (const float wrong : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity(), std::nextafter(0x1p120F, 0x1p121F)}) {
    value = wrong;
    BOOST_TEST(
        holds(message_of<DataError>([&] { transform(fitted, made.array()); }), "channel 2 of bar 7 of window 3"));
    BOOST_TEST(holds(message_of<DataError>([&] { fit_minirocket(made.array()); }), "channel 2 of bar 7 of window 3"));
  }
  value = -0x1p120F;
  BOOST_CHECK_NO_THROW(transform(fitted, made.array()));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_fitted_is_refused) {
  const std::vector<float> values(90, 1.0F);
  const auto refused = [&](std::size_t bars, const MiniRocketOptions& options) {
    return message_of<ConfigError>([&] { fit_minirocket({.values = values, .bars = bars, .channels = 1}, options); });
  };
  BOOST_TEST(holds(refused(5, {}), "windows of 5 bars"));
  BOOST_TEST(holds(refused(8, {}), "windows of 8 bars"));
  BOOST_TEST(refused(9, {}) == "");
  BOOST_TEST(holds(refused(9, {.features = 83}), "83 features"));
  BOOST_TEST(refused(9, {.features = 84}) == "");
  BOOST_TEST(holds(refused(9, {.most_dilations = 0}), "without dilations"));
  BOOST_TEST(refused(9, {.most_dilations = 1}) == "");
  BOOST_TEST(
      holds(message_of<DataError>([] { fit_minirocket({.values = {}, .bars = 9, .channels = 1}); }), "no windows"));
  BOOST_CHECK_THROW(fit_minirocket({.values = values, .bars = 12, .channels = 1}), std::invalid_argument);
  BOOST_CHECK_THROW(fit_minirocket({.values = values, .bars = 9, .channels = 0}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(windows_of_another_shape_than_those_fitted_are_refused) {
  const std::vector<float> values(360, 1.0F);
  const MiniRocketFeatures fitted = fit_minirocket({.values = values, .bars = 20, .channels = 2}, {.features = 84});
  const auto refused = [&](std::size_t bars, std::size_t channels) {
    return message_of<ConfigError>([&] { transform(fitted, {.values = values, .bars = bars, .channels = channels}); });
  };
  BOOST_TEST(refused(20, 2) == "");
  BOOST_TEST(holds(refused(18, 2), "windows of 18 bars and 2 channels"));
  BOOST_TEST(holds(refused(20, 1), "fitted to windows of 20 and 2"));
}

BOOST_AUTO_TEST_CASE(fitted_parts_that_do_not_fit_together_are_refused) {
  const std::vector<float> values(34, 1.0F);
  const WindowArray windows{.values = values, .bars = 17, .channels = 2};
  const MiniRocketFeatures sound = fit_minirocket(windows, {.features = 10'000});
  const auto refused = [&](const auto& change) {
    MiniRocketFeatures broken = sound;
    change(broken);
    BOOST_CHECK_THROW(transform(broken, windows), std::invalid_argument);
  };
  BOOST_CHECK_NO_THROW(transform(sound, windows));
  refused([](MiniRocketFeatures& f) { f.biases.pop_back(); });
  refused([](MiniRocketFeatures& f) { f.dilations.back() = 3; });  // 8 x 3 > 16
  refused([](MiniRocketFeatures& f) { f.dilations.front() = 0; });
  refused([](MiniRocketFeatures& f) { f.dilations.clear(); });
  refused([](MiniRocketFeatures& f) { f.quantiles.pop_back(); });
  refused([](MiniRocketFeatures& f) { f.channel.back() = 2; });
  refused([](MiniRocketFeatures& f) { f.channel.push_back(0); });
  refused([](MiniRocketFeatures& f) { f.channels_of.pop_back(); });
  refused([](MiniRocketFeatures& f) { f.channels_of.front() = 0; });
}

BOOST_AUTO_TEST_SUITE_END()
