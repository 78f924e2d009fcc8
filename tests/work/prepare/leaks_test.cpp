// What was fitted has seen the train part alone: other prices after it change none of it, bit for bit.
#include <cstring>
#include <functional>

#include "prepared.h"
#include "tests/support/messages.h"
#include "work/prepare/prepared_tables.h"

using namespace moola;
using namespace moola::test;

namespace {

constexpr std::size_t kBars = 3000;

// The same bars, with prices and volumes of their own from `first` on.
market::Bars with_another_end(const market::Bars& bars, std::int64_t first) {
  market::Bars out = bars;
  KeyedRandom random(99, Stream::augmentation, 0, 0);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    if (bars.time[i] < first) continue;
    const double up = 1.5 + 0.2 * random.uniform(), wide = 0.03 * random.uniform();
    out.open[i] = bars.open[i] * up;
    out.close[i] = bars.close[i] * up * (1 + wide / 2);
    out.high[i] = std::max(out.open[i], out.close[i]) * (1 + wide);
    out.low[i] = std::min(out.open[i], out.close[i]) * (1 - wide);
    out.volume[i] = std::floor(bars.volume[i] * 7 * random.uniform());
  }
  return out;
}

// Bars with holes of some hours, so that a number of bars is not a stretch of time.
market::Bars with_holes(market::Bars bars, std::size_t every) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    if (i % every >= every - every / 5) continue;
    bars.move_bar(i, kept++);
  }
  bars.resize(kept);
  return bars;
}

struct Symbol {
  std::string name;
  market::Bars bars;
};

// Where the validation part's boundary lies: row a = floor(0.7 n) of the table, whose rows are the bars from each
// symbol's first complete one on.
std::int64_t boundary_of(const work::PrepareResult& result, const std::vector<Symbol>& symbols) {
  std::vector<std::int64_t> time;
  for (const Symbol& symbol : symbols) {
    const auto first = stage_json(result, "features", symbol.name)["first_complete_row"].get<std::size_t>();
    const auto own = stage_file_of(result, "clean", symbol.name).read<std::int64_t>("time");
    time.insert(time.end(), own.begin() + static_cast<std::ptrdiff_t>(first), own.end());
  }
  std::sort(time.begin(), time.end());
  return time[static_cast<std::size_t>(0.7 * static_cast<double>(time.size()))];
}

template <class T>
void check_rows(const work::PrepareResult& before, const work::PrepareResult& after, const std::string& stage,
                const std::string& symbol, const std::string& column, const std::function<bool(std::size_t)>& known) {
  const auto was = stage_file_of(before, stage, symbol).template read<T>(column);
  const auto is = stage_file_of(after, stage, symbol).template read<T>(column);
  BOOST_REQUIRE(was.size() == is.size());
  std::size_t compared = 0, different = 0;
  for (std::size_t i = 0; i < was.size(); ++i) {
    if (!known(i)) continue;
    ++compared;
    different += std::memcmp(&was[i], &is[i], sizeof(T)) != 0;
  }
  BOOST_TEST(different == 0U, symbol << " " << column << ": " << different << " of " << compared << " rows");
  BOOST_TEST(compared > 500U);
}

// Prepares bars, and the same with another end; everything fitted and every train row must be the same.
void prove(const std::vector<Symbol>& symbols, const Settings& settings) {
  const BarsWorkspace one, other;
  std::string bars;
  for (const Symbol& symbol : symbols) {
    one.import(symbol.bars, symbol.name);
    bars += (bars.empty() ? "" : ", ") + fmt::format("\"{}/v1\"", symbol.name);
  }
  Settings all = small_settings(settings);
  all.push_back("data.bars=[" + bars + "]");
  const auto before = prepare_in(one, all, {.to = "scaling"});
  const std::int64_t boundary = boundary_of(before, symbols);
  for (const Symbol& symbol : symbols) other.import(with_another_end(symbol.bars, boundary), symbol.name);
  const auto after = prepare_in(other, all, {.to = "scaling"});

  const std::string table = work::prepared_tables(work::load_prepare_config("", std::nullopt, all).values)[0].name;
  BOOST_TEST(stage_json(before, "barriers", table) == stage_json(after, "barriers", table));
  BOOST_TEST(stage_json(before, "scaling", table) == stage_json(after, "scaling", table));
  const Json labels[] = {stage_json(before, "labels", table), stage_json(after, "labels", table)};
  for (const Symbol& symbol : symbols) {
    const auto time = stage_file_of(before, "clean", symbol.name).read<std::int64_t>("time");
    for (const char* horizon : {"5", "20"}) {
      BOOST_TEST_CONTEXT(symbol.name << ", horizon " << horizon) {
        const auto at = [&](const Json& json) { return json["symbols"][symbol.name]["horizons"][horizon]; };
        BOOST_TEST(at(labels[0])["quality"] == at(labels[1])["quality"]);
        BOOST_TEST(at(labels[0])["rule"] == at(labels[1])["rule"]);
        BOOST_TEST(at(labels[0])["fitted"] == at(labels[1])["fitted"]);
        if (at(labels[0]).contains("quality"))
          BOOST_TEST(at(labels[0])["quality"]["seen"]["last"].get<std::int64_t>() < boundary);
        const std::string h = std::string("_") + horizon;
        const auto t1 = stage_file_of(before, "labels", symbol.name).read<std::int64_t>("t1" + h);
        const auto known = [&](std::size_t i) { return t1[i] != INT64_MIN && t1[i] < boundary; };
        check_rows<std::int64_t>(before, after, "labels", symbol.name, "t1" + h, known);
        check_rows<float>(before, after, "labels", symbol.name, "weight" + h, known);
        const auto file = stage_file_of(before, "labels", symbol.name);
        if (file.has_dataset("label" + h))
          check_rows<std::int8_t>(before, after, "labels", symbol.name, "label" + h, known);
        for (const char* name : {"target", "mae", "quality", "t_value"}) {
          if (file.has_dataset(name + h)) check_rows<float>(before, after, "labels", symbol.name, name + h, known);
        }
      }
    }
    // A row knows the bars before it: the boundary's own row is still the same.
    constexpr std::size_t kColumns = 4;  // of small_settings, row by row
    check_rows<double>(before, after, "features", symbol.name, "X",
                       [&](std::size_t i) { return time[i / kColumns] <= boundary; });
  }
  // The proof proves something: the later labels are others.
  const auto content = [&](const work::PrepareResult& result) {
    return stage_file_of(result, "labels", symbols[0].name).text_attribute("content_sha256");
  };
  BOOST_TEST(content(before) != content(after));
}

std::vector<Symbol> one_symbol() {
  return {{"SYM", walking_bars(5, kBars, true)}};
}
std::vector<Symbol> two_symbols_with_holes() {
  return {{"AAA", with_holes(walking_bars(5, kBars, true), 400)},
          {"BBB", with_holes(walking_bars(6, kBars, true), 130)}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(prepare_leaks)

BOOST_AUTO_TEST_CASE(prices_after_the_train_part_change_nothing_that_was_fitted_and_no_train_row) {
  prove(one_symbol(), {});
}

BOOST_AUTO_TEST_CASE(nor_with_barriers_of_ones_own_and_other_weights) {
  const Settings own{"barriers.optimise=false", "labels.up=[2, 3]", "labels.down=[1.5, 2]", "labels.max_bars=[15, 50]"};
  for (const char* weights : {"uniqueness", "return_attribution", "none"}) {
    Settings all = own;
    all.push_back(fmt::format("weights.method=\"{}\"", weights));
    all.emplace_back("weights.time_decay=0.5");
    prove(one_symbol(), all);
  }
}

// Only the end of such a label tells whether there is one.
BOOST_AUTO_TEST_CASE(nor_where_a_bar_that_reaches_both_barriers_makes_no_label) {
  for (const char* weights : {"quality", "uniqueness", "return_attribution"}) {
    prove(one_symbol(),
          {"barriers.optimise=false", "labels.up=[1, 2]", "labels.down=[1, 2]", "labels.max_bars=[15, 50]",
           "labels.tie=\"invalid\"", "weights.time_decay=0.5", fmt::format("weights.method=\"{}\"", weights)});
  }
}

BOOST_AUTO_TEST_CASE(nor_with_any_other_strategy) {
  for (const Settings& settings : std::vector<Settings>{
           {"labels.strategy=threshold"},
           {"labels.strategy=adaptive", "splits.purge=61bars"},
           {"labels.strategy=meta", "labels.signal=\"rsi_14 < 50\"", "weights.method=return_attribution"},
           {"labels.strategy=directional", "weights.time_decay=0.5"},
           {"labels.strategy=regression", "weights.method=return_attribution"},
           {"labels.strategy=trend_scan", "weights.time_decay=0.5"}}) {
    BOOST_TEST_CONTEXT(settings[0]) {
      prove(one_symbol(), settings);
    }
  }
}

BOOST_AUTO_TEST_CASE(nor_with_a_purge_in_time_over_bars_with_holes) {
  prove({{"SYM", with_holes(walking_bars(5, kBars, true), 100)}}, {"splits.purge=\"300m\""});
}

BOOST_AUTO_TEST_CASE(nor_with_a_purge_that_is_a_share_of_the_rows) {
  prove(one_symbol(), {"splits.purge=\"0.025\""});
}

BOOST_AUTO_TEST_CASE(nor_with_several_symbols_in_one_table) {
  prove(two_symbols_with_holes(), {"data.multi_symbol=true"});
}

BOOST_AUTO_TEST_SUITE_END()
