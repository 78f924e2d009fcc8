#include "market/labels/triple_barrier.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>
#include <tuple>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json.h"
#include "base/keyed_random.h"
#include "market/labels/barrier_scan.h"
#include "tests/support/messages.h"
#include "walk_prices.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

using Table = WalkPrices;

struct One {
  int label = kInvalidLabel, touch = 0, bars = 0;
  double mae = 0, mfe = 0, exit_return = 0;
};

// The definition, bar by bar.
One expected(const Table& t, const TripleBarrier& rule, bool with_scale, std::size_t i) {
  One out;
  const auto most = static_cast<std::size_t>(rule.max_bars);
  if (i + most >= t.size()) return out;
  const double entry = rule.entry == BarrierEntry::close ? t.close[i] : t.open[i + 1];
  const double unit = with_scale ? t.scale[i] : entry;
  if (!(unit > 0)) {
    if (rule.unknown_scale_is_neutral) out = {.label = 0, .touch = 0, .bars = rule.max_bars};
    return out;
  }
  const double upper = entry + rule.up * unit + rule.cost, lower = entry - rule.down * unit - rule.cost;
  double top = -1e300, bottom = 1e300;
  for (std::size_t j = i + 1; j <= i + most; ++j) {
    top = std::max(top, t.high[j]);
    bottom = std::min(bottom, t.low[j]);
    const bool closes = rule.touch == BarrierTouch::close;
    const bool up = (closes ? t.close[j] : t.high[j]) >= upper, down = (closes ? t.close[j] : t.low[j]) <= lower;
    if (!up && !down && j < i + most) continue;
    out.bars = static_cast<int>(j - i);
    out.mae = std::min(0.0, (bottom - entry) / entry);
    out.mfe = std::max(0.0, (top - entry) / entry);
    double exit = t.close[j];
    out.label = up ? 1 : down ? -1 : 0;
    if (!closes && (up || down)) {
      if (t.open[j] >= upper) {
        out.label = 1;
        exit = t.open[j];
      } else if (t.open[j] <= lower) {
        out.label = -1;
        exit = t.open[j];
      } else {
        if (up && down) {
          if (rule.tie == BarrierTie::invalid) return One{};
          const bool upper_first = rule.tie == BarrierTie::nearest_open && upper - t.open[j] <= t.open[j] - lower;
          out.label = upper_first ? 1 : -1;
        }
        exit = out.label == 1 ? upper : lower;
      }
    }
    out.touch = out.label;
    out.exit_return = exit / entry - 1.0;
    return out;
  }
  return out;
}

void compare(const Table& t, const TripleBarrier& rule, bool with_scale) {
  const BarrierLabels got = triple_barrier(t.spans(), with_scale ? t.scale : std::span<const double>(), rule);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    const One want = expected(t, rule, with_scale, i);
    const bool same = got.label[i] == want.label && got.touch[i] == want.touch && got.bars[i] == want.bars &&
                      got.mae[i] == static_cast<float>(want.mae) && got.mfe[i] == static_cast<float>(want.mfe) &&
                      got.exit_return[i] == static_cast<float>(want.exit_return);
    if (!same && ++wrong < 4) {
      BOOST_ERROR("bar " << i << ": label " << int{got.label[i]} << " after " << got.bars[i] << " bars, expected "
                         << want.label << " after " << want.bars);
    }
  }
  BOOST_TEST(wrong == 0U);
}

// TA-Lib's ATR: the first is the mean of the first `period` true ranges, then Wilder's.
std::vector<double> atr(const Table& t, std::size_t period) {
  std::vector<double> out(t.size(), kNaN);
  double value = 0;
  for (std::size_t i = 1; i < t.size(); ++i) {
    const double range =
        std::max({t.high[i] - t.low[i], std::fabs(t.high[i] - t.close[i - 1]), std::fabs(t.low[i] - t.close[i - 1])});
    if (i <= period) value += range / static_cast<double>(period);
    if (i > period) value = (value * static_cast<double>(period - 1) + range) / static_cast<double>(period);
    if (i >= period) out[i] = value;
  }
  return out;
}

std::string vectors(const std::string& name) {
  return std::string(MOOLA_SOURCE_DIR) + "/tests/market/vectors/" + name;
}

Table reference_bars() {
  Table out;
  std::istringstream text(read_file(vectors("talib_ref_ohlcv_252.csv")));
  std::string line;
  std::getline(text, line);
  while (std::getline(text, line)) {
    double index = 0, volume = 0, open = 0, high = 0, low = 0, close = 0;
    BOOST_REQUIRE(std::sscanf(line.c_str(), "%lf,%lf,%lf,%lf,%lf,%lf", &index, &open, &high, &low, &close, &volume) ==
                  6);
    out.open.push_back(open);
    out.high.push_back(high);
    out.low.push_back(low);
    out.close.push_back(close);
  }
  out.scale = atr(out, 14);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(triple_barriers)

BOOST_AUTO_TEST_CASE(every_rule_agrees_with_its_definition_bar_by_bar) {
  const Table t = walk(1, 4000);
  for (const BarrierTouch touch : {BarrierTouch::high_low, BarrierTouch::close}) {
    for (const BarrierEntry entry : {BarrierEntry::close, BarrierEntry::next_open}) {
      for (const BarrierTie tie : {BarrierTie::nearest_open, BarrierTie::stop_first, BarrierTie::invalid}) {
        for (const std::int32_t max_bars : {1, 2, 7, 8, 9, 50, 300, 3999, 5000}) {
          for (const bool with_scale : {true, false}) {
            const double unit = with_scale ? 1.0 : 0.002;
            TripleBarrier rule{.up = 3.0 * unit,
                               .down = 2.0 * unit,
                               .max_bars = max_bars,
                               .touch = touch,
                               .entry = entry,
                               .tie = tie,
                               .cost = max_bars % 2 == 0 ? 0.25 : 0.0,
                               .unknown_scale_is_neutral = max_bars == 7};
            compare(t, rule, with_scale);
          }
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_walk_of_these_tests_has_ties_gaps_and_exact_touches) {
  const Table t = walk(1, 4000);
  const TripleBarrier nearest{.up = 3, .down = 2, .max_bars = 50};
  TripleBarrier invalid = nearest;
  invalid.tie = BarrierTie::invalid;
  const BarrierLabels one = triple_barrier(t.spans(), t.scale, nearest),
                      other = triple_barrier(t.spans(), t.scale, invalid);
  std::size_t ties = 0, gaps = 0, vertical = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    ties += one.label[i] != other.label[i];
    const auto j = one.exit_bar(i);
    if (j < 0) continue;
    vertical += one.touch[i] == 0;
    const double upper = t.close[i] + 3 * t.scale[i], lower = t.close[i] - 2 * t.scale[i];
    gaps += t.open[static_cast<std::size_t>(j)] >= upper || t.open[static_cast<std::size_t>(j)] <= lower;
  }
  BOOST_TEST(ties > 50U);
  BOOST_TEST(gaps > 50U);
  BOOST_TEST(vertical < t.size() / 2);
}

BOOST_AUTO_TEST_CASE(labels_of_252_real_bars_are_those_of_the_vectors) {
  const Table t = reference_bars();
  BOOST_REQUIRE(t.size() == 252U);
  const Json cases = read_json(vectors("atr_triple_barrier_252.json"))["cases"];
  BOOST_TEST(cases.size() == 5U);
  for (const Json& one : cases) {
    const TripleBarrier rule{.up = one["k_up"],
                             .down = one["k_down"],
                             .max_bars = one["max_bars"],
                             .touch = one["touch"] == "hl" ? BarrierTouch::high_low : BarrierTouch::close,
                             .tie = BarrierTie::stop_first};
    const BarrierLabels got = triple_barrier(t.spans(), t.scale, rule);
    for (std::size_t i = 0; i < t.size(); ++i) {
      BOOST_TEST_CONTEXT("bar " << i << " of " << one["k_up"] << "/" << one["k_down"] << "/" << one["max_bars"]) {
        BOOST_TEST(int{got.label[i]} == one["label"][i].get<int>());
        BOOST_TEST(got.exit_bar(i) == one["t1"][i].get<std::int64_t>());
      }
    }
  }
}

// The whole of what a kernel writes, of the bars that it can label; room before and after must stay as it was.
struct Written {
  std::vector<std::int8_t> label, touch;
  std::vector<std::int32_t> bars;
  std::vector<float> mae, mfe, exit_return;
  std::vector<std::int64_t> ties;
  bool operator==(const Written&) const = default;
};

Written written(const Table& t, bool closes, bool enter_at_open, std::int32_t max_bars, std::int64_t begin,
                std::int64_t end, Isa set, const double* own_bars = nullptr) {
  const std::size_t n = t.size();
  Written out{std::vector<std::int8_t>(n, 77), std::vector<std::int8_t>(n, 77), std::vector<std::int32_t>(n, 77),
              std::vector<float>(n, 77),       std::vector<float>(n, 77),       std::vector<float>(n, 77),
              std::vector<std::int64_t>(n)};
  const std::int64_t tied = barrier_scan::label_bars(set)({.open = t.open.data(),
                                                           .high = t.high.data(),
                                                           .low = t.low.data(),
                                                           .close = t.close.data(),
                                                           .scale_up = t.scale.data(),
                                                           .scale_down = t.scale.data(),
                                                           .up = 2.5,
                                                           .down = 2.0,
                                                           .cost = 0.125,
                                                           .cost_share = 0,
                                                           .max_bars = max_bars,
                                                           .own_bars = own_bars,
                                                           .touch_by_close = closes,
                                                           .enter_at_open = enter_at_open,
                                                           .begin = begin,
                                                           .end = end,
                                                           .unknown_label = -99,
                                                           .unknown_bars = 0,
                                                           .label = out.label.data(),
                                                           .touch = out.touch.data(),
                                                           .bars = out.bars.data(),
                                                           .mae = out.mae.data(),
                                                           .mfe = out.mfe.data(),
                                                           .exit_return = out.exit_return.data(),
                                                           .ties = out.ties.data()});
  out.ties.resize(static_cast<std::size_t>(tied));
  return out;
}

BOOST_AUTO_TEST_CASE(every_instruction_set_finds_the_same_and_writes_nothing_else) {
  const Table t = walk(3, 3000);
  for (const bool closes : {false, true}) {
    for (const bool enter_at_open : {false, true}) {
      for (const std::int32_t max_bars : {1, 3, 4, 5, 50, 400}) {
        const std::int64_t begin = 11, end = static_cast<std::int64_t>(t.size()) - 400;
        const Written first = written(t, closes, enter_at_open, max_bars, begin, end, Isa::v2);
        BOOST_TEST((closes || !first.ties.empty()));
        for (const Isa set : {Isa::v3, Isa::v4}) {
          if (supported(set)) BOOST_TEST((written(t, closes, enter_at_open, max_bars, begin, end, set) == first));
        }
        BOOST_TEST((first.label[10] == 77 && first.label[static_cast<std::size_t>(end)] == 77));
        BOOST_TEST((first.bars[10] == 77 && first.bars[static_cast<std::size_t>(end)] == 77));
        BOOST_TEST((first.mae[10] == 77 && first.exit_return[static_cast<std::size_t>(end)] == 77));
      }
    }
  }
}

// Short searches, and ones that few of a block go on with.
std::vector<std::int32_t> own_lengths(std::uint64_t seed, std::size_t n) {
  std::vector<std::int32_t> out(n);
  KeyedRandom random(seed, Stream::augmentation, 3, 0);
  for (auto& bars : out) bars = 1 + static_cast<std::int32_t>(random.uniform() * (random.uniform() < 0.5 ? 9 : 400));
  return out;
}

BOOST_AUTO_TEST_CASE(every_instruction_set_finds_the_same_where_each_bar_has_its_own_length) {
  const Table t = walk(7, 3000);
  const auto lengths = own_lengths(8, t.size());
  const std::int64_t begin = 11, end = static_cast<std::int64_t>(t.size()) - 400;
  const std::vector<double> own(lengths.begin() + begin, lengths.begin() + end);
  for (const bool closes : {false, true}) {
    const Written first = written(t, closes, false, 400, begin, end, Isa::v2, own.data());
    for (const Isa set : {Isa::v3, Isa::v4}) {
      if (supported(set)) BOOST_TEST((written(t, closes, false, 400, begin, end, set, own.data()) == first));
    }
    BOOST_TEST((first.label[10] == 77 && first.label[static_cast<std::size_t>(end)] == 77));
  }
}

BOOST_AUTO_TEST_CASE(each_bar_may_have_its_own_length_and_scales) {
  const Table t = walk(9, 3000);
  const auto lengths = own_lengths(10, t.size());
  std::vector<double> wider = t.scale;
  for (double& scale : wider) scale *= 5;
  for (const BarrierTouch touch : {BarrierTouch::high_low, BarrierTouch::close}) {
    for (const bool neutral : {false, true}) {
      TripleBarrier rule{.up = 4, .down = 1, .touch = touch, .unknown_scale_is_neutral = neutral};
      const BarrierLabels got =
          triple_barrier_per_bar(t.spans(), {.up = t.scale, .down = wider, .max_bars = lengths}, rule, 2);
      rule.down = 5;
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < t.size(); ++i) {
        rule.max_bars = lengths[i];
        const One want = expected(t, rule, true, i);
        wrong += got.label[i] != want.label || got.touch[i] != want.touch || got.bars[i] != want.bars ||
                 got.mae[i] != static_cast<float>(want.mae) || got.mfe[i] != static_cast<float>(want.mfe) ||
                 got.exit_return[i] != static_cast<float>(want.exit_return);
      }
      BOOST_TEST(wrong == 0U);
    }
  }
}

BOOST_AUTO_TEST_CASE(pieces_give_what_the_whole_gives) {
  const Table t = walk(4, 5000);
  const TripleBarrier rule{.up = 3, .down = 2, .max_bars = 50};
  const BarrierLabels whole = triple_barrier(t.spans(), t.scale, rule);
  BarrierLabels pieces;
  pieces.resize(t.size());
  for (const auto& [begin, end] : {std::pair{4970, 5000}, {0, 17}, {17, 2100}, {2100, 4970}})
    triple_barrier(t.spans(), t.scale, rule, begin, end, pieces);
  BOOST_TEST((pieces.label == whole.label));
  BOOST_TEST((pieces.bars == whole.bars));
  BOOST_TEST((pieces.mae == whole.mae));
  BOOST_TEST((pieces.exit_return == whole.exit_return));
}

BOOST_AUTO_TEST_CASE(no_label_looks_past_its_own_last_bar) {
  const Table t = walk(5, 600);
  const TripleBarrier rule{.up = 3, .down = 2, .max_bars = 20};
  const BarrierLabels before = triple_barrier(t.spans(), t.scale, rule);
  Table changed = t;
  constexpr std::size_t kFrom = 300;
  for (std::size_t i = kFrom; i < t.size(); ++i) {
    for (auto* column : {&changed.open, &changed.high, &changed.low, &changed.close}) (*column)[i] *= 3;
  }
  const BarrierLabels after = triple_barrier(changed.spans(), t.scale, rule);
  for (std::size_t i = 0; i < kFrom; ++i) {
    if (before.exit_bar(i) >= static_cast<std::int64_t>(kFrom)) continue;
    BOOST_TEST(before.label[i] == after.label[i]);
    BOOST_TEST(before.bars[i] == after.bars[i]);
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_meant_is_refused) {
  const Table t = walk(6, 10);
  for (const TripleBarrier& rule :
       {TripleBarrier{.up = 0}, TripleBarrier{.down = -1}, TripleBarrier{.up = kNaN}, TripleBarrier{.max_bars = 0},
        TripleBarrier{.cost = -1}, TripleBarrier{.cost = kNaN}}) {
    BOOST_CHECK_THROW(triple_barrier(t.spans(), t.scale, rule), ConfigError);
  }
  BOOST_CHECK_THROW(triple_barrier({t.open, t.high, t.low, std::span(t.close).first(3)}, t.scale, {}),
                    std::invalid_argument);
  BOOST_TEST(holds(refusal_of([] { parse_barrier_tie("stop_frist"); }), "Did you mean 'stop_first'?"));
  BOOST_TEST((parse_barrier_touch("close") == BarrierTouch::close));
  BOOST_TEST((parse_barrier_entry("next_open") == BarrierEntry::next_open));
  // Fewer bars than the barriers take: no labels, and no error.
  const BarrierLabels none = triple_barrier(t.spans(), t.scale, {.max_bars = 50});
  for (const std::int8_t label : none.label) BOOST_TEST(int{label} == int{kInvalidLabel});
  BOOST_TEST(triple_barrier({}, {}, {}).size() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
