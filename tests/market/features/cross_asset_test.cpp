// Columns that compare a symbol's bars with another's, against sums over one window at a time that search the other's
// bars by their ends.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <optional>

#include "base/keyed_random.h"
#include "market/checks/causality.h"
#include "market/features/feature_table.h"
#include "market/resample.h"
#include "tests/support/messages.h"
#include "tests/support/sample_bars.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

constexpr std::int64_t kFiveMinutes = 5 * kMinuteNs, kHour = 60 * kMinuteNs;
const std::vector<std::string> kOther{"OTH"};

// What is said of one bar: a value, or that it is undefined; nothing before the first that has a value.
using Value = std::optional<double>;

// The other's last bar that had ended by then, and whether it is not too old.
struct Beside {
  std::optional<std::size_t> bar;
  bool fresh;
};
Beside beside(std::int64_t end, const Bars& other, std::int64_t max_age) {
  Beside out{.bar = std::nullopt, .fresh = false};
  for (std::size_t j = 0; j < other.size(); ++j) {
    const std::int64_t ended = other.time[j] + kFiveMinutes;
    if (ended > end) break;
    out = {.bar = j, .fresh = end - ended <= max_age};
  }
  return out;
}

// The closes of both over the `bars` bars up to bar i; nothing where there are not as many, or one of the other's is
// too old.
struct Window {
  std::vector<long double> ours, theirs;
};
std::optional<Window> window(const Bars& ours, std::size_t i, std::size_t bars, const std::vector<Beside>& others,
                             const Bars& other) {
  if (i + 1 < bars) return std::nullopt;
  Window out;
  for (std::size_t k = i + 1 - bars; k <= i; ++k) {
    if (!others[k].fresh) return std::nullopt;
    out.ours.push_back(ours.close[k]);
    out.theirs.push_back(other.close[*others[k].bar]);
  }
  return out;
}

std::vector<long double> returns_of(const std::vector<long double>& close) {
  std::vector<long double> out;
  for (std::size_t i = 1; i < close.size(); ++i) out.push_back(close[i] / close[i - 1] - 1);
  return out;
}

long double mean_of(const std::vector<long double>& x) {
  long double sum = 0;
  for (const long double value : x) sum += value;
  return sum / static_cast<long double>(x.size());
}

bool moves(const std::vector<long double>& x) {
  return std::any_of(x.begin(), x.end(), [&](long double value) { return value != x.front(); });
}

long double products_of(const std::vector<long double>& x, const std::vector<long double>& y) {
  const long double mx = mean_of(x), my = mean_of(y);
  long double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += (x[i] - mx) * (y[i] - my);
  return sum;
}

// Of the last value.
long double zscore_of(const std::vector<long double>& x) {
  if (!moves(x)) return 0;
  return (x.back() - mean_of(x)) / std::sqrt(products_of(x, x) / static_cast<long double>(x.size()));
}

Value plain(const std::string& kind, const Window& w, std::size_t period) {
  const auto ours = returns_of(w.ours), theirs = returns_of(w.theirs);
  if (kind == "rel_strength") {
    const auto n = static_cast<long double>(period);
    return static_cast<double>(n * mean_of(ours) - n * mean_of(theirs));
  }
  if (kind == "beta") {
    if (!moves(theirs)) return std::nullopt;
    return static_cast<double>(products_of(ours, theirs) / products_of(theirs, theirs));
  }
  if (kind == "corr") {
    if (!moves(ours) || !moves(theirs)) return std::nullopt;
    return static_cast<double>(products_of(ours, theirs) /
                               std::sqrt(products_of(ours, ours) * products_of(theirs, theirs)));
  }
  std::vector<long double> spread;
  for (std::size_t end = period; end <= w.ours.size(); ++end) {
    const auto from = static_cast<std::ptrdiff_t>(end - period), to = static_cast<std::ptrdiff_t>(end);
    spread.push_back(zscore_of({w.ours.begin() + from, w.ours.begin() + to}) -
                     zscore_of({w.theirs.begin() + from, w.theirs.begin() + to}));
  }
  // Two prices that step once, on the same bar, have the same z-scores: what is left is rounding.
  const long double deviation = std::sqrt(products_of(spread, spread) / static_cast<long double>(period));
  if (deviation < 1e-6L) return std::nullopt;
  return static_cast<double>(zscore_of(spread));
}

// A column by its definition: row t of it is what was known at the end of bar t - 1.
struct Column {
  std::vector<double> rows;
  std::int64_t undefined = 0;
};
Column twin(const std::string& kind, std::size_t period, const Bars& ours, const Bars& other, std::int64_t length,
            std::int64_t max_age) {
  std::vector<Beside> others;
  for (std::size_t i = 0; i < ours.size(); ++i) others.push_back(beside(ours.time[i] + length, other, max_age));
  Column out{.rows = std::vector<double>(ours.size(), std::nan(""))};
  bool begun = false;
  for (std::size_t row = 1; row <= ours.size(); ++row) {
    const std::size_t bars = kind == "spread_z" ? 2 * period - 1 : period + 1;
    const auto found = window(ours, row - 1, bars, others, other);
    begun = begun || found.has_value();
    if (!begun) continue;
    const Value value = found ? plain(kind, *found, period) : std::nullopt;
    out.undefined += value ? 0 : 1;
    if (row < ours.size()) out.rows[row] = value.value_or(0.0);
  }
  return out;
}

FeatureTable computed(const std::vector<std::string>& names, const Bars& ours, const Bars& other,
                      std::int64_t max_age = kFiveMinutes, unsigned threads = 1) {
  const OtherAssets others{.assets = {{"OTH", &other}}, .max_age = max_age};
  return compute_features(ours, kFiveMinutes, parse_features(names, FeatureDefinitions::moola, kOther), threads, {},
                          others);
}

void check_against_twin(const Bars& ours, const Bars& other, std::int64_t max_age = kFiveMinutes) {
  for (const char* kind : {"corr", "beta", "rel_strength", "spread_z"}) {
    // Where prices hardly move, and their z-scores hardly differ, digits are lost twice.
    const double tolerance = std::string(kind) == "spread_z" ? 1e-6 : 1e-9;
    for (const std::size_t period : {2U, 7U, 20U}) {
      const FeatureTable table =
          computed({"cross_" + std::string(kind) + "_OTH_" + std::to_string(period)}, ours, other, max_age);
      const Column want = twin(kind, period, ours, other, kFiveMinutes, max_age);
      BOOST_TEST_CONTEXT(table.features()[0].name) {
        for (std::size_t row = 0; row < ours.size(); ++row) {
          const double got = table.column(0)[row];
          BOOST_REQUIRE_EQUAL(std::isnan(got), std::isnan(want.rows[row]));
          if (std::isnan(got)) continue;
          BOOST_TEST_CONTEXT("row " << row)
          BOOST_REQUIRE_SMALL((got - want.rows[row]) / std::max(1.0, std::fabs(want.rows[row])), tolerance);
        }
        BOOST_TEST(table.undefined(0) == want.undefined);
      }
    }
  }
}

// Bars that follow `lead` in part.
Bars following(const Bars& lead, std::uint64_t seed) {
  Bars out = walking_bars(seed, lead.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double factor = std::sqrt(lead.close[i]) / 8;
    for (auto* column : {&out.open, &out.high, &out.low, &out.close}) (*column)[i] *= factor;
  }
  return out;
}

Bars without(const Bars& bars, double share, std::uint64_t seed) {
  Bars out = bars;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    if (KeyedRandom(seed, Stream::augmentation, 0, i).uniform() >= share) out.move_bar(i, kept++);
  }
  out.resize(kept);
  return out;
}

Bars part(const Bars& bars, std::size_t begin, std::size_t end) {
  Bars out = bars;
  for (std::size_t i = begin; i < end; ++i) out.move_bar(i, i - begin);
  out.resize(end - begin);
  return out;
}

bool same(double a, double b) {
  return std::memcmp(&a, &b, sizeof a) == 0 || (std::isnan(a) && std::isnan(b));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cross_assets)

BOOST_AUTO_TEST_CASE(columns_are_what_their_windows_say) {
  const Bars ours = walking_bars(11, 700);
  check_against_twin(ours, following(ours, 12));
}

BOOST_AUTO_TEST_CASE(bars_missing_on_either_side_are_bridged_up_to_the_age) {
  const Bars ours = walking_bars(13, 900);
  const Bars other = following(ours, 14);
  check_against_twin(without(ours, 0.03, 1), without(other, 0.03, 2));
  check_against_twin(without(ours, 0.03, 1), without(other, 0.03, 2), 0);
  check_against_twin(without(ours, 0.3, 1), without(other, 0.3, 2), 3 * kFiveMinutes);
}

BOOST_AUTO_TEST_CASE(stamps_that_never_meet_are_put_beside_each_other) {
  const Bars ours = walking_bars(15, 400);
  Bars other = following(ours, 16);
  for (std::int64_t& time : other.time) time += 2 * kMinuteNs;
  check_against_twin(ours, other, 4 * kMinuteNs);
  // The other's last bar that has ended began 3 minutes before ours: a limit of 3 holds it, and one just below does
  // not.
  BOOST_TEST(computed({"cross_corr_OTH_5"}, ours, other, 3 * kMinuteNs).first_row(0) == 7U);
  BOOST_TEST(computed({"cross_corr_OTH_5"}, ours, other, 3 * kMinuteNs - 1).first_row(0) == ours.size());
}

BOOST_AUTO_TEST_CASE(an_other_that_begins_later_puts_the_first_value_off) {
  const Bars ours = walking_bars(17, 500);
  const Bars other = part(following(ours, 18), 200, 500);
  check_against_twin(ours, other);
  const FeatureTable table = computed({"cross_corr_OTH_20", "cross_spread_z_OTH_20"}, ours, other);
  BOOST_TEST(table.first_row(0) == 200U + 20U + 1U);  // 20 returns, and one bar of delay
  BOOST_TEST(table.first_row(1) == 200U + 38U + 1U);
}

BOOST_AUTO_TEST_CASE(an_other_that_ends_earlier_leaves_what_is_stated) {
  const Bars ours = walking_bars(19, 500, true);
  const Bars other = part(following(ours, 20), 0, 300);
  check_against_twin(ours, other);
  const FeatureTable table = computed({"cross_rel_strength_OTH_20", "cross_stale_OTH_20"}, ours, other);
  // Bar 300 bridges one missing bar; of bar 301 the other's is too old.
  for (std::size_t row = 21; row < 302; ++row) BOOST_REQUIRE(table.column(1)[row] == 0.0);
  BOOST_TEST(table.column(0)[301] != 0.0);
  for (std::size_t row = 302; row < 500; ++row) {
    BOOST_REQUIRE(table.column(0)[row] == 0.0);
    BOOST_REQUIRE(table.column(1)[row] == 1.0);
  }
  BOOST_TEST(table.undefined(0) == 500 - 301);
  BOOST_TEST(table.undefined(1) == 0);
}

BOOST_AUTO_TEST_CASE(after_a_hole_windows_begin_anew) {
  const Bars ours = walking_bars(21, 400, true);
  const Bars whole = following(ours, 22);
  Bars other = part(whole, 0, 400);
  for (std::size_t i = 150; i < 400; ++i) other.move_bar(i, i - 50);  // bars 100 to 149 are not there
  other.resize(350);
  check_against_twin(ours, other);
  const FeatureTable table = computed({"cross_stale_OTH_20"}, ours, other);
  const auto stale = table.column(0);
  // Too old on bars 101 to 149, as bar 100 still has that of bar 99; whole again with the 21 bars up to 170.
  BOOST_TEST(stale[101] == 0.0);
  BOOST_TEST(stale[102] == 1.0);
  BOOST_TEST(stale[170] == 1.0);
  BOOST_TEST(stale[171] == 0.0);
}

BOOST_AUTO_TEST_CASE(symbols_that_never_meet_have_no_value_at_all) {
  const Bars ours = walking_bars(23, 300);
  Bars other = walking_bars(24, 300);
  for (std::int64_t& time : other.time) time += 10'000 * kFiveMinutes;
  for (const Bars& each : {other, Bars{}}) {
    const FeatureTable table = computed({"cross_*"}, ours, each);
    for (std::size_t i = 0; i < table.features().size(); ++i) {
      BOOST_TEST(table.first_row(i) == ours.size());
      BOOST_TEST(table.undefined(i) == 0);
    }
  }
  BOOST_TEST(computed({"cross_*"}, Bars{}, other).rows() == 0U);
}

BOOST_AUTO_TEST_CASE(prices_that_are_equal_or_keep_their_ratio_have_no_spread) {
  const Bars ours = walking_bars(25, 400, true);
  for (const double ratio : {1.0, 3.0, 0.7}) {
    Bars other = ours;
    for (double& close : other.close) close *= ratio;
    const FeatureTable table = computed(
        {"cross_corr_OTH_20", "cross_beta_OTH_20", "cross_spread_z_OTH_20", "cross_rel_strength_OTH_20"}, ours, other);
    for (std::size_t row = 39; row < ours.size(); ++row) {
      BOOST_REQUIRE_SMALL(table.column(0)[row] - 1.0, 1e-12);
      BOOST_REQUIRE_SMALL(table.column(1)[row] - 1.0, 1e-10);
      BOOST_REQUIRE_SMALL(table.column(3)[row], 1e-12);
      BOOST_REQUIRE(table.column(2)[row] == 0.0);
    }
    BOOST_TEST(table.undefined(2) == 400 - 38);
  }
}

BOOST_AUTO_TEST_CASE(an_other_that_never_moves_has_neither_correlation_nor_slope) {
  const Bars ours = walking_bars(26, 200, true);
  const FeatureTable table =
      computed({"cross_corr_OTH_20", "cross_beta_OTH_20", "cross_rel_strength_OTH_20"}, ours, flat_bars(200, 7.0, 0.0));
  double sum = 0;
  for (std::size_t i = 180; i < 200; ++i) sum += ours.close[i - 1] / ours.close[i - 2] - 1;
  BOOST_TEST(table.column(0)[199] == 0.0);
  BOOST_TEST(table.column(1)[199] == 0.0);
  BOOST_TEST(table.column(2)[199] == sum, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(table.undefined(0) == 200 - 20);
  BOOST_TEST(table.undefined(1) == 200 - 20);
  BOOST_TEST(table.undefined(2) == 0);
}

BOOST_AUTO_TEST_CASE(longer_bars_are_compared_with_the_price_at_their_end) {
  const Bars ours = without(walking_bars(27, 3000), 0.05, 1);
  const Bars other = without(following(walking_bars(27, 3000), 28), 0.05, 2);
  const Bars our_hours = resample(ours, kHour).bars;
  const FeatureTable table = computed({"cross_corr_OTH_20_1h"}, ours, other);
  const Column hours = twin("corr", 20, our_hours, other, kHour, kFiveMinutes);
  for (std::size_t row = 0; row < ours.size(); ++row) {
    // The hour that holds the row's bar says what was known before it began.
    const auto holder = std::upper_bound(our_hours.time.begin(), our_hours.time.end(), ours.time[row]) - 1;
    const double want = hours.rows[static_cast<std::size_t>(holder - our_hours.time.begin())];
    BOOST_REQUIRE_EQUAL(std::isnan(want), std::isnan(table.column(0)[row]));
    if (!std::isnan(want)) BOOST_REQUIRE_SMALL(table.column(0)[row] - want, 1e-9);
  }
}

BOOST_AUTO_TEST_CASE(no_row_knows_bars_of_either_side_that_had_not_ended_before_it) {
  const Bars ours = without(walking_bars(29, 1500), 0.05, 3);
  Bars other = without(following(walking_bars(29, 1500), 30), 0.05, 4);
  for (std::int64_t& time : other.time) time += kMinuteNs;
  const std::vector<std::string> names{"cross_*", "cross_corr_OTH_7_1h", "cross_spread_z_OTH_5_15m"};
  const FeatureTable clean = computed(names, ours, other, kHour);
  for (const Corruption corruption : {Corruption::noise, Corruption::reverse, Corruption::scale, Corruption::cut}) {
    for (const std::size_t row : {300U, 777U, 1200U}) {
      const FeatureTable of_ours = computed(names, corrupt(ours, row, corruption), other, kHour);
      // Of the other, everything that ends after the row's bar begins.
      std::size_t begin = 0;
      while (other.time[begin] + kFiveMinutes <= ours.time[row]) ++begin;
      const FeatureTable of_theirs = computed(names, ours, corrupt(other, begin, corruption), kHour);
      for (std::size_t i = 0; i < clean.features().size(); ++i) {
        BOOST_TEST_CONTEXT(clean.features()[i].name << " " << to_string(corruption) << " from row " << row) {
          for (std::size_t t = 0; t <= row; ++t) {
            if (t < of_ours.rows()) BOOST_REQUIRE(same(of_ours.column(i)[t], clean.column(i)[t]));
            BOOST_REQUIRE(same(of_theirs.column(i)[t], clean.column(i)[t]));
          }
          const bool flag = clean.features()[i].column.kind() == ColumnKind::state;
          const std::size_t after = std::min<std::size_t>(row + 40, ours.size());
          if (corruption != Corruption::noise || flag) continue;
          bool changed = false;
          for (std::size_t t = row + 1; t < after; ++t)
            changed = changed || !same(of_theirs.column(i)[t], clean.column(i)[t]);
          BOOST_TEST(changed);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(threads_change_no_bit) {
  const Bars ours = without(walking_bars(31, 1200), 0.05, 5), other = without(walking_bars(32, 1200), 0.05, 6);
  const std::vector<std::string> names{"cross_*", "cross_beta_OTH_5_15m", "rsi_14", "cross_corr_OTH_50"};
  const FeatureTable one = computed(names, ours, other), many = computed(names, ours, other, kFiveMinutes, 8);
  for (std::size_t i = 0; i < one.features().size(); ++i) {
    BOOST_TEST(one.undefined(i) == many.undefined(i));
    for (std::size_t row = 0; row < ours.size(); ++row) BOOST_REQUIRE(same(one.column(i)[row], many.column(i)[row]));
  }
}

BOOST_AUTO_TEST_CASE(names_say_the_symbol_and_the_bars) {
  const std::vector<std::string> others{"ETHUSD", "EUR_USD", "S+P-500.c"};
  const auto parsed = [&](const std::string& name) { return parse_feature(name, FeatureDefinitions::moola, others); };
  for (const char* name :
       {"cross_corr_ETHUSD_20", "cross_spread_z_EUR_USD_7", "cross_beta_S+P-500.c_100", "cross_stale_ETHUSD_5_1h"}) {
    const Feature feature = parsed(name);
    BOOST_TEST(feature.name == name);
    BOOST_TEST(std::string(name).starts_with(feature.column.name()));
  }
  BOOST_TEST(parsed("cross_spread_z_EUR_USD_7").column.other == "EUR_USD");
  BOOST_TEST(parsed("cross_spread_z_EUR_USD_7").column.values.whole(0) == 7);
  BOOST_TEST(parsed("cross_stale_ETHUSD_5_1h").timeframe == kHour);
}

BOOST_AUTO_TEST_CASE(nothing_compares_unless_others_are_named) {
  for (const Feature& feature : parse_features({"*"})) BOOST_REQUIRE(feature.column.other.empty());
  const std::vector<std::string> others{"AAA", "BBB"};
  const auto names = [&](const std::vector<std::string>& asked) {
    std::vector<std::string> out;
    for (const Feature& feature : parse_features(asked, FeatureDefinitions::moola, others)) out.push_back(feature.name);
    return out;
  };
  const std::vector<std::string> wanted{
      "cross_corr_AAA_20",         "cross_beta_AAA_20",     "cross_rel_strength_AAA_20",
      "cross_stale_AAA_20",        "cross_spread_z_AAA_20", "cross_corr_BBB_20",
      "cross_rel_strength_BBB_20", "cross_stale_BBB_20",    "cross_spread_z_BBB_20"};
  BOOST_TEST(names({"cross_*", "-cross_beta_BBB_20"}) == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(names_that_mean_nothing_are_refused_with_what_was_meant) {
  const auto refused = [](const std::vector<std::string>& names, const std::vector<std::string>& others) {
    return refusal_of([&] { parse_features(names, FeatureDefinitions::moola, others); });
  };
  BOOST_TEST(holds(refused({"cross_cor_ETHUSD_20"}, {"ETHUSD"}), "Did you mean 'cross_corr_ETHUSD_20'?"));
  BOOST_TEST(holds(refused({"cross_corr_ETHUDS_20"}, {"ETHUSD"}), "Did you mean 'ETHUSD'?"));
  BOOST_TEST(holds(refused({"cross_corr_ETHUSD_20"}, {}), "--others"));
  BOOST_TEST(holds(refused({"cross_*"}, {}), "--others"));
  BOOST_TEST(holds(refused({"cross_corr_ETHUSD_1"}, {"ETHUSD"}), "period = 1 must be a whole number from 2"));
  BOOST_TEST(holds(refused({"cross_corr_ETHUSD"}, {"ETHUSD"}), "there is no column"));
  BOOST_TEST(holds(refused({"cross_corr_20"}, {"ETHUSD"}), "there is no column"));
  const Bars ours = walking_bars(33, 50);
  const auto features = parse_features({"cross_corr_OTH_20"}, FeatureDefinitions::moola, kOther);
  BOOST_TEST(holds(refusal_of([&] { compute_features(ours, kFiveMinutes, features, 1); }), "the bars of OTH are not"));
}

BOOST_AUTO_TEST_SUITE_END()
