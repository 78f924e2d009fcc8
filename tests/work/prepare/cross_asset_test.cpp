// Columns that compare with other symbols, from moola features to a prepared table.
#include <boost/test/unit_test.hpp>

#include "data/store/dataset.h"
#include "data/store/hdf5.h"
#include "tests/support/messages.h"
#include "tests/work/prepare/prepared.h"

using namespace moola;
using namespace moola::test;

namespace {

// SYM, and ETH and XAU beside it.
struct Three : BarsWorkspace {
  explicit Three(std::size_t n = 2500) : BarsWorkspace(walking_bars(1, n, true)) {
    import(walking_bars(2, n, true), "ETH");
    import(walking_bars(3, n, true), "XAU");
  }
};

Settings settings(const Settings& more) {
  Settings all{"data.bars=[\"SYM/v1\"]",
               "features.columns=[\"sma_5\",\"cross_*\"]",
               "labels.horizons=[5]",
               "barriers.optimise=false",
               "splits.purge=20bars",
               "splits.embargo=20bars",
               "cross_asset.others=[\"ETH/v1\"]"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

work::PrepareResult prepared(const BarsWorkspace& workspace, const Settings& more, const std::string& to = "") {
  return prepare_in(workspace, settings(more), {.to = to});
}

std::string refused(const Settings& more) {
  return refusal_of([&] { work::load_prepare_config("", std::nullopt, settings(more)); });
}

const work::StageResult& stage(const work::PrepareResult& result, const std::string& name) {
  for (const work::StageResult& each : result.stages) {
    if (each.name == name) return each;
  }
  throw std::logic_error("no stage " + name);
}

std::vector<std::string> columns_of(const BarsWorkspace& workspace, const std::string& table) {
  return data::hdf5::File::open(workspace.path("data/feature_table/" + table + "/v1.h5"))
      .list_attribute("feature_names");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cross_asset_columns)

BOOST_AUTO_TEST_CASE(a_features_file_knows_what_it_was_compared_with) {
  const Three workspace;
  workspace.answer("features", {"--bars", "SYM/v1", "--others", "ETH/v1,XAU/v1", "--features", "sma_5,cross_corr_*",
                                "--max-age", "10m", "--out", workspace.path("f.h5")});
  const auto file = data::hdf5::File::open(workspace.path("f.h5"));
  BOOST_TEST((file.list_attribute("feature_names") ==
              std::vector<std::string>{"sma_5", "cross_corr_ETH_20", "cross_corr_XAU_20"}));
  const Json manifest = parse_json(file.text_attribute("manifest"), "manifest");
  BOOST_TEST(manifest["parents"].size() == 3U);
  BOOST_TEST(manifest["parents"][2]["id"] == "bars/XAU/v1");
  BOOST_TEST(manifest["parameters"]["max_age"] == "10m");
  BOOST_TEST(manifest["features"][1]["other"] == "ETH");
  BOOST_TEST(manifest["features"][1]["first_row"] == 21);
  BOOST_TEST(!manifest["features"][0].contains("other"));
}

BOOST_AUTO_TEST_CASE(comparisons_that_cannot_be_made_are_refused_in_one_paragraph) {
  const Three workspace(60);
  const auto refusal = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--bars", "SYM/v1", "--out", workspace.path("f.h5")});
    return workspace.refusal("features", arguments);
  };
  BOOST_TEST(holds(refusal({"--features", "cross_*"}), "no bars: --others"));
  BOOST_TEST(holds(refusal({"--others", "SYM/v1", "--features", "cross_*"}), "compared with itself"));
  BOOST_TEST(holds(refusal({"--others", "ETH/v1,ETH/v1", "--features", "cross_*"}), "ETH twice"));
  BOOST_TEST(holds(refusal({"--others", "ETH/v1,XAU/v1", "--features", "cross_corr_ETH_20"}), "names XAU, and no"));
  BOOST_TEST(holds(refusal({"--others", "EHT/v1", "--features", "cross_*"}), "Did you mean 'ETH'?"));
  BOOST_TEST(holds(refusal({"--max-age", "5m", "--features", "sma_5"}), "--max-age is of the bars of --others"));
  BOOST_TEST(holds(refusal({"--others", "ETH/v1", "--max-age", "-5m", "--features", "cross_*"}),
                   "'-5m' is not a length of time"));
  market::Bars minutes = walking_bars(4, 60);
  for (std::size_t i = 0; i < minutes.size(); ++i)
    minutes.time[i] = kFirstStamp + static_cast<std::int64_t>(i) * kMinuteNs;
  workspace.import(minutes, "MIN");
  BOOST_TEST(holds(refusal({"--others", "MIN/v1", "--features", "cross_*"}), "its bars are of 1m, and those of"));
}

BOOST_AUTO_TEST_CASE(a_prepared_table_compares_with_cleaned_bars_and_names_them_as_parents) {
  const Three workspace;
  const auto result = prepared(workspace, {});
  BOOST_TEST(result.status == "finished");
  BOOST_TEST((stage(result, "ingest").units == std::vector<std::string>{"SYM", "ETH"}));
  BOOST_TEST((stage(result, "clean").units == std::vector<std::string>{"SYM", "ETH"}));
  BOOST_TEST((stage(result, "features").units == std::vector<std::string>{"SYM"}));
  const std::vector<std::string> want{"sma_5",
                                      "cross_corr_ETH_20",
                                      "cross_beta_ETH_20",
                                      "cross_rel_strength_ETH_20",
                                      "cross_stale_ETH_20",
                                      "cross_spread_z_ETH_20"};
  BOOST_TEST(columns_of(workspace, "SYM-5m") == want, boost::test_tools::per_element());
  const data::DatasetReader table(workspace.path(""), data::parse_dataset_id("SYM-5m/v1", "feature_table"));
  BOOST_TEST(table.manifest()["parents"].size() == 2U);
  BOOST_TEST(table.manifest()["parents"][1]["id"] == "bars/ETH/v1");
  const Json checks = stage_json(result, "validation", "SYM-5m")["leakage"];
  std::size_t of_the_other = 0;
  for (const Json& check : checks) of_the_other += check["name"].get<std::string>().starts_with("SYM_ETH_causality");
  BOOST_TEST(of_the_other == 4U);
}

BOOST_AUTO_TEST_CASE(other_bars_of_the_other_make_the_features_again_and_the_bars_own_not) {
  const Three workspace;
  prepared(workspace, {}, "features");
  workspace.import(walking_bars(9, 2500, true), "ETH");  // v2
  const auto result = prepared(workspace, {"cross_asset.others=[\"ETH/v2\"]"}, "initial_labels");
  BOOST_TEST(stage(result, "features").state == "made");
  BOOST_TEST(stage(result, "clean").reused_from.size() == 1U);  // of SYM
  const auto older = prepared(workspace, {"cross_asset.max_age=\"30m\""}, "initial_labels");
  BOOST_TEST(stage(older, "clean").state == "reused");
  BOOST_TEST(stage(older, "initial_labels").state == "reused");
  BOOST_TEST(stage(older, "features").state == "made");
}

BOOST_AUTO_TEST_CASE(tables_of_their_own_compare_with_each_other) {
  const Three workspace;
  const auto result =
      prepared(workspace, {"data.bars=[\"SYM/v1\",\"ETH/v1\"]", "cross_asset.others=[\"SYM/v1\",\"ETH/v1\",\"XAU/v1\"]",
                           "features.columns=[\"sma_5\",\"cross_corr_*\"]"});
  BOOST_TEST((stage(result, "clean").units == std::vector<std::string>{"SYM", "ETH", "XAU"}));
  BOOST_TEST(
      (columns_of(workspace, "SYM-5m") == std::vector<std::string>{"sma_5", "cross_corr_ETH_20", "cross_corr_XAU_20"}));
  BOOST_TEST(
      (columns_of(workspace, "ETH-5m") == std::vector<std::string>{"sma_5", "cross_corr_SYM_20", "cross_corr_XAU_20"}));
}

BOOST_AUTO_TEST_CASE(a_table_of_several_symbols_compares_with_one_that_has_no_rows_in_it) {
  const Three workspace;
  prepared(workspace, {"data.bars=[\"SYM/v1\",\"ETH/v1\"]", "data.multi_symbol=true", "cross_asset.others=[\"XAU/v1\"]",
                       "features.columns=[\"sma_5\",\"cross_corr_XAU_20\"]"});
  BOOST_TEST((columns_of(workspace, "SYM+ETH-5m") == std::vector<std::string>{"sma_5", "cross_corr_XAU_20"}));
}

BOOST_AUTO_TEST_CASE(symbols_of_other_times_are_refused_with_both_extents) {
  const BarsWorkspace workspace(walking_bars(1, 2500, true));
  market::Bars late = walking_bars(2, 2500, true);
  for (std::int64_t& time : late.time) time += 50'000 * 5 * kMinuteNs;
  workspace.import(late, "ETH");
  const std::string error = refusal_of([&] { prepared(workspace, {}); });
  BOOST_TEST(holds(error, "SYM and ETH have no bars in common"));
  BOOST_TEST(holds(error, "2019-01-01"));
  BOOST_TEST(holds(error, "ETH from 2019-06-23"));
  BOOST_TEST(!workspace.has("artifacts"));
}

BOOST_AUTO_TEST_CASE(symbols_with_too_few_bars_in_common_for_a_column_are_refused_with_both_extents) {
  const BarsWorkspace workspace(walking_bars(1, 2500, true));
  market::Bars late = walking_bars(2, 2500, true);
  for (std::int64_t& time : late.time) time += 2490 * 5 * kMinuteNs;  // ten bars in common
  workspace.import(late, "ETH");
  const std::string error = refusal_of([&] { prepared(workspace, {}); });
  BOOST_TEST(holds(error, "SYM and ETH have too few bars in common"));
  BOOST_TEST(holds(error, "ETH from 2019-01-09"));  // 2490 bars of 5 minutes are 8.6 days
}

BOOST_AUTO_TEST_CASE(keys_that_do_not_fit_together_are_refused) {
  const std::string two = "data.bars=[\"SYM/v1\",\"ETH/v1\"]";
  BOOST_TEST(holds(refused({"cross_asset.others=[]"}), "there are no bars"));
  BOOST_TEST(holds(refused({"cross_asset.others=[]", "cross_asset.max_age=\"5m\"", "features.columns=[\"sma_5\"]"}),
                   "cross_asset.max_age has no meaning"));
  BOOST_TEST(holds(refused({"features.columns=[\"sma_5\"]"}), "cross_asset.others names ETH, and no column"));
  BOOST_TEST(holds(refused({"cross_asset.others=[\"SYM/v1\"]"}), "compared with itself"));
  BOOST_TEST(holds(refused({"cross_asset.others=[\"ETH/v1\",\"ETH/v2\"]"}), "names ETH twice"));
  BOOST_TEST(holds(refused({two, "cross_asset.others=[\"ETH/v2\"]"}), "give the same version"));
  BOOST_TEST(holds(refused({two, "data.multi_symbol=true"}), "whose own rows are in the table too"));
  BOOST_TEST(
      holds(refused({two, "cross_asset.others=[\"SYM/v1\",\"ETH/v1\"]", "features.columns=[\"cross_corr_ETH_20\"]"}),
            "compare ETH with itself in its own table"));
  BOOST_TEST(holds(refused({"features.columns=[\"cross_corr_EHT_20\"]"}), "Did you mean 'ETH'?"));
  BOOST_TEST(holds(refused({"labels.scale=\"cross_corr_ETH_20\""}), "cross_corr_ETH_20"));
  BOOST_TEST(holds(refused({"clean.sampling=\"volume\"", "clean.threshold=100"}), "by the clock"));
}

BOOST_AUTO_TEST_SUITE_END()
