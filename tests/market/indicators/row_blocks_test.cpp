#include "market/indicators/row_blocks.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>

#include "base/keyed_random.h"
#include "market/indicators/families.h"
#include "tests/market/indicators/brute_force.h"
#include "tests/support/sample_bars.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

constexpr std::size_t kBack = row_kernels::kDecayHistory + 1;
constexpr std::size_t kLengths[] = {0, 1, 7, 8, 9, 15, 16, 17, 64, 500};

Column numbers(std::uint64_t seed, std::size_t n, double around, double spread) {
  Column out;
  KeyedRandom random(seed, Stream::augmentation, 0, 0);
  for (std::size_t i = 0; i < n; ++i) out.push_back(around + spread * (random.uniform() - 0.5));
  return out;
}

// Every seventh is 0.
Column with_zeros(Column x) {
  for (std::size_t i = 3; i < x.size(); i += 7) x[i] = 0.0;
  return x;
}

bool same_bits(const Column& a, const Column& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

// All columns that the kernels of one set write.
std::vector<Column> everything(Isa set, std::size_t rows) {
  const row_kernels::Kernels& k = row_kernels::kernels(set);
  const Column x = numbers(1, rows + kBack, 60'000, 100), y = with_zeros(numbers(2, rows + kBack, 5, 100));
  const Column high = numbers(3, rows, 110, 5), low = with_zeros(numbers(4, rows, 100, 5));
  Column close = numbers(5, rows, 105, 1), top = high;
  for (std::size_t i = 2; i < rows; i += 5) top[i] = low[i];
  std::vector<Column> out(8, numbers(6, rows + kBack, 3, 1));
  const row_kernels::DecayRate fast{.kept = 0.7, .share = 0.3}, slow{.kept = 0.95, .share = 0.95};
  k.decay(x.data() + kBack, rows, fast, out[0].data() + kBack);
  k.lead(x.data() + kBack, rows, 0.9, out[1].data() + kBack);
  k.two_decays(y.data() + kBack, rows, slow, fast, out[2].data() + kBack, out[3].data() + kBack, out[4].data() + kBack);
  std::int64_t flats = 0;
  out.push_back({k.total(x.data(), rows, 1e6, 1e-12, out[5].data())});
  out.push_back({static_cast<double>(k.ratio(x.data(), y.data(), rows, 100.0, 50.0, out[6].data()))});
  rolling::kernels(set).log_ratio(x.data(), high.data(), rows, out[7].data());
  for (int column = 0; column < 3; ++column) out.emplace_back(rows);
  out.push_back(
      {static_cast<double>(k.location(top.data(), low.data(), close.data(), x.data(), rows, out[10].data()))});
  out.push_back(
      {k.location_total(top.data(), low.data(), close.data(), x.data(), rows, -5.0, 0.25, out[11].data(), &flats),
       static_cast<double>(flats)});
  out.push_back({static_cast<double>(k.body(x.data(), top.data(), low.data(), close.data(), rows, out[12].data()))});
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(row_blocks)

BOOST_AUTO_TEST_CASE(every_instruction_set_computes_the_same_columns) {
  for (const std::size_t rows : kLengths) {
    const auto first = everything(Isa::v2, rows);
    for (const Isa set : {Isa::v3, Isa::v4}) {
      if (!supported(set)) continue;
      const auto other = everything(set, rows);
      for (std::size_t c = 0; c < first.size(); ++c) {
        BOOST_TEST_CONTEXT(rows << " rows, column " << c) {
          BOOST_TEST(same_bits(first[c], other[c]));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(averages_are_those_of_the_plain_recursion) {
  const std::size_t n = 3000;
  const Column x = numbers(7, n, 60'000, 100);
  for (const double kept : {0.0, 0.5, 0.93, 0.999}) {
    const double share = 1.0 - kept;
    const RowBlocks blocks(5, n, 0);
    const BlockDecay decay({.kept = kept, .share = share});
    Column out(n);
    blocks.each(
        [&](RowBlock block) { decay.compute(block, 9, 60'000.0, x.data() + block.begin, out.data() + block.begin); });
    long double value = 60'000, worst = 0;
    for (std::size_t i = 9; i < n; ++i) {
      if (i > 9) value = kept * value + share * static_cast<long double>(x[i]);
      worst = std::max(worst, std::fabs(out[i] - value));
    }
    BOOST_TEST(static_cast<double>(worst) < 1e-9);
  }
}

BOOST_AUTO_TEST_CASE(what_lies_between_values_does_not_change_them) {
  const std::size_t n = 700;
  const Column x = numbers(8, n, 100, 10);
  const auto with_blocks = [&](std::size_t look_back) {
    const RowBlocks blocks(0, n, look_back);
    const BlockDecay one({.kept = 0.8, .share = 0.2}), two({.kept = 0.9, .share = 0.9});
    const BlockLead lead(12, 0);
    BlockAverage average = BlockAverage::exponential(12, 0);
    BlockColumn copies(blocks), firsts(blocks), seconds(blocks), differences(blocks), leads(blocks), averages(blocks);
    Column out(5 * n, -1.0);
    blocks.each([&](RowBlock block) {
      double* const copy = copies.advance(block);
      std::copy_n(x.data() + block.begin, block.rows(), copy);
      double *const a = firsts.advance(block), *const b = seconds.advance(block), *const c = differences.advance(block);
      double *const ahead = leads.advance(block), *const mean = averages.advance(block);
      one.compute(block, 0, 1.0, copy, a, two, 2.0, b, c);
      lead.compute(block, copy, ahead);
      average.compute(block, copy, mean);
      const double* const columns[] = {a, b, c, ahead, mean};
      for (std::size_t k = 0; k < 5; ++k) {
        const std::size_t from = block.from(k < 3 ? 0 : 11).begin;
        std::copy(columns[k] + (from - block.begin), columns[k] + block.rows(), out.data() + k * n + from);
      }
    });
    return out;
  };
  const Column whole = with_blocks(100'000);
  for (const std::size_t look_back : {12U, 100U, 131U, 300U}) BOOST_TEST(same_bits(with_blocks(look_back), whole));
  // A lead is what the series is ahead of its average.
  double worst = 0;
  for (std::size_t i = 11; i < n; ++i) worst = std::max(worst, std::fabs(x[i] - whole[4 * n + i] - whole[3 * n + i]));
  BOOST_TEST(worst < 1e-12);
}

BOOST_AUTO_TEST_CASE(a_series_that_does_not_move_is_not_ahead_of_its_average) {
  const Column x(400, 0.1);
  const RowBlocks blocks(0, x.size(), 26);
  const BlockLead lead(26, 0);
  Column out(x.size());
  blocks.each([&](RowBlock block) { lead.compute(block, x.data() + block.begin, out.data() + block.begin); });
  for (std::size_t i = 25; i < x.size(); ++i) BOOST_REQUIRE(out[i] == 0.0);
}

BOOST_AUTO_TEST_CASE(a_total_keeps_what_it_rounds_off) {
  // Each number alone would be lost in a total of 1e16.
  const RowBlocks blocks(0, 100'000, 0);
  BlockTotal total;
  Column x(100'000, 0.25), out(x.size());
  x[0] = 1e16;
  blocks.each([&](RowBlock block) {
    total.compute([&](double before, double lost) {
      return row_kernels::kernels(isa()).total(x.data() + block.begin, block.rows(), before, lost,
                                               out.data() + block.begin);
    });
  });
  // But those that were added up with the large one.
  BOOST_TEST(std::fabs(out.back() - (1e16 + 24'999.75)) <= 50.0);
}

BOOST_AUTO_TEST_CASE(ratios_over_nothing_are_neutral_and_counted) {
  Column part{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, whole{2, 0, 3, -0.0, 5, 12, 7, 0, 9, 5, 0};
  Column out(part.size());
  BOOST_TEST(block_ratio(part.data(), whole.data(), part.size(), 100.0, 7.0, out.data()) == 4);
  BOOST_TEST(out == (Column{50, 7, 100, 7, 100, 50, 100, 7, 100, 200, 7}), boost::test_tools::per_element());
  BOOST_TEST(block_ratio(part.data(), whole.data(), part.size(), 100.0, 7.0, part.data()) == 4);
  BOOST_TEST(part == out, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(logarithms_of_ratios_are_those_of_the_standard_library) {
  const Column x = numbers(9, 1000, 50, 99), y = numbers(10, 1000, 50, 99);
  Column out(x.size());
  rolling::kernels(isa()).log_ratio(x.data(), y.data(), x.size(), out.data());
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double wanted = std::log(x[i] / y[i]);
    worst = std::max(worst, std::fabs(out[i] - wanted) / std::max(1e-3, std::fabs(wanted)));
  }
  BOOST_TEST(worst < 1e-15);
}

// 1,000 numbers of 53 bits would not show a window that is off by one; small whole ones do, to the bit.
BOOST_AUTO_TEST_CASE(sums_of_whole_numbers_are_exact_for_every_length_of_window) {
  Column x(700);
  KeyedRandom random(11, Stream::augmentation, 0, 0);
  for (double& value : x) value = std::floor(1000 * random.uniform());
  for (std::size_t period = 1; period <= 140; ++period) {
    for (const std::size_t rows : {1U, 5U, 8U, 203U}) {
      Column out(rows), work(rolling::work_size(rows, period)), mean(rows);
      rolling::kernels(isa()).sum(x.data(), rows, period, out.data(), work.data());
      rolling::kernels(isa()).mean(x.data(), rows, period, mean.data(), work.data());
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < rows; ++i) {
        double total = 0;
        for (std::size_t k = 0; k < period; ++k) total += x[i + k];
        wrong += out[i] != total || std::fabs(mean[i] - total / static_cast<double>(period)) > 1e-12;
      }
      BOOST_TEST_CONTEXT("period " << period << ", " << rows << " rows") {
        BOOST_TEST(wrong == 0U);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(values_are_the_same_to_the_bit_however_many_bars_follow) {
  const Bars whole = walking_bars(12, 900);
  for (auto* family : {&return_indicators, &momentum_indicators, &volume_indicators}) {
    for (const Indicator& indicator : family()) {
      for (std::size_t output = 0; output < indicator.outputs.size(); ++output) {
        const std::string name =
            IndicatorColumn{.indicator = &indicator, .values = usual_values(indicator), .output = output}.name();
        const Column all = computed(name, whole).values;
        for (const std::size_t n : {50U, 333U, 769U}) {
          Bars some = walking_bars(12, n);
          const Column fewer = computed(name, some).values;
          BOOST_TEST_CONTEXT(name << " of " << n << " bars") {
            BOOST_TEST(std::memcmp(all.data(), fewer.data(), n * sizeof(double)) == 0);
          }
        }
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
