// The configuration of moola prepare: what is refused, and where the boundaries lie.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "base/atomic_file.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"
#include "work/prepare/prepare_config.h"

using namespace moola;
using namespace moola::test;
using moola::work::load_prepare_config;

namespace {

using Settings = std::vector<std::string>;

work::LoadedPrepareConfig load(Settings settings, const std::string& preset = "") {
  settings.insert(settings.begin(), "data.bars=SYM/v1");
  return load_prepare_config(preset, std::nullopt, settings);
}

std::string refusal(const Settings& settings) {
  return refusal_of([&] { load(settings); });
}

bool accepted(const Settings& settings) {
  const std::string said = refusal(settings);
  if (!said.empty()) BOOST_TEST_MESSAGE(said);
  return said.empty();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(prepare_config)

BOOST_AUTO_TEST_CASE(a_key_that_is_none_names_the_nearest) {
  BOOST_TEST(holds(refusal({"clean.timefram=5m"}), "'clean.timeframe'"));
  BOOST_TEST(holds(refusal({"label.horizons=[5]"}), "'labels.horizons'"));
  const TemporaryFolder folder;
  write_file(folder / "c.toml", "[data]\nbars = [\"SYM/v1\"]\n[clean]\nmax_fil = \"5m\"\n");
  const std::string said = refusal_of([&] { load_prepare_config("", folder / "c.toml", {}); });
  BOOST_TEST(holds(said, "c.toml, line 4"));
  BOOST_TEST(holds(said, "'clean.max_fill'"));
}

BOOST_AUTO_TEST_CASE(values_of_the_wrong_kind_or_beyond_their_bounds_name_the_key) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"labels.horizons=[0]", "labels.horizons"},
      {"labels.horizons=[-3]", "labels.horizons"},
      {"labels.horizons=[10001]", "labels.horizons"},
      {"labels.horizons=[]", "labels.horizons"},
      {"labels.horizons=[10, 5]", "labels.horizons"},
      {"labels.horizons=[5, 5]", "labels.horizons"},
      {"labels.touch=\"wick\"", "labels.touch"},
      {"clean.timeframe=\"0m\"", "clean.timeframe"},
      {"clean.timeframe=\"soon\"", "clean.timeframe"},
      {"clean.max_fill=\"-5m\"", "clean.max_fill"},
      {"clean.calendar=\"moon\"", "clean.calendar"},
      {"clean.holidays=[\"2019-02-30\"]", "clean.holidays"},
      {"barriers.least_scale=0", "barriers.least_scale"},
      {"barriers.least_length=-1", "barriers.least_length"},
      {"clean.calendars=[\"SYM\"]", "SYMBOL=CALENDAR"},
      {"clean.calendars=[\"=cme\"]", "SYMBOL=CALENDAR"},
      {"clean.calendars=[\"SYM=\"]", "SYMBOL=CALENDAR"},
      {"clean.calendars=[\"SYM=cmee\"]", "clean.calendars: there is no calendar 'cmee'"},
      {"clean.calendars=[\"SYM=cme\", \"SYM=fx\"]", "SYM twice"},
      {"clean.calendars=[\"SMY=cme\"]", "'SYM'"},
      {"clean.sampling=\"volume\"", "clean.threshold"},
      {"features.columns=[]", "features.columns"},
      {"splits.train=0", "splits.train"},
      {"splits.purge=\"60 rows\"", "splits.purge"},
      {"splits.purge=\"-1bars\"", "splits.purge"},
      {"splits.embargo=\"soon\"", "splits.embargo"},
      {"scaling.price=\"minmax\"", "scaling.price"},
      {"scaling.logarithm=[\"prices\"]", "scaling.logarithm"},
      {"labels.costs=[\"SYM\"]", "labels.costs"},
      {"labels.costs=[\"SYM=-1%\"]", "labels.costs"},
      {"data.from=\"yesterday\"", "data.from"},
      {"data.bars=[]", "data.bars"},
      {"output.name=\"../x\"", "output.name"},
      {"validation.least_class_share=0.7", "validation.least_class_share"},
      {"labels.costs=[\"SMY=0.1%\"]", "'SYM'"},
      {"parallel.threads=-1", "parallel.threads"},
  };
  for (const auto& [setting, key] : cases) {
    const std::string said = refusal({setting});
    BOOST_TEST(holds(said, key), setting << ": " << said);
  }
}

BOOST_AUTO_TEST_CASE(keys_that_mean_nothing_beside_the_others_are_refused_and_left_out_of_what_is_written) {
  struct Case {
    Settings beside;
    std::string setting;
  };
  const std::vector<Case> cases{
      {{}, "clean.threshold=5"},
      {{}, "clean.outlier_limit=5"},
      {{}, "clean.holidays=[\"2019-01-01\"]"},
      {{"clean.calendars=[\"SYM=cme\"]"}, "clean.calendar=\"fx\""},
      {{"clean.calendars=[\"SYM=crypto\"]"}, "clean.holidays=[\"2019-01-01\"]"},
      {{}, "data.multi_symbol=true"},
      {{"clean.sampling=\"volume\"", "clean.threshold=5"}, "clean.timeframe=\"5m\""},
      {{"clean.sampling=\"dollars\"", "clean.threshold=5"}, "table.max_gap=\"5m\""},
      {{}, "labels.threshold=[0.01]"},
      {{}, "labels.dead_band=[0.01]"},
      {{}, "labels.factors=[\"atr_regime=1:1,1,1\"]"},
      {{}, "labels.signal=\"rsi_14 < 50\""},
      {{}, "labels.judge=return"},
      {{}, "labels.timeout=wrong"},
      {{}, "labels.winsor=[]"},
      {{}, "labels.returns=log"},
      {{}, "labels.multiple=1"},
      {{}, "labels.min_bars=[2, 3, 4, 5]"},
      {{}, "labels.min_t=1"},
      {{"labels.strategy=threshold"}, "labels.up=[2, 2, 2, 2]"},
      {{"labels.strategy=threshold"}, "labels.scale=atr_14"},
      {{"labels.strategy=threshold"}, "barriers.optimise=false"},
      {{"labels.strategy=adaptive", "splits.purge=61bars"}, "barriers.seed=1"},
      {{"labels.strategy=directional"}, "labels.max_bars=[5, 10, 15, 20]"},
      {{"labels.strategy=directional"}, "labels.touch=close"},
      {{"labels.strategy=directional"}, "labels.tie=invalid"},
      {{"labels.strategy=directional"}, "labels.scale=atr_14"},
      {{"labels.strategy=threshold"}, "labels.tie=stop_first"},
      {{"labels.touch=close"}, "labels.tie=stop_first"},
      {{"labels.strategy=regression"}, "labels.scale=atr_14"},
      {{"labels.strategy=regression"}, "labels.subtract_cost=true"},
      {{"labels.strategy=regression"}, "validation.least_class_share=0.1"},
      {{"labels.strategy=regression"}, "validation.most_class_share=0.9"},
      {{"labels.strategy=trend_scan"}, "labels.entry=next_open"},
      {{"labels.strategy=trend_scan"}, "labels.subtract_cost=true"},
      {{"labels.strategy=meta", "labels.signal=\"rsi_14 < 50\"", "labels.judge=return"}, "labels.timeout=wrong"},
      {{"labels.strategy=meta", "labels.signal=\"rsi_14 < 50\"", "labels.judge=return"}, "labels.scale=atr_14"},
      {{"barriers.optimise=false"}, "barriers.safe=true"},
      {{"barriers.optimise=false"}, "barriers.population=20"},
      {{"barriers.optimise=false"}, "barriers.generations=8"},
      {{"barriers.optimise=false"}, "barriers.sample=0.3"},
      {{"barriers.optimise=false"}, "barriers.least_scale=0.8"},
      {{"barriers.optimise=false"}, "barriers.most_scale=2"},
      {{"barriers.optimise=false"}, "barriers.least_length=2"},
      {{"barriers.optimise=false"}, "barriers.most_length=3"},
      {{"barriers.optimise=false"}, "barriers.seed=1"},
  };
  for (const Case& each : cases) {
    Settings all = each.beside;
    all.push_back(each.setting);
    const std::string key = each.setting.substr(0, each.setting.find('='));
    BOOST_TEST(holds(refusal(all), key), each.setting);
    BOOST_TEST(accepted(each.beside));
    if (key == "data.multi_symbol") continue;
    const std::string written = load(each.beside).resolved, name = "\n" + key.substr(key.find('.') + 1) + " = ";
    if (key != "clean.holidays" && key != "labels.returns") BOOST_TEST(written.find(name) == std::string::npos, key);
  }
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read_again_as_it_was) {
  for (const Settings& settings :
       {Settings{}, Settings{"labels.strategy=threshold"}, Settings{"labels.strategy=adaptive", "splits.purge=61bars"},
        Settings{"labels.strategy=meta", "labels.signal=\"rsi_14 < 50\""}, Settings{"labels.strategy=directional"},
        Settings{"labels.strategy=regression"}, Settings{"labels.strategy=trend_scan"},
        Settings{"barriers.optimise=false", "clean.calendar=\"cme\""},
        Settings{"clean.sampling=\"volume\"", "clean.threshold=5"}}) {
    const TemporaryFolder folder;
    const auto first = load(settings);
    write_file(folder / "resolved.toml", first.resolved);
    const auto again = load_prepare_config("", folder / "resolved.toml", {});
    BOOST_TEST(again.resolved == first.resolved);
    BOOST_TEST(again.identity == first.identity);
  }
}

BOOST_AUTO_TEST_CASE(barriers_of_ones_own_need_all_three_lists_for_every_horizon) {
  const Settings own{"labels.horizons=[5, 20]", "labels.up=[2, 3]", "labels.down=[1, 2]", "labels.max_bars=[15, 50]"};
  BOOST_TEST(accepted(own));
  for (std::size_t left_out = 1; left_out < own.size(); ++left_out) {
    Settings without = own;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(left_out));
    BOOST_TEST(holds(refusal(without), "labels.max_bars"));
  }
  for (const char* zero : {"labels.up=[0, 2]", "labels.down=[-1, 2]", "labels.max_bars=[0, 50]"}) {
    Settings bad = own;
    bad.emplace_back(zero);
    BOOST_TEST(holds(refusal(bad), std::string(zero).substr(0, std::string(zero).find('='))), zero);
  }
}

// The search may choose up to most_length horizons; horizon 20: 60 bars, of 5 minutes each.
BOOST_AUTO_TEST_CASE(purge_may_be_as_long_as_the_longest_label_of_the_search_and_no_shorter) {
  const auto with = [](const std::string& purge) { return Settings{"splits.purge=\"" + purge + "\""}; };
  BOOST_TEST(accepted(with("60bars")));
  BOOST_TEST(holds(refusal(with("59bars")), "60bars"));
  BOOST_TEST(accepted(with("300m")));
  BOOST_TEST(holds(refusal(with("299m")), "60bars"));
  BOOST_TEST(accepted({"splits.purge=\"15h\"", "clean.timeframe=\"15m\""}));
  BOOST_TEST(holds(refusal({"splits.purge=\"14h\"", "clean.timeframe=\"15m\""}), "60 bars of 15m"));
  BOOST_TEST(accepted({"splits.purge=\"80bars\"", "barriers.most_length=4"}));
  BOOST_TEST(holds(refusal({"splits.purge=\"79bars\"", "barriers.most_length=4"}), "80bars"));
}

// Without a search the usual barriers stand 50 bars at horizon 20 (the table of factory.md 1.5), or as long as told.
BOOST_AUTO_TEST_CASE(purge_may_be_as_long_as_the_configured_labels_and_no_shorter) {
  const Settings usual{"barriers.optimise=false"};
  const auto with = [](Settings settings, const std::string& purge) {
    settings.push_back("splits.purge=\"" + purge + "\"");
    return settings;
  };
  BOOST_TEST(accepted(with(usual, "50bars")));
  BOOST_TEST(holds(refusal(with(usual, "49bars")), "50bars"));
  const Settings own{"barriers.optimise=false", "labels.horizons=[5]", "labels.up=[2]", "labels.down=[2]",
                     "labels.max_bars=[70]"};
  BOOST_TEST(accepted(with(own, "70bars")));
  BOOST_TEST(holds(refusal(with(own, "69bars")), "70bars"));
}

// Where the search finds nothing that can be learnt from, the configured barriers stay: they may last longer.
BOOST_AUTO_TEST_CASE(purge_must_also_reach_over_the_barriers_that_stay_when_the_search_finds_none) {
  const Settings short_search{"barriers.least_length=1", "barriers.most_length=2"};  // 40 bars; the usual: 50
  Settings fifty = short_search, less = short_search;
  fifty.emplace_back("splits.purge=\"50bars\"");
  less.emplace_back("splits.purge=\"49bars\"");
  BOOST_TEST(accepted(fifty));
  BOOST_TEST(holds(refusal(less), "50bars"));
}

BOOST_AUTO_TEST_CASE(a_search_in_later_rows_is_for_exploration_alone) {
  BOOST_TEST(holds(refusal({"barriers.safe=false"}), "exploration"));
  BOOST_TEST(holds(refusal({"barriers.safe=false", "output.profile=\"final\""}), "exploration"));
  BOOST_TEST(accepted({"barriers.safe=false", "output.profile=\"exploration\""}));
}

BOOST_AUTO_TEST_CASE(barriers_as_shares_of_the_price_need_bounds_that_are_shares) {
  const Settings shares{"labels.scale=\"price\"", "labels.horizons=[5, 20]"};
  BOOST_TEST(holds(refusal(shares), "barriers.most_scale"));
  Settings bounded = shares;
  bounded.insert(bounded.end(), {"barriers.least_scale=0.001", "barriers.most_scale=0.01"});
  BOOST_TEST(accepted(bounded));
  BOOST_TEST(holds(refusal({"labels.scale=\"price\"", "labels.horizons=[10]", "barriers.optimise=false"}), "10"));
}

BOOST_AUTO_TEST_CASE(bounds_of_the_search_are_in_order) {
  BOOST_TEST(holds(refusal({"barriers.least_scale=3", "barriers.most_scale=2"}), "barriers.most_scale"));
  BOOST_TEST(holds(refusal({"barriers.least_length=3.5"}), "barriers.most_length"));
  // Of a horizon of 5 bars: 10.5 to 10.9, and 10.5 to 11.
  const auto lengths = [](const char* most) {
    return Settings{"labels.horizons=[5]", "barriers.least_length=2.1", fmt::format("barriers.most_length={}", most)};
  };
  BOOST_TEST(holds(refusal(lengths("2.18")), "barriers.least_length"));
  BOOST_TEST(accepted(lengths("2.2")));
}

BOOST_AUTO_TEST_CASE(a_file_of_symbols_lies_beside_the_configuration_that_names_it) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "deeper");
  write_file(folder / "own.toml",
             "[SYM]\nunit = \"basis_points\"\ncommission = 1.0\nslippage_calm = 2.0\n"
             "slippage_volatile = 3.0\n");
  const std::string config = "[data]\nbars = [\"SYM/v1\"]\n[labels]\nsymbols = \"../own.toml\"\n";
  write_file(folder / "deeper" / "c.toml", config);
  const auto loaded = load_prepare_config("", folder / "deeper" / "c.toml", {});
  BOOST_REQUIRE(loaded.values.labels.own_symbols.size() == 1U);
  BOOST_TEST(loaded.values.labels.own_symbols[0].slippage_calm == 2.0);
  // What it says is part of the identity, its name is not; and the name is whole in what is written.
  BOOST_TEST(holds(loaded.tables.at("labels"), "slippage_calm = 2.0"));
  BOOST_TEST(holds(loaded.identity, "slippage_calm = 2.0"));
  BOOST_TEST(!holds(loaded.identity, "own.toml"));
  BOOST_TEST(holds(loaded.resolved, "symbols = \"" + (folder / "own.toml").string()));
}

BOOST_AUTO_TEST_CASE(a_file_of_symbols_that_cannot_be_meant_is_refused) {
  const TemporaryFolder folder;
  const std::string file = (folder / "own.toml").string();
  BOOST_TEST(holds(refusal({"labels.symbols=" + file}), "own.toml"));
  write_file(file, "[SMY]\nunit = \"basis_points\"\ncommission = 1.0\nslippage_calm = 2.0\nslippage_volatile = 3.0\n");
  const std::string other = refusal({"labels.symbols=" + file});
  BOOST_TEST(holds(other, "no table of SYM"));
  BOOST_TEST(holds(other, "'SMY'"));
  write_file(file, "[SYM]\nunit = \"basis_point\"\n");
  const std::string unit = refusal({"labels.symbols=" + file});
  BOOST_TEST(holds(unit, "labels.symbols"));
  BOOST_TEST(holds(unit, "own.toml, line 2"));
  BOOST_TEST(holds(unit, "'basis_points'"));
  write_file(file, "[SYM]\nunit = \"basis_points\"\ncommission = 1.0\nslippage_calm = 2.0\nslippage_volatile = 3.0\n");
  BOOST_TEST(accepted({"labels.symbols=" + file}));
  BOOST_TEST(holds(refusal({"labels.symbols=" + file, "labels.costs=[\"SYM=1%\"]"}), "labels.costs"));
  BOOST_TEST(holds(refusal({"labels.symbols=" + file, "barriers.optimise=false"}), "labels.subtract_cost"));
  BOOST_TEST(accepted({"labels.symbols=" + file, "barriers.optimise=false", "labels.subtract_cost=true"}));
}

BOOST_AUTO_TEST_CASE(a_cost_that_nothing_is_done_with_is_refused) {
  const std::string cost = "labels.costs=[\"SYM=1%\"]";
  BOOST_TEST(accepted({cost}));
  for (const char* without : {"barriers.optimise=false", "labels.strategy=directional", "labels.strategy=threshold"}) {
    BOOST_TEST(holds(refusal({without, cost}), "labels.subtract_cost"), without);
    BOOST_TEST(accepted({without, cost, "labels.subtract_cost=true"}), without);
  }
  BOOST_TEST(holds(refusal({"labels.strategy=regression", cost}), "labels.costs"));
}

BOOST_AUTO_TEST_CASE(defaults_suit_the_strategy_and_give_way_to_what_is_said) {
  BOOST_TEST(load({}).values.labels.scale == "atr_14");
  BOOST_TEST(load({}).values.weights.method == "quality");
  BOOST_TEST(load({"labels.strategy=directional"}).values.labels.scale == "price");
  BOOST_TEST(load({"labels.strategy=directional", "labels.dead_band=1", "labels.scale=atr_20"}).values.labels.scale ==
             "atr_20");
  BOOST_TEST(load({"labels.strategy=threshold"}).values.labels.touch == "close");
  BOOST_TEST(load({"labels.strategy=threshold", "labels.touch=high_low"}).values.labels.touch == "high_low");
  for (const char* strategy : {"labels.strategy=regression", "labels.strategy=trend_scan"}) {
    BOOST_TEST(load({strategy}).values.weights.method == "uniqueness");
    BOOST_TEST(load({strategy, "weights.method=none"}).values.weights.method == "none");
    BOOST_TEST(holds(refusal({strategy, "weights.method=quality"}), "uniqueness"));
  }
  BOOST_TEST(load({"labels.strategy=directional"}).values.weights.method == "quality");
}

// Of labels.horizons = [5, 10, 15, 20].
BOOST_AUTO_TEST_CASE(purge_reaches_over_the_longest_label_of_every_strategy) {
  const auto refused_below = [](Settings settings, int bars) {
    Settings shorter = settings;
    settings.push_back(fmt::format("splits.purge={}bars", bars));
    shorter.push_back(fmt::format("splits.purge={}bars", bars - 1));
    BOOST_TEST(accepted(settings), settings[0]);
    BOOST_TEST(holds(refusal(shorter), fmt::format("{}bars", bars)), settings[0] << " " << refusal(shorter));
  };
  refused_below({"labels.strategy=threshold"}, 20);
  refused_below({"labels.strategy=threshold", "labels.max_bars=[5, 70, 6, 7]"}, 70);
  refused_below({"labels.strategy=directional"}, 20);
  refused_below({"labels.strategy=regression"}, 20);
  refused_below({"labels.strategy=trend_scan"}, 20);
  refused_below({"labels.strategy=trend_scan", "labels.max_bars=[9, 10, 40, 20]"}, 40);
  // The usual barriers of horizon 20 stand 50 bars; in a volatile market that goes on, 1.1 times 1.1 times as long:
  // 60.5, rounded up.
  refused_below({"labels.strategy=adaptive"}, 61);
  const Settings meta{"labels.strategy=meta", "labels.signal=\"rsi_14 < 50\""};
  refused_below(meta, 50);
  refused_below({meta[0], meta[1], "labels.judge=return"}, 20);
}

BOOST_AUTO_TEST_CASE(what_a_strategy_cannot_do_without_or_with_is_refused) {
  const std::vector<std::pair<Settings, std::string>> cases{
      {{"labels.strategy=trend_scanning"}, "'trend_scan'"},
      {{"labels.strategy=meta"}, "labels.signal"},
      {{"labels.strategy=meta", "labels.signal=\"smaa_10 > sma_50\""}, "no column 'smaa_10'"},
      {{"labels.strategy=threshold", "labels.threshold=[0.01, 0.02]"}, "labels.threshold"},
      {{"labels.strategy=threshold", "labels.threshold=[0]"}, "labels.threshold"},
      {{"labels.strategy=threshold", "labels.max_bars=[5]"}, "labels.max_bars"},
      {{"labels.strategy=directional", "labels.dead_band=[-0.1]"}, "labels.dead_band"},
      {{"labels.strategy=directional", "labels.dead_band=1", "labels.scale=art_14"}, "'atr_14'"},
      {{"labels.strategy=directional", "labels.dead_band=1", "labels.scale=cross_beta_ETH_20"}, "labels.scale: cross_"},
      {{"labels.strategy=meta", "labels.signal=\"cross_beta_ETH_20 > 1\"", "cross_asset.others=ETH/v1",
        "features.columns=[\"sma_5\", \"cross_*\"]"},
       "labels.signal: cross_beta_ETH_20 compares"},
      {{"labels.strategy=meta", "labels.signal=\"sma_10_7m > sma_50\""}, "labels.signal: "},
      {{"labels.strategy=adaptive", "labels.factors=[\"atr_regime=1:1,1,2\", \"atr_regime=1:1,1,2\"]"}, "twice"},
      {{"labels.strategy=regression", "labels.multiple=1e42"}, "labels.multiple"},
      {{"barriers.least_scale=5"}, "barriers.least_scale = 5"},
      {{"labels.strategy=adaptive", "labels.factors=[\"atr_regime=1:1,1\"]"}, "labels.factors"},
      {{"labels.strategy=adaptive", "labels.factors=[\"atr_regim=1:1,1,1\"]"}, "'atr_regime'"},
      {{"labels.strategy=regression", "labels.winsor=[0.99, 0.01]"}, "labels.winsor"},
      {{"labels.strategy=regression", "labels.winsor=[0.01]"}, "labels.winsor"},
      {{"labels.strategy=trend_scan", "labels.horizons=[1]"}, "labels.max_bars: "},
      {{"labels.strategy=trend_scan", "labels.min_bars=[6, 10, 15, 20]"}, "labels.min_bars and labels.max_bars: "},
  };
  for (const auto& [settings, what] : cases) {
    const std::string said = refusal(settings);
    BOOST_TEST(holds(said, what), settings[0] << " " << settings.back() << ": " << said);
  }
}

BOOST_AUTO_TEST_CASE(three_parts_need_a_share_each) {
  BOOST_TEST(accepted({"splits.train=0.7", "splits.val=0.29"}));
  BOOST_TEST(holds(refusal({"splits.train=0.7", "splits.val=0.3"}), "splits.val"));
}

BOOST_AUTO_TEST_CASE(a_symbol_is_named_once_and_a_span_of_time_is_one) {
  BOOST_TEST(holds(refusal({"data.bars=[\"SYM/v1\", \"SYM/v2\"]"}), "SYM twice"));
  BOOST_TEST(holds(refusal({"data.from=\"2020-01-01\"", "data.to=\"2020-01-01\""}), "data.from"));
  BOOST_TEST(accepted({"data.from=\"2020-01-01\"", "data.to=\"2020-01-01 00:00:01\""}));
}

BOOST_AUTO_TEST_CASE(unknown_columns_name_the_nearest) {
  BOOST_TEST(holds(refusal({"features.columns=[\"rsi_14x\"]"}), "'rsi_14'"));
  BOOST_TEST(holds(refusal({"features.columns=[\"core_ful\"]"}), "'core_full'"));
  BOOST_TEST(holds(refusal({"labels.scale=\"art_14\""}), "'atr_14'"));
}

BOOST_AUTO_TEST_CASE(presets_are_the_files_of_configs_prepare) {
  const auto folder = std::filesystem::path(MOOLA_SOURCE_DIR) / "configs/prepare";
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files += entry.path().extension() == ".toml";
  BOOST_TEST(work::prepare_presets().size() == files);
  BOOST_TEST(files == 3U);
  for (const ShippedConfig& preset : work::prepare_presets()) {
    BOOST_TEST_CONTEXT(preset.name) {
      BOOST_TEST(preset.text == read_file(folder / (preset.name + ".toml")));
      const auto by_name = load({}, preset.name);
      const auto by_file = load_prepare_config("", folder / (preset.name + ".toml"), {"data.bars=SYM/v1"});
      BOOST_TEST(by_name.resolved == by_file.resolved);
    }
  }
  BOOST_TEST(holds(refusal_of([] { load({}, "swin"); }), "'swing'"));
}

BOOST_AUTO_TEST_CASE(presets_set_what_their_names_say) {
  BOOST_TEST(to_string(load({}, "scalping").values.clean.timeframe) == "1m");
  BOOST_TEST(to_string(load({}, "day_trading").values.clean.timeframe) == "5m");
  BOOST_TEST(to_string(load({}, "swing").values.clean.timeframe) == "1h");
  // What is said beside a preset counts.
  BOOST_TEST(to_string(load({"clean.timeframe=\"15m\""}, "swing").values.clean.timeframe) == "15m");
}

BOOST_AUTO_TEST_SUITE_END()
