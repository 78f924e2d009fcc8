// moola cv, walk-forward and cpcv-pbo over labelled windows, as their users call them.
#include <boost/test/unit_test.hpp>
#include <limits>

#include "data/tables/oof_file.h"
#include "tests/support/messages.h"
#include "tests/work/evaluate/window_folder.h"

using namespace moola;
using namespace moola::test;

namespace {

double least_gain(const Json& found, const std::string& model) {
  return found["models"][model]["intervals"]["log_loss_gain"][0].get<double>();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(evaluations_of_windows)

BOOST_AUTO_TEST_CASE(a_planted_pattern_is_found_and_noise_is_not) {
  const WindowFolder planted;
  const Json found = planted.answer("cv", kWindowModels);
  BOOST_TEST(found["status"] == "finished");
  BOOST_TEST(found["has_verdict"] == true);
  BOOST_TEST(!found.contains("buy_and_hold"));
  BOOST_TEST(least_gain(found, "minirocket") > 0);
  BOOST_TEST(least_gain(found, "logistic") > 0);
  BOOST_TEST(found["models"]["minirocket"]["scores"]["accuracy"].get<double>() > 0.8);
  BOOST_TEST(found["models"]["minirocket"]["missing"] == 0);
  const WindowFolder noise(planted_windows({.depth = 0}));
  const Json nothing = noise.answer("cv", kWindowModels);
  BOOST_TEST(least_gain(nothing, "minirocket") <= 0);
  BOOST_TEST(least_gain(nothing, "logistic") <= 0);
}

BOOST_AUTO_TEST_CASE(the_number_of_ranks_changes_no_bit_of_windows) {
  std::vector<std::string> hashes, contents;
  for (const char* ranks : {"1", "2"}) {
    const WindowFolder folder(planted_windows({.windows = 120}));
    const Json found = folder.answer(
        "cpcv-pbo", with(kWindowModels, {"splits.groups=4", "fit.calibration=temperature", "fit.held_out=0.3"}), ranks);
    hashes.push_back(found["folds_sha256"]);
    contents.push_back(
        read_file(std::filesystem::path(found["report"].get<std::string>()).parent_path() / "results.json"));
  }
  BOOST_TEST(hashes[0] == hashes[1]);
  BOOST_TEST(contents[0] == contents[1]);
}

BOOST_AUTO_TEST_CASE(the_order_in_which_windows_are_stored_changes_no_prediction) {
  const data::WindowTable table = planted_windows({.windows = 120});
  std::vector<std::uint64_t> order(table.windows);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937_64(8));
  const WindowFolder sorted(table), shuffled(table.chosen(order));
  const std::vector<std::string> deterministic{R"(models.names=["prior","logistic"])"};
  BOOST_TEST((sorted.answer("walk-forward", deterministic)["models"] ==
              shuffled.answer("walk-forward", deterministic)["models"]));
}

BOOST_AUTO_TEST_CASE(without_a_word_of_models_those_that_need_prices_stay_away) {
  const WindowFolder folder(planted_windows({.windows = 100}));
  const Json found = folder.answer("cv", {"splits.folds=2", "minirocket.features=84", "xgboost.trees=5"});
  BOOST_TEST(found["baselines"].size() == 2U);
  BOOST_TEST(found["models"].size() == 3U);
  for (const char* part : {"models", "baselines"}) {
    for (const Json& each : found[part]) BOOST_TEST(each["missing"] == 0);
  }
}

BOOST_AUTO_TEST_CASE(classes_with_directions_have_a_baseline_that_is_always_long) {
  const WindowFolder folder(planted_windows({.windows = 150, .classes = {"short", "flat", "long"}}));
  const Json found = folder.answer("cv", {R"(models.names=["prior","always_long"])", "splits.folds=3"});
  const Json& scores = found["baselines"]["always_long"]["scores"];
  BOOST_TEST(scores["accuracy"].get<double>() == scores["by_class"]["long"]["share"].get<double>(),
             boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(features_that_somebody_else_has_computed_take_the_verdict_until_they_are_vouched_for) {
  data::WindowTable table = planted_windows({.windows = 100});
  table.feature_names = {"range"};
  for (std::size_t i = 0; i < table.windows; ++i) table.feats.push_back(static_cast<float>(i % 7));
  const WindowFolder folder(table);
  const std::vector<std::string> settings{R"(models.names=["prior","logistic"])", "splits.folds=2"};
  const Json found = folder.answer("cv", settings);
  BOOST_TEST(found["has_verdict"] == false);
  BOOST_TEST(holds(found["contamination"][0].get<std::string>(), "made elsewhere"));
  BOOST_TEST(folder.answer("cv", with(settings, {"data.trust=true"}))["has_verdict"] == true);
  BOOST_TEST(folder.answer("cv", with(settings, {R"(data.exclude=["range"])"}))["has_verdict"] == true);
}

BOOST_AUTO_TEST_CASE(settings_that_windows_have_no_use_for_are_refused) {
  const WindowFolder folder;
  BOOST_TEST(holds(folder.refused({"data.table=x/v1"}), "data.table and data.windows are both given"));
  BOOST_TEST(holds(folder.refused({"data.windows="}), "neither data.table nor data.windows"));
  for (const char* key : {"data.horizon=5", "data.window=20", "data.stride=2"})
    BOOST_TEST(holds(folder.refused({key}), "data.table"));
  BOOST_TEST(holds(folder.refused({"data.windows=", "data.table=x/v1", "data.normalize=none"}), "data.windows"));
  BOOST_TEST(holds(folder.refused({R"(backtest.bars=["BTC/v1"])"}), "not traded"));
  BOOST_TEST(holds(folder.refused({R"(models.names=["last_direction"])"}), "looks at prices"));
  BOOST_TEST(holds(folder.refused({R"(models.names=["always_long"])"}), "have no direction"));
  BOOST_TEST(holds(folder.refused({"data.windows=min/v1"}), "Did you mean 'mine'?"));
  BOOST_TEST(holds(folder.refused({"data.normalize=zscor"}), "'zscore'"));
  BOOST_TEST(holds(folder.refused({R"(data.features=["clos"])"}), "'close'"));
  BOOST_TEST(holds(folder.refused({R"(data.exclude=["*"])"}), "leave no feature"));
  BOOST_TEST(holds(folder.refused({"data.from=2030-01-01"}), "2030-01-01"));
  BOOST_TEST(holds(folder.refused({"splits.folds=241"}), "240 rows make no 241 groups"));
  BOOST_TEST(holds(folder.refused({"fit.weights=table"}), "has no weight"));
}

BOOST_AUTO_TEST_CASE(out_of_fold_predictions_name_windows_by_their_number_in_the_set) {
  const data::WindowTable table = planted_windows();
  std::vector<std::uint64_t> backwards(table.windows);
  for (std::uint64_t i = 0; i < table.windows; ++i) backwards[i] = table.windows - 1 - i;
  const data::WindowTable turned = table.chosen(backwards);
  const WindowFolder folder(turned);
  const Json found = folder.answer("cv", {R"(models.names=["prior","logistic"])"});
  BOOST_REQUIRE(found["oof"].size() == 1U);
  const data::OofFile oof(folder.workspace.folder(), data::parse_dataset_id(found["oof"][0].get<std::string>()));
  BOOST_REQUIRE(oof.size() == turned.windows);
  for (std::size_t i = 0; i < oof.size(); ++i) {
    const auto number = static_cast<std::size_t>(oof.rows().row[i]);
    BOOST_TEST(number == i);
    BOOST_TEST(oof.rows().time[i] == turned.t0[number]);
    BOOST_TEST(oof.info().class_names[static_cast<std::size_t>(oof.rows().label[i])] == turned.labels[number]);
  }
}

BOOST_AUTO_TEST_CASE(windows_that_nothing_can_be_learnt_from_are_refused_with_the_reason) {
  data::WindowTable table = planted_windows({.windows = 100});
  const auto refused = [](const data::WindowTable& with) { return WindowFolder(with).refused(kWindowModels); };

  data::WindowTable timeless = table;
  timeless.t0 = timeless.t1 = {};
  BOOST_TEST(holds(refused(timeless), "nothing can be purged"));

  data::WindowTable one = table;
  one.labels.assign(one.windows, "dip");
  BOOST_TEST(holds(refused(one), "nothing can be learnt from one class"));

  data::WindowTable gap = table;
  gap.x[(17 * gap.length + 5) * 4 + 3] = std::numeric_limits<float>::quiet_NaN();
  BOOST_TEST(holds(refused(gap), "close of bar 5 is nan in window 17"));

  data::WindowTable nameless = gap;  // also where nothing is taken a logarithm of
  nameless.channel_names = {"a", "b", "c", "d"};
  BOOST_TEST(holds(refused(nameless), "d of bar 5 is nan in window 17"));

  data::WindowTable feature = table;
  feature.feature_names = {"range"};
  feature.feats.assign(feature.windows, 1.0F);
  feature.feats[11] = std::numeric_limits<float>::infinity();
  BOOST_TEST(holds(refused(feature), "window 11 of labeled_windows/mine/v1 has no finite value of 'range'"));

  data::WindowTable moment = table;
  moment.t1 = moment.t0;
  BOOST_TEST(holds(refused(moment), "begins and ends at one moment"));
}

BOOST_AUTO_TEST_CASE(stamps_of_the_decision_instead_of_the_first_bar_are_found_out) {
  const data::WindowTable right = planted_windows({.windows = 60, .length = 40, .stride = 3});
  // Labels that reach over none of the next windows, and over some of them.
  for (const std::int64_t reach : {std::int64_t{1}, std::int64_t{10}}) {
    data::WindowTable wrong = right;
    for (std::size_t i = 0; i < wrong.windows; ++i) {
      wrong.t0[i] = right.t1[i] + 1;
      wrong.t1[i] = wrong.t0[i] + reach * kMinute;
    }
    BOOST_TEST(holds(WindowFolder(wrong).refused(kWindowModels), "t0 must be the stamp of a window's first bar"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
