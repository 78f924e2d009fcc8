#include "market/indicators/wavelets.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/keyed_random.h"
#include "market/indicators/indicator.h"
#include "market/indicators/wavelet_kernels.h"
#include "tests/support/sample_bars.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

using Column = std::vector<double>;
using Exact = std::vector<long double>;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kWindow = 64;

// The scaling filter of db4 as tables print it, the first tap first.
constexpr long double kScaling[8] = {0.23037781330889650L,   0.71484657055291565L,  0.63088076792985891L,
                                     -0.027983769416859854L, -0.18703481171909308L, 0.030841381835560764L,
                                     0.032883011666885200L,  -0.010597401785069032L};

struct Transform {
  Exact approx, detail;
};

// One level: the signal is written out with its mirrored ends, and every other sum of eight is kept.
Transform transform(const Exact& x) {
  Exact wide;
  for (std::size_t i = 0; i < 7; ++i) wide.push_back(x[6 - i]);
  wide.insert(wide.end(), x.begin(), x.end());
  for (std::size_t i = 0; i < 7; ++i) wide.push_back(x[x.size() - 1 - i]);
  Transform out;
  for (std::size_t begin = 1; begin + 8 <= wide.size(); begin += 2) {
    long double low = 0, high = 0;
    for (std::size_t j = 0; j < 8; ++j) {
      // The low-pass filter runs backwards along the signal, which is the scaling filter forwards.
      low += kScaling[j] * wide[begin + j];
      high += kScaling[7 - j] * (j % 2 == 0 ? 1 : -1) * wide[begin + j];
    }
    out.approx.push_back(low);
    out.detail.push_back(high);
  }
  return out;
}

struct Levels {
  Exact a3, d1, d2, d3;
};

Levels levels_of(const Column& x, std::size_t row) {
  const Transform one = transform(Exact(x.begin() + static_cast<std::ptrdiff_t>(row + 1 - kWindow),
                                        x.begin() + static_cast<std::ptrdiff_t>(row + 1)));
  const Transform two = transform(one.approx), three = transform(two.approx);
  return {three.approx, one.detail, two.detail, three.detail};
}

long double energy(const Exact& x) {
  long double total = 0;
  for (const long double value : x) total += value * value;
  return total;
}

long double median(Exact x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

Column walk(std::uint64_t seed, std::size_t n, double around, double step) {
  Column out(n);
  KeyedRandom random(seed, Stream::augmentation, 0, 0);
  double value = around;
  for (double& each : out) each = value += step * (random.uniform() - 0.5);
  return out;
}

struct Named {
  const char* name;
  Column values;
};

std::vector<Named> samples() {
  const Bars bars = walking_bars(21, 700);
  return {{"prices with flat stretches", bars.close},
          {"volumes, some 0", bars.volume},
          {"prices of 60,000 that move by 1", walk(22, 500, 60'000, 1)},
          {"one window", walk(23, kWindow, 100, 1)}};
}

// The columns of an indicator, by output.
std::vector<Column> columns(const std::string& name, const Bars& bars, double parameter = kNaN) {
  const Indicator& indicator = find_indicator(name);
  ParameterValues values = usual_values(indicator);
  if (!std::isnan(parameter)) values.set(0, parameter);
  std::vector<Column> out(indicator.outputs.size(), Column(bars.size()));
  std::vector<std::span<double>> outs(out.begin(), out.end());
  Scratch scratch(bars.size());
  IndicatorCall call(columns_of(bars), values, outs, scratch);
  indicator.compute(call);
  return out;
}

void require_no_value_before_a_window(const Column& out) {
  for (std::size_t i = 0; i < std::min(out.size(), kWindow - 1); ++i) BOOST_REQUIRE(std::isnan(out[i]));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(wavelets)

BOOST_AUTO_TEST_CASE(columns_of_the_close_are_those_of_pywavelets) {
  std::istringstream text(read_file(fmt::format("{}/tests/market/vectors/wavelets_400.csv", MOOLA_SOURCE_DIR)));
  std::string line, field;
  std::vector<std::string> names;
  std::getline(text, line);
  for (std::istringstream header(line); std::getline(header, field, ',');) names.push_back(field);
  BOOST_REQUIRE(names.size() == 13U);
  std::vector<Column> wanted(names.size());
  while (std::getline(text, line)) {
    std::istringstream fields(line + ",");
    for (Column& column : wanted) {
      std::getline(fields, field, ',');
      double value = kNaN;
      if (!field.empty()) {
        const auto [end, wrong] = std::from_chars(field.data(), field.data() + field.size(), value);
        BOOST_REQUIRE((wrong == std::errc() && end == field.data() + field.size()));
      }
      column.push_back(value);
    }
  }
  Bars bars = flat_bars(wanted[0].size(), 1.0, 1.0);
  BOOST_REQUIRE(bars.size() == 400U);
  bars.close = wanted[0];
  for (std::size_t k = 1; k < names.size(); ++k) {
    BOOST_TEST_CONTEXT(names[k]) {
      const IndicatorColumn column = find_column(names[k]);
      const Column got = columns(column.indicator->name, bars)[column.output];
      double worst = 0;
      std::size_t compared = 0;
      for (std::size_t i = 0; i < got.size(); ++i) {
        BOOST_REQUIRE(std::isnan(got[i]) == std::isnan(wanted[k][i]));
        if (std::isnan(got[i])) continue;
        worst = std::max(worst, std::fabs(got[i] - wanted[k][i]) / std::max(1.0, std::fabs(wanted[k][i])));
        ++compared;
      }
      BOOST_TEST(worst <= 1e-11);
      BOOST_TEST(compared >= 318U);
    }
  }
}

BOOST_AUTO_TEST_CASE(last_coefficients_and_energies_are_those_of_whole_transforms) {
  for (const auto& [name, x] : samples()) {
    BOOST_TEST_CONTEXT(name) {
      std::array<Column, 4> last, energies;
      last.fill(Column(x.size()));
      energies.fill(Column(x.size()));
      wavelet_coefficients(x, last[0], last[1], last[2], last[3]);
      wavelet_energies(x, energies[0], energies[1], energies[2], energies[3]);
      for (const auto* columns : {&last, &energies}) {
        for (const Column& column : *columns) require_no_value_before_a_window(column);
      }
      // Coefficients are known to the last digits of the values that they are made of, energies to those of their own
      // but for details that are as small as those digits.
      double worst = 0, worst_energy = 0;
      for (std::size_t i = kWindow - 1; i < x.size(); ++i) {
        const Levels exact = levels_of(x, i);
        const long double scale = *std::max_element(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        const std::array<const Exact*, 4> levels{&exact.a3, &exact.d1, &exact.d2, &exact.d3};
        for (std::size_t k = 0; k < 4; ++k) {
          worst = std::max(worst, static_cast<double>(std::fabs(last[k][i] - levels[k]->back()) / scale));
          const long double all = energy(*levels[k]);
          worst_energy = std::max(worst_energy,
                                  static_cast<double>(std::fabs(energies[k][i] - all) / (all + 1e-8L * scale * scale)));
        }
      }
      BOOST_TEST(worst <= 2e-15);
      BOOST_TEST(worst_energy <= 1e-11);
    }
  }
}

BOOST_AUTO_TEST_CASE(volatility_and_trend_are_those_of_whole_transforms) {
  for (const auto& [name, x] : samples()) {
    BOOST_TEST_CONTEXT(name) {
      Column volatility(x.size()), strength(x.size()), direction(x.size());
      wavelet_volatility(x, volatility);
      const std::int64_t still = wavelet_trend(x, strength, direction);
      for (const Column* column : {&volatility, &strength, &direction}) require_no_value_before_a_window(*column);
      std::int64_t flat = 0;
      double worst = 0, worst_strength = 0;
      for (std::size_t i = kWindow - 1; i < x.size(); ++i) {
        const Levels exact = levels_of(x, i);
        const long double scale = *std::max_element(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        const long double middle = median(exact.d1);
        Exact apart;
        for (const long double value : exact.d1) apart.push_back(std::fabs(value - middle));
        worst = std::max(worst, static_cast<double>(std::fabs(volatility[i] - median(apart) / 0.6745L) / scale));

        long double mean = 0, squares = 0;
        for (std::size_t j = i + 1 - kWindow; j <= i; ++j) mean += x[j] / 64.0L;
        for (std::size_t j = i + 1 - kWindow; j <= i; ++j) squares += (x[j] - mean) * (x[j] - mean);
        if (squares < 1e-30L * scale * scale) {
          ++flat;
          BOOST_REQUIRE((strength[i] == 0.0 && direction[i] == 0.0));
          continue;
        }
        const long double slope = (exact.a3.back() - exact.a3.front()) / 14, deviation = std::sqrt(squares / 64);
        worst_strength =
            std::max(worst_strength, static_cast<double>(std::fabs(strength[i] - std::fabs(slope) / deviation)));
        if (std::fabs(slope) > 1e-12L * scale) BOOST_REQUIRE(direction[i] == (slope > 0 ? 1.0 : -1.0));
      }
      BOOST_TEST(worst <= 2e-15);
      BOOST_TEST(worst_strength <= 1e-10);
      BOOST_TEST(still == flat);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_window_that_does_not_move_is_all_approximation) {
  // Each level makes sqrt 2 of 1, and three levels of mirrored sums have 14 coefficients.
  const Column x(100, 3.0);
  Column approx(100), d1(100), d2(100), d3(100);
  wavelet_coefficients(x, approx, d1, d2, d3);
  BOOST_TEST(approx[99] == 3 * std::sqrt(8.0), boost::test_tools::tolerance(1e-15));
  BOOST_TEST((d1[99] == 0.0 && d2[99] == 0.0 && d3[99] == 0.0));
  wavelet_energies(x, approx, d1, d2, d3);
  BOOST_TEST(approx[99] == 14.0 * 9 * 8, boost::test_tools::tolerance(1e-14));
  BOOST_TEST((d1[99] < 1e-28 && d2[99] < 1e-28 && d3[99] < 1e-28));
  wavelet_volatility(x, approx);
  BOOST_TEST(approx[99] == 0.0);
  BOOST_TEST(wavelet_trend(x, approx, d1) == 37);
  BOOST_TEST((approx[99] == 0.0 && d1[99] == 0.0));
}

BOOST_AUTO_TEST_CASE(a_window_that_comes_back_to_where_it_began_has_no_direction) {
  Column x(kWindow, 60'000.1), strength(kWindow), direction(kWindow);
  for (std::size_t i = 24; i < 38; ++i) x[i] += static_cast<double>(i);  // A3's ends do not see this
  BOOST_TEST(wavelet_trend(x, strength, direction) == 0);
  BOOST_TEST((strength[63] == 0.0 && direction[63] == 0.0));
}

BOOST_AUTO_TEST_CASE(volume_without_trades_has_no_energy_and_a_ratio_of_one) {
  const auto all = columns("wavelet_volume_energy", flat_bars(100, 50.0, 0.0));
  for (std::size_t k = 0; k < 4; ++k) BOOST_TEST(all[k][99] == 0.0);
  BOOST_TEST(all[4][99] == 1.0);
}

BOOST_AUTO_TEST_CASE(all_instruction_sets_give_the_same_bits) {
  namespace w = market::wavelet;
  const Column x = walk(24, w::kBlockRows + kWindow, 60'000, 100);
  for (const std::size_t rows : {std::size_t{1}, std::size_t{7}, std::size_t{33}, w::kBlockRows}) {
    const auto all = [&](Isa set) {
      Column work(w::kWorkSize, 1e300);
      std::vector<Column> outs(6, Column(rows, 1e300));
      w::kernels(set).energies(x.data(), rows, outs[0].data(), outs[1].data(), outs[2].data(), outs[3].data(),
                               work.data());
      w::kernels(set).median_deviation(x.data(), rows, outs[4].data(), work.data());
      w::kernels(set).weigh(x.data(), x.data() + 20, rows, x.data(), 26, outs[5].data());
      return outs;
    };
    const auto first = all(Isa::v2);
    for (const Isa set : {Isa::v3, Isa::v4}) {
      if (supported(set)) BOOST_TEST((all(set) == first));
    }
  }
}

BOOST_AUTO_TEST_CASE(leading_rows_without_a_value_put_the_first_off) {
  const Column x = walk(25, 200, 100, 1);
  Column late(x.size() + 9, kNaN);
  std::copy(x.begin(), x.end(), late.begin() + 9);
  Column one(x.size()), other(late.size()), strength(x.size()), late_strength(late.size()), unused(late.size());
  const auto same = [&](const Column& a, const Column& b) {
    for (std::size_t i = 0; i < b.size(); ++i) {
      const bool begun = i >= 9 + kWindow - 1;
      BOOST_REQUIRE(begun ? b[i] == a[i - 9] : std::isnan(b[i]));
    }
  };
  wavelet_volatility(x, one);
  wavelet_volatility(late, other);
  same(one, other);
  wavelet_trend(x, strength, one);
  wavelet_trend(late, late_strength, unused);
  same(strength, late_strength);
  wavelet_coefficients(x, {}, {}, one, {});
  wavelet_coefficients(late, {}, {}, other, {});
  same(one, other);
}

BOOST_AUTO_TEST_CASE(expanding_scores_are_those_of_all_values_so_far) {
  Column x = walk(26, 3000, 60'000, 3);
  std::fill_n(x.begin(), 5, kNaN);
  std::fill_n(x.begin() + 5, 30, 60'000.0);
  Column out(x.size());
  BOOST_TEST(expanding_zscore(x, 20, out) == 11);
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i < 24) {
      BOOST_REQUIRE(std::isnan(out[i]));
      continue;
    }
    const auto count = static_cast<long double>(i - 4);
    long double mean = 0, squares = 0;
    for (std::size_t j = 5; j <= i; ++j) mean += x[j] / count;
    for (std::size_t j = 5; j <= i; ++j) squares += (x[j] - mean) * (x[j] - mean);
    const long double exact = squares < 1e-12L ? 0 : (x[i] - mean) / std::sqrt(squares / count);
    worst = std::max(worst, static_cast<double>(std::fabs(out[i] - exact)));
  }
  BOOST_TEST(worst <= 1e-11);
}

BOOST_AUTO_TEST_CASE(expanding_scores_do_not_drift_over_two_million_values) {
  const std::size_t n = 2'000'000;
  const Column x = walk(27, n, 60'000, 1);
  Column out(n);
  expanding_zscore(x, 20, out);
  long double total = 0, squares = 0;
  for (const double value : x) total += value;
  const long double mean = total / n;
  for (const double value : x) squares += (value - mean) * (value - mean);
  BOOST_TEST(std::fabs(out.back() - static_cast<double>((x.back() - mean) / std::sqrt(squares / n))) <= 1e-10);
}

BOOST_AUTO_TEST_CASE(rolling_scores_are_of_the_period_and_do_not_see_where_a_series_begins) {
  const Bars bars = walking_bars(28, 900);
  Bars cut;
  cut.resize(700);
  for (std::size_t i = 0; i < 700; ++i) {
    cut.close[i] = bars.close[i + 200];
    cut.volume[i] = bars.volume[i + 200];
  }
  for (const std::string of : {"close", "volume"}) {
    const auto whole = columns("wavelet_" + of + "_z", bars, 50), part = columns("wavelet_" + of + "_z", cut, 50);
    const auto so_far = columns("wavelet_" + of, bars), of_part = columns("wavelet_" + of, cut);
    const Column& x = of == "close" ? bars.close : bars.volume;
    std::array<Column, 4> last;
    last.fill(Column(900));
    wavelet_coefficients(x, last[0], last[1], last[2], last[3]);
    for (std::size_t k = 0; k < 4; ++k) {
      for (std::size_t i = 112; i < 700; ++i) BOOST_REQUIRE(part[k][i] == whole[k][i + 200]);
      BOOST_TEST(of_part[k][699] != so_far[k][899]);
      for (std::size_t i = 112; i < 900; ++i) {
        long double mean = 0, squares = 0;
        for (std::size_t j = i - 49; j <= i; ++j) mean += last[k][j] / 50.0L;
        for (std::size_t j = i - 49; j <= i; ++j) squares += (last[k][j] - mean) * (last[k][j] - mean);
        const long double exact = squares < 1e-20L ? 0 : (last[k][i] - mean) / std::sqrt(squares / 50);
        BOOST_REQUIRE(std::fabs(whole[k][i] - exact) <= 1e-9L);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
