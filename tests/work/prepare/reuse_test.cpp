// Which stages of moola prepare are made again, and which taken over.
#include <map>
#include <set>

#include "prepared.h"
#include "tests/support/messages.h"
#include "work/prepare/compare_runs.h"

using namespace moola;
using namespace moola::test;

namespace {

constexpr std::size_t kBars = 2600;

market::Bars without(market::Bars bars, std::size_t first, std::size_t last) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    if (i < first || i >= last) bars.move_bar(i, kept++);
  }
  bars.resize(kept);
  return bars;
}

// Five minutes apart, but for holes of one and of six bars; a leap of the price at bar 700, a flash at 900.
market::Bars eventful_bars(std::uint64_t seed) {
  market::Bars bars = walking_bars(seed, kBars, true);
  for (std::size_t i = 700; i < kBars; ++i) {
    for (auto* prices : {&bars.open, &bars.high, &bars.low, &bars.close}) (*prices)[i] *= 1.2;
  }
  bars.close[900] *= 1.15;
  bars.high[900] = std::max(bars.high[900], bars.close[900]);
  return without(without(bars, 1300, 1306), 400, 401);
}

std::string own_symbols() {
  return std::string(MOOLA_SOURCE_DIR) + "/tests/work/prepare/own_symbols.toml";
}

struct KeyCase {
  std::string key;
  Settings value;        // the key's other value, and what it needs
  Settings beside = {};  // in both runs
  std::string made;      // the first stage that is made again
  std::string differs;   // the first whose artifacts are others; empty: none
};

// What each key is about, by its description: the stage that it tells what to do.
const std::vector<KeyCase>& key_cases() {
  static const Settings two{"data.bars=[\"SYM/v1\", \"OTH/v1\"]"};
  static const Settings own{"barriers.optimise=false", "labels.up=[2, 3]", "labels.down=[1.5, 2]",
                            "labels.max_bars=[15, 50]"};
  static const Settings near{"barriers.optimise=false", "labels.up=[0.5, 0.5]", "labels.down=[0.5, 0.5]",
                             "labels.max_bars=[1, 2]"};
  static const Settings cost{"labels.costs=[\"SYM=0.1%\"]"};
  static const Settings directional{"labels.strategy=directional"}, regression{"labels.strategy=regression"};
  static const Settings meta{"labels.strategy=meta", "labels.signal=\"rsi_14 < 50\""};
  static const Settings volume{"clean.sampling=\"volume\"", "clean.threshold=1000"};
  static const Settings compared{"features.columns=[\"rsi_14\", \"cross_*\"]", "cross_asset.others=[\"OTH/v1\"]"};
  static const Settings compared_to_gap{"features.columns=[\"rsi_14\", \"cross_*\"]",
                                        "cross_asset.others=[\"GAP/v1\"]"};
  static const Settings kinds{
      "features.columns=[\"rsi_14\", \"return_1\", \"sma_20\", \"atr_14\", \"volume\", \"co_ratio\", \"hour_sin\", "
      "\"rsi_overbought\"]"};
  static const std::vector<KeyCase> cases{
      {"data.bars", {"data.bars=SYM/v2"}, {}, "ingest", "ingest"},
      {"data.multi_symbol", {"data.multi_symbol=true"}, two, "ingest", "barriers"},
      {"data.from", {"data.from=\"2019-01-01 05:00\""}, {}, "ingest", "ingest"},
      {"data.to", {"data.to=\"2019-01-09\""}, {}, "ingest", "ingest"},
      {"clean.timeframe", {"clean.timeframe=\"10m\"", "barriers.optimise=false"}, {}, "clean", "clean"},
      {"clean.sampling", volume, {}, "clean", "clean"},
      {"clean.threshold", {"clean.threshold=1500"}, volume, "clean", "clean"},
      {"clean.calendar", {"clean.calendar=\"cme\""}, {}, "clean", "clean"},
      {"clean.calendars", {"clean.calendars=[\"SYM=cme\"]"}, {}, "clean", "clean"},
      {"clean.holidays", {"clean.holidays=[\"2019-01-03\"]"}, {"clean.calendar=\"cme\""}, "clean", "clean"},
      {"clean.max_fill", {"clean.max_fill=\"0s\""}, {}, "clean", "clean"},
      {"clean.outliers", {"clean.outliers=\"zscore\""}, {}, "clean", "clean"},
      {"clean.outlier_limit", {"clean.outlier_limit=2"}, {"clean.outliers=\"zscore\""}, "clean", "clean"},
      {"clean.roll_threshold", {"clean.roll_threshold=0.1"}, {}, "clean", "clean"},
      {"clean.back_adjust", {"clean.back_adjust=\"ratio\""}, {"clean.roll_threshold=0.1"}, "clean", "clean"},
      {"features.columns", {"features.columns=[\"rsi_14\", \"sma_20\"]"}, {}, "features", "features"},
      {"features.definitions",
       {"features.definitions=\"factory-d28\""},
       {"features.columns=[\"rsi_14\", \"rsi_14_1h\"]"},
       "features",
       "features"},
      {"cross_asset.others", {"cross_asset.others=[\"OTH/v1\", \"GAP/v1\"]"}, compared, "ingest", "ingest"},
      {"cross_asset.max_age", {"cross_asset.max_age=\"1h\""}, compared_to_gap, "features", "features"},
      {"labels.strategy", {"labels.strategy=threshold"}, {}, "initial_labels", "initial_labels"},
      {"labels.threshold", {"labels.threshold=[0.004]"}, {"labels.strategy=threshold"}, "initial_labels", "labels"},
      {"labels.dead_band", {"labels.dead_band=[0.001, 0.002]"}, directional, "initial_labels", "labels"},
      {"labels.factors",
       {"labels.factors=[\"atr_regime=1:1.5,1.5,1\"]"},
       {"labels.strategy=adaptive", "splits.purge=61bars"},
       "initial_labels",
       "labels"},
      {"labels.signal", {"labels.signal=\"sma_5 > sma_20\""}, meta, "initial_labels", "labels"},
      {"labels.judge", {"labels.judge=return"}, meta, "initial_labels", "labels"},
      {"labels.timeout", {"labels.timeout=wrong"}, meta, "initial_labels", "labels"},
      {"labels.winsor", {"labels.winsor=[0.05, 0.95]"}, regression, "initial_labels", "labels"},
      {"labels.returns", {"labels.returns=log"}, regression, "initial_labels", "labels"},
      {"labels.multiple", {"labels.multiple=1"}, regression, "initial_labels", "labels"},
      {"labels.min_bars", {"labels.min_bars=[3, 5]"}, {"labels.strategy=trend_scan"}, "initial_labels", "labels"},
      {"labels.min_t", {"labels.min_t=2"}, {"labels.strategy=trend_scan"}, "initial_labels", "labels"},
      {"labels.horizons", {"labels.horizons=[5, 10]"}, {}, "initial_labels", "initial_labels"},
      {"labels.scale", {"labels.scale=\"natr_14\""}, own, "initial_labels", "initial_labels"},
      {"labels.up", {"labels.up=[3, 3]"}, own, "initial_labels", "initial_labels"},
      {"labels.down", {"labels.down=[3, 2]"}, own, "initial_labels", "initial_labels"},
      {"labels.max_bars", {"labels.max_bars=[15, 40]"}, own, "initial_labels", "initial_labels"},
      {"labels.touch", {"labels.touch=\"close\""}, {}, "initial_labels", "initial_labels"},
      {"labels.entry", {"labels.entry=\"next_open\""}, {}, "initial_labels", "initial_labels"},
      {"labels.tie", {"labels.tie=\"stop_first\""}, near, "initial_labels", "initial_labels"},
      {"labels.costs", cost, {}, "initial_labels", "barriers"},
      {"labels.symbols", {"labels.symbols=" + own_symbols()}, {}, "initial_labels", "barriers"},
      {"labels.subtract_cost", {"labels.subtract_cost=true"}, cost, "initial_labels", "initial_labels"},
      {"barriers.optimise", {"barriers.optimise=false"}, {}, "barriers", "barriers"},
      // A table that was made as a final one would be is the same table.
      {"output.profile", {"output.profile=\"exploration\""}, {}, "barriers", "datasets"},
      {"barriers.safe", {"barriers.safe=false"}, {"output.profile=\"exploration\""}, "barriers", "barriers"},
      {"barriers.population", {"barriers.population=8"}, {}, "barriers", "barriers"},
      {"barriers.generations", {"barriers.generations=2"}, {}, "barriers", "barriers"},
      {"barriers.sample", {"barriers.sample=1"}, {}, "barriers", "barriers"},
      {"barriers.least_scale", {"barriers.least_scale=1.5"}, {}, "barriers", "barriers"},
      {"barriers.most_scale", {"barriers.most_scale=1.5"}, {}, "barriers", "barriers"},
      {"barriers.least_length", {"barriers.least_length=2.6"}, {}, "barriers", "barriers"},
      {"barriers.most_length", {"barriers.most_length=2.5"}, {}, "barriers", "barriers"},
      {"barriers.seed", {"barriers.seed=1"}, {}, "barriers", "barriers"},
      {"weights.method", {"weights.method=\"uniqueness\""}, {}, "labels", "labels"},
      {"weights.time_decay", {"weights.time_decay=0.5"}, {}, "labels", "labels"},
      {"splits.train", {"splits.train=0.65"}, {}, "barriers", "barriers"},
      {"splits.val", {"splits.val=0.2"}, {}, "barriers", "splits"},
      {"splits.purge", {"splits.purge=\"100bars\""}, {}, "barriers", "barriers"},
      {"splits.embargo", {"splits.embargo=\"30bars\""}, {}, "barriers", "splits"},
      {"scaling.returns", {"scaling.returns=\"standard\""}, kinds, "scaling", "scaling"},
      {"scaling.oscillator", {"scaling.oscillator=\"standard\""}, kinds, "scaling", "scaling"},
      {"scaling.price", {"scaling.price=\"standard\""}, kinds, "scaling", "scaling"},
      {"scaling.volatility", {"scaling.volatility=\"quantile\""}, kinds, "scaling", "scaling"},
      {"scaling.volume", {"scaling.volume=\"min_max\""}, kinds, "scaling", "scaling"},
      {"scaling.signed_sum", {"scaling.signed_sum=\"standard\""}, kinds, "scaling", "scaling"},
      {"scaling.temporal", {"scaling.temporal=\"standard\""}, kinds, "scaling", "scaling"},
      {"scaling.state", {"scaling.state=\"standard\""}, kinds, "scaling", "scaling"},
      {"scaling.logarithm", {"scaling.logarithm=[]"}, kinds, "scaling", "scaling"},
      {"scaling.clip", {"scaling.clip=1"}, {}, "scaling", "scaling"},
      {"table.float32", {"table.float32=true"}, {}, "datasets", "datasets"},
      {"table.max_gap", {"table.max_gap=\"1h\""}, {}, "datasets", "datasets"},
      {"validation.correlation", {"validation.correlation=0.3"}, {}, "drift", "validation"},
      {"validation.psi", {"validation.psi=0.01"}, {}, "drift", "drift"},
      {"validation.least_class_share", {"validation.least_class_share=0.5"}, {}, "drift", "validation"},
      {"validation.most_class_share", {"validation.most_class_share=0.3"}, {}, "drift", "validation"},
      {"validation.strict", {"validation.strict=true"}, {}, "drift", ""},
      {"output.name", {"output.name=\"other\""}, {}, "barriers", "barriers"},
      {"parallel.threads", {"parallel.threads=3"}, {}, "", ""},
  };
  return cases;
}

// The keys of the reference page.
std::set<std::string> all_keys() {
  std::set<std::string> out;
  std::string table, text = work::prepare_reference();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    if (line.starts_with("## [")) table = line.substr(4, line.find(']') - 4);
    if (line.starts_with("| `")) out.insert(table + "." + line.substr(3, line.find('`', 3) - 3));
    at = end + 1;
  }
  return out;
}

std::string join(const Settings& settings) {
  std::string out;
  for (const std::string& each : settings) out += each + " ";
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(prepare_reuse)

BOOST_AUTO_TEST_CASE(every_key_makes_again_what_it_is_about_and_changes_what_comes_out) {
  const BarsWorkspace workspace(eventful_bars(1));
  workspace.import(eventful_bars(2), "SYM");
  workspace.import(eventful_bars(3), "OTH");
  workspace.import(without(eventful_bars(4), 1500, 1506), "GAP");
  std::set<std::string> tried;
  std::map<std::string, work::PrepareResult> bases;
  for (const KeyCase& each : key_cases()) {
    BOOST_TEST_CONTEXT(each.key) {
      tried.insert(each.key);
      const std::string base_key = join(each.beside);
      if (!bases.contains(base_key)) bases[base_key] = prepare_in(workspace, small_settings(each.beside));
      const work::PrepareResult& base = bases[base_key];
      Settings settings = each.beside;
      settings.insert(settings.end(), each.value.begin(), each.value.end());
      const std::string last = each.differs.empty() ? "validation" : each.differs;
      const work::PrepareResult changed = prepare_in(workspace, small_settings(settings), {.to = last});
      std::string first;
      for (const work::StageResult& stage : changed.stages) {
        if (first.empty() && stage.state == "made") first = stage.name;
      }
      BOOST_TEST(first == each.made);
      std::string differs;
      for (const work::ArtifactChange& change :
           work::compare_runs(workspace.folder(), base.run, changed.run).artifacts) {
        if (differs.empty() && change.how != "unchanged") differs = change.stage;
      }
      BOOST_TEST(differs == each.differs);
    }
  }
  BOOST_TEST(tried == all_keys(), boost::test_tools::per_element());
}

// The file is told by what it says of the symbols that are prepared, wherever it lies.
BOOST_AUTO_TEST_CASE(a_file_of_symbols_that_says_something_else_makes_labels_again_and_one_that_is_moved_does_not) {
  const BarsWorkspace workspace(eventful_bars(1));
  const std::string file = workspace.path("own.toml"), moved = workspace.path("moved.toml");
  const auto prepared = [&](const std::string& name) {
    return prepare_in(workspace, small_settings({"labels.symbols=" + name}), {.to = "barriers"});
  };
  const std::string text = read_file(own_symbols());
  write_file(file, text);
  prepared(file);
  write_file(moved, "# Moved.\n" + text + "[MES]\ncommission = 2.0\n");
  BOOST_TEST(stages_in(prepared(moved), "made") == "");
  write_file(file, text.substr(0, text.find("slippage_volatile")) + "slippage_volatile = 16.0\n");
  BOOST_TEST(stages_in(prepared(file), "made") == "initial_labels barriers");
}

BOOST_AUTO_TEST_CASE(stages_that_see_the_same_as_before_are_taken_over_though_an_earlier_one_was_made_again) {
  const BarsWorkspace workspace(eventful_bars(1));
  prepare_in(workspace, small_settings());
  // Every bar lies after this: ingest is another, and what it says is the same.
  const auto again = prepare_in(workspace, small_settings({"data.from=\"2018-01-01\""}));
  BOOST_TEST(stages_in(again, "made") == "ingest");
  // Only the drift looks at this limit, and the validation belongs to the same table of the configuration.
  const auto limit = prepare_in(workspace, small_settings({"validation.psi=0.3"}));
  BOOST_TEST(stages_in(limit, "made") == "drift validation");
}

BOOST_AUTO_TEST_CASE(a_table_that_is_there_already_keeps_its_version) {
  const BarsWorkspace workspace(eventful_bars(1));
  const auto first = prepare_in(workspace, small_settings());
  BOOST_TEST(first.datasets == std::vector<std::string>{"feature_table/SYM-5m/v1"});
  const auto fresh = prepare_in(workspace, small_settings(), {.to = "validation", .fresh = true});
  BOOST_TEST(stages_in(fresh, "reused") == "");
  BOOST_TEST(fresh.run != first.run);
  BOOST_TEST(fresh.datasets == first.datasets);
  // Other columns make another version; the first ones again are the first version.
  const auto other = prepare_in(workspace, small_settings({"features.columns=[\"rsi_14\"]"}));
  BOOST_TEST(other.datasets == std::vector<std::string>{"feature_table/SYM-5m/v2"});
  BOOST_TEST(prepare_in(workspace, small_settings(), {.to = "validation", .fresh = true}).datasets == first.datasets);
}

BOOST_AUTO_TEST_CASE(a_table_whose_barriers_have_seen_later_rows_says_so) {
  const BarsWorkspace workspace(eventful_bars(1));
  const Settings free{"barriers.safe=false", "barriers.sample=1", "output.profile=\"exploration\""};
  const auto result = prepare_in(workspace, small_settings(free), {.to = "datasets"});
  const auto file = data::hdf5::File::open(workspace.path("data/" + result.datasets[0] + ".h5"));
  const Json manifest = parse_json(file.text_attribute("manifest"), "manifest");
  BOOST_TEST(manifest["profile"] == "exploration");
  BOOST_TEST(manifest["barriers_of_train_rows_alone"] == false);
  const auto seen = file.attribute("fitted_barriers");
  BOOST_REQUIRE(seen.has_value());
  const auto times = std::get<std::vector<std::int64_t>>(*seen);
  BOOST_TEST(*std::max_element(times.begin(), times.end()) == file.read<std::int64_t>("time").back());
}

// The same labels by barriers that were searched and by barriers that were given are not the same table: one has seen
// train rows.
BOOST_AUTO_TEST_CASE(barriers_of_ones_own_that_a_search_would_find_have_seen_nothing) {
  const BarsWorkspace workspace(eventful_bars(1));
  const auto fitted = [&](const work::PrepareResult& result) {
    return data::hdf5::File::open(workspace.path("data/" + result.datasets.at(0) + ".h5"))
        .attribute("fitted_barriers")
        .has_value();
  };
  const Settings one{"labels.horizons=[20]", "weights.method=none"};
  const auto searched = prepare_in(workspace, small_settings(one), {.to = "datasets"});
  BOOST_TEST(fitted(searched));
  const Json rule = stage_json(searched, "barriers", "SYM-5m")["symbols"]["SYM"]["horizons"]["20"]["rule"];
  Settings given = one;
  given.emplace_back("barriers.optimise=false");
  for (const char* key : {"up", "down", "max_bars"})
    given.push_back(fmt::format("labels.{}=[{}]", key, rule.at(key).dump()));
  const auto own = prepare_in(workspace, small_settings(given), {.to = "datasets"});
  BOOST_TEST(read_file(stage_output(own, "labels", "SYM.h5")) == read_file(stage_output(searched, "labels", "SYM.h5")));
  BOOST_TEST(!fitted(own));
}

// Same content, other marks: a table of its own.
BOOST_AUTO_TEST_CASE(a_final_run_does_not_take_over_the_table_of_an_exploration) {
  const BarsWorkspace workspace(eventful_bars(1));
  const auto profile = [&](const std::string& name) {
    const auto result = prepare_in(workspace, small_settings({"output.profile=" + name}), {.to = "datasets"});
    const auto file = data::hdf5::File::open(workspace.path("data/" + result.datasets.at(0) + ".h5"));
    return parse_json(file.text_attribute("manifest"), "manifest").at("profile").get<std::string>();
  };
  BOOST_TEST(profile("exploration") == "exploration");
  BOOST_TEST(profile("final") == "final");
  BOOST_TEST(profile("exploration") == "exploration");
}

// What a stage's line in the table does not name would not be in its key.
BOOST_AUTO_TEST_CASE(a_stage_that_looks_at_another_than_it_names_is_a_fault) {
  const auto config = work::load_prepare_config("", std::nullopt, small_settings());
  work::Workbench bench("", "run", config, {{.id = {"bars", "SYM", 1}, .content_sha256 = ""}}, {}, 1);
  const work::Stage& drift = work::prepare_stages().at(work::stage_index("drift"));
  bench.run_stage(&drift);
  BOOST_CHECK_NO_THROW(bench.file("splits", "SYM-5m", "json"));
  BOOST_CHECK_THROW(bench.file("labels", "SYM", "h5"), std::logic_error);
  BOOST_CHECK_THROW(bench.labels(0), std::logic_error);
  bench.run_stage(nullptr);
  BOOST_CHECK_NO_THROW(bench.file("labels", "SYM", "h5"));
}

BOOST_AUTO_TEST_CASE(another_split_of_the_same_table_has_a_file_of_its_own) {
  const BarsWorkspace workspace(eventful_bars(1));
  const Settings own{"barriers.optimise=false", "weights.method=\"none\""};
  const auto first = prepare_in(workspace, small_settings(own));
  const std::string split = read_file(workspace.path("data/splits/SYM-5m-v1.json"));
  Settings wider = own;
  wider.emplace_back("splits.embargo=\"50bars\"");
  const auto second = prepare_in(workspace, small_settings(wider));
  BOOST_TEST(second.datasets == first.datasets);
  BOOST_TEST(read_file(workspace.path("data/splits/SYM-5m-v1.json")) == split);
  BOOST_TEST(workspace.has("data/splits/SYM-5m-v1-2.json"));
  BOOST_TEST(read_json(workspace.path("data/scalers/SYM-5m-v1-2.json"))["split"] == "SYM-5m-v1-2");
}

BOOST_AUTO_TEST_CASE(comparing_says_what_was_added_removed_modified_and_unchanged) {
  const BarsWorkspace workspace(eventful_bars(1));
  workspace.import(eventful_bars(3), "OTH");
  const auto first = prepare_in(workspace, small_settings(), {.to = "features"});
  const auto other = prepare_in(workspace, small_settings({"features.columns=[\"rsi_14\"]"}), {.to = "features"});
  const auto two = prepare_in(workspace, small_settings({"data.bars=[\"SYM/v1\", \"OTH/v1\"]"}), {.to = "features"});
  const auto changes = work::compare_runs(workspace.folder(), first.run, other.run);
  std::map<std::string, std::string> how;
  for (const auto& each : changes.artifacts) how[each.stage + "/" + each.name] = each.how;
  const std::map<std::string, std::string> expected{{"ingest/SYM.json", "unchanged"},
                                                    {"clean/SYM.h5", "unchanged"},
                                                    {"clean/SYM.json", "unchanged"},
                                                    {"features/SYM.h5", "modified"},
                                                    {"features/SYM.json", "modified"}};
  BOOST_TEST((how == expected));
  const auto grown = work::compare_runs(workspace.folder(), first.run, two.run);
  BOOST_TEST(grown.count("added") == 5U);
  BOOST_TEST(grown.count("unchanged") == 5U);
  const auto shrunk = work::compare_runs(workspace.folder(), two.run, first.run);
  BOOST_TEST(shrunk.count("removed") == 5U);
  BOOST_TEST(shrunk.count("modified") == 0U);
  const std::string said = refusal_of([&] { work::compare_runs(workspace.folder(), first.run, "nothing"); });
  BOOST_TEST(holds(said, "nothing"));
}

BOOST_AUTO_TEST_SUITE_END()
