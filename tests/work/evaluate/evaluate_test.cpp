// moola cv, walk-forward and cpcv-pbo as their users call them.
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cmath>
#include <random>
#include <thread>

#include "base/utc_time.h"
#include "data/store/hdf5.h"
#include "data/tables/oof_file.h"
#include "tests/support/messages.h"
#include "tests/work/evaluate/evaluation_workspace.h"
#include "tests/work/signalled_process.h"

using namespace moola;
using namespace moola::test;

BOOST_AUTO_TEST_SUITE(evaluations)

BOOST_AUTO_TEST_CASE(every_model_is_tried_on_every_split_beside_its_baselines) {
  const EvaluationWorkspace folder;
  const Json found = folder.answer("cpcv-pbo", kSmall);
  BOOST_TEST(found["status"] == "finished");
  BOOST_TEST(found["folds"] == 6 * 15);
  BOOST_TEST(found["folds_done"] == 6 * 15);
  BOOST_TEST(found["models"].size() == 2U);
  BOOST_TEST(found["models"].contains("logistic c=0.01"));
  BOOST_TEST(found["baselines"].size() == 4U);
  for (const char* part : {"models", "baselines"}) {
    for (const Json& each : found[part]) {
      BOOST_TEST(each["folds"] == 15);
      BOOST_TEST(each["missing"] == 0);
      BOOST_TEST(each["backtest"]["paths"].size() == 5U);
      BOOST_TEST(each["scores"]["accuracy"].get<double>() >= each["intervals"]["accuracy"][0].get<double>());
      BOOST_TEST(each["scores"]["accuracy"].get<double>() <= each["intervals"]["accuracy"][1].get<double>());
    }
  }
  BOOST_TEST(found["overfitting"]["configurations"] == 2);
  BOOST_TEST(found["overfitting"]["coarse"] == true);
  BOOST_TEST(found["trials"]["count"] == 2);
  BOOST_TEST(std::filesystem::exists(found["report"].get<std::string>()));
  // Accuracy of the majority's baseline is its share wherever it is forecast.
  const Json& majority = found["baselines"]["majority"]["scores"];
  double largest = 0;
  for (const Json& each : majority["by_class"]) largest = std::max(largest, each["share"].get<double>());
  BOOST_TEST(majority["accuracy"].get<double>() <= largest + 1e-9);
}

BOOST_AUTO_TEST_CASE(the_number_of_ranks_changes_no_bit) {
  std::vector<std::string> hashes, contents;
  for (const char* ranks : {"1", "2", "3"}) {
    const EvaluationWorkspace folder;
    const Json found =
        folder.answer("cv", with(kSmall, {"splits.folds=4", "fit.calibration=temperature"}), {"--ranks", ranks});
    hashes.push_back(found["folds_sha256"]);
    contents.push_back(
        read_file(std::filesystem::path(found["report"].get<std::string>()).parent_path() / "results.json"));
  }
  BOOST_TEST(hashes[0] == hashes[1]);
  BOOST_TEST(hashes[0] == hashes[2]);
  BOOST_TEST(contents[0] == contents[1]);
  BOOST_TEST(contents[0] == contents[2]);
}

BOOST_AUTO_TEST_CASE(cv_leaves_out_of_fold_predictions_as_data_sets) {
  const EvaluationWorkspace folder({.rows = 700, .edge = 0.5});
  const Json best = folder.answer("cv", with(kSmall, {"splits.folds=4"}));
  BOOST_REQUIRE(best["oof"].size() == 1U);
  BOOST_TEST(best["oof"][0] == "oof/cv-mine/v1");
  const Json all = folder.answer("cv", with(kSmall, {"splits.folds=4", "output.oof=all", "run.name=both"}));
  BOOST_REQUIRE(all["oof"].size() == 2U);
  BOOST_TEST(all["oof"][0] == "oof/both-logistic-c=0.01/v1");
  BOOST_TEST(folder.answer("cv", with(kSmall, {"splits.folds=4", "output.oof=none"}))["oof"].empty());
  const data::OofFile oof(folder.workspace.folder(), data::parse_dataset_id("oof/cv-mine/v1"));
  BOOST_TEST(oof.info().model == best["best"].get<std::string>());
  const data::hdf5::File table = data::hdf5::File::open(folder.workspace.path("data/feature_table/mine/v1.h5"));
  const auto label = table.read<std::int8_t>("label_6");
  BOOST_TEST(oof.size() == label.size());  // each row is tested once
  // Its log-loss is the report's.
  double loss = 0, rows = 0;
  for (std::size_t i = 0; i < oof.size(); ++i) {
    const std::int32_t truth = oof.rows().label[i];
    BOOST_TEST(truth == (label[i] == -99 ? -1 : label[i] + 1));
    if (truth < 0) continue;
    loss -= std::log(static_cast<double>(oof.rows().probability[i * 3 + static_cast<std::size_t>(truth)]));
    ++rows;
  }
  BOOST_TEST(loss / rows == best["models"][oof.info().model]["scores"]["log_loss"].get<double>(),
             boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(an_edge_is_found_and_noise_is_not) {
  const EvaluationWorkspace known({.edge = 0.7});
  const Json found = known.answer("cv", kSmall);
  const Json& best = found["models"][found["best"].get<std::string>()];
  BOOST_TEST(best["intervals"]["log_loss_gain"][0].get<double>() > 0);
  BOOST_TEST(best["backtest"]["sharpe"].get<double>() > 0);
  // Parts that train each other's models tell of less than their rows.
  const Json& moments = best["backtest"]["moments"];
  const double ratio = moments["observations"].get<double>() / moments["effective_observations"].get<double>();
  BOOST_TEST(ratio > 1.3);
  BOOST_TEST(ratio < 1.42);
  const EvaluationWorkspace unknown;
  const Json noise = unknown.answer("cv", kSmall);
  for (const Json& each : noise["models"]) BOOST_TEST(each["intervals"]["log_loss_gain"][0].get<double>() <= 0);
}

BOOST_AUTO_TEST_CASE(no_model_is_scored_without_a_baseline) {
  const EvaluationWorkspace folder({.rows = 700});
  const Json alone = folder.answer("cv", {R"(models.names=["logistic"])", "splits.folds=3"});
  BOOST_TEST(alone["baselines"].size() == 1U);
  BOOST_TEST(alone["baselines"].contains("prior"));
  BOOST_TEST(alone["models"]["logistic"]["intervals"]["log_loss_gain"][0].is_number());
  BOOST_TEST(alone["trials"]["count"] == 1);
  // As if it had been named: the same run.
  const Json named = folder.answer("cv", {R"(models.names=["logistic","prior"])", "splits.folds=3"});
  BOOST_TEST(named["run"] == alone["run"]);
  // And not where there is another.
  const Json other = folder.answer("cv", {R"(models.names=["logistic","always_long"])", "splits.folds=3"});
  BOOST_TEST(other["baselines"].size() == 1U);
}

BOOST_AUTO_TEST_CASE(walk_forward_trains_on_the_past_alone) {
  const EvaluationWorkspace folder;
  const Json found = folder.answer("walk-forward", with(kSmall, {"splits.test=150bars"}));
  BOOST_TEST(found["status"] == "finished");
  const Json& moments = found["models"][found["best"].get<std::string>()]["backtest"]["moments"];
  BOOST_TEST(moments["observations"] == moments["effective_observations"]);
  const auto run = std::filesystem::path(found["report"].get<std::string>()).parent_path();
  std::int64_t last = -1;
  for (int split = 0; std::filesystem::exists(run / fmt::format("folds/0004-{:05}.h5", split)); ++split) {
    const auto rows = data::hdf5::File::open(run / fmt::format("folds/0004-{:05}.h5", split)).read<std::int64_t>("row");
    BOOST_TEST(rows.front() > last);
    last = rows.back();
  }
  BOOST_TEST(last > 1000);
}

BOOST_AUTO_TEST_CASE(a_finished_run_is_not_done_again_and_a_fold_that_is_there_neither) {
  const EvaluationWorkspace folder;
  const std::vector<std::string> settings = with(kSmall, {"splits.folds=4"});
  const Json first = folder.answer("cv", settings);
  const Json again = folder.answer("cv", settings);
  BOOST_TEST(first["run"] == again["run"]);
  BOOST_TEST(first["folds_sha256"] == again["folds_sha256"]);
}

BOOST_AUTO_TEST_CASE(a_time_limit_leaves_with_85_and_the_same_command_goes_on) {
  const EvaluationWorkspace folder;
  std::vector<std::string> limited = EvaluationWorkspace::sets(with(kSmall, {"run.time_limit=1ms"}));
  limited.insert(limited.end(), {"--ranks", "1", "--json"});
  const ProcessResult stopped = folder.workspace.run("cv", limited);
  BOOST_TEST(stopped.exit_code == 85);
  BOOST_TEST(parse_json(stopped.output, "output")["status"] == "stopped");
  const Json whole = folder.answer("cv", kSmall);
  BOOST_TEST(whole["run"] == parse_json(stopped.output, "output")["run"]);
  const EvaluationWorkspace other;
  BOOST_TEST(other.answer("cv", kSmall)["folds_sha256"] == whole["folds_sha256"]);
}

BOOST_AUTO_TEST_CASE(a_run_killed_at_any_moment_ends_with_what_one_that_was_not_finds) {
  const EvaluationWorkspace folder, quiet;
  const std::vector<std::string> settings = with(kSmall, {"splits.groups=8", "splits.test_groups=3"});
  const std::string expected = quiet.answer("cpcv-pbo", settings)["folds_sha256"];
  std::mt19937_64 random(4);
  for (int kill = 0; kill < 3; ++kill) {
    std::vector<std::string> call = EvaluationWorkspace::sets(settings);
    call.insert(call.end(), {"--ranks", "2", "--workspace", folder.workspace.folder().string()});
    run_and_signal("moola-cpcv-pbo", call, SIGKILL,
                   [&] { std::this_thread::sleep_for(std::chrono::milliseconds(150 + random() % 600)); });
  }
  const Json found = folder.answer("cpcv-pbo", settings, {"--ranks", "2"});
  BOOST_TEST(found["status"] == "finished");
  BOOST_TEST(found["folds_sha256"] == expected);
}

BOOST_AUTO_TEST_CASE(a_gate_that_is_not_met_ends_with_3) {
  const EvaluationWorkspace folder;
  std::vector<std::string> arguments = EvaluationWorkspace::sets(with(kSmall, {"gates.sharpe=50.0", "gates.pbo=1.0"}));
  arguments.insert(arguments.end(), {"--ranks", "1", "--json"});
  const ProcessResult result = folder.workspace.run("cpcv-pbo", arguments);
  BOOST_TEST(result.exit_code == 3);
  const Json gates = parse_json(result.output, "output")["gates"];
  BOOST_TEST(gates[0]["met"] == false);
  BOOST_TEST(gates[1]["met"] == true);
  // Also when it is asked again.
  BOOST_TEST(folder.workspace.run("cpcv-pbo", arguments).exit_code == 3);
}

BOOST_AUTO_TEST_CASE(what_may_have_seen_the_test_part_takes_the_verdict) {
  const EvaluationWorkspace folder;
  const Json found = folder.answer("cv", with(kSmall, {"data.trust=false"}));
  BOOST_TEST(found["has_verdict"] == false);
  BOOST_TEST(found["contamination"].size() == 1U);
  BOOST_TEST(holds(found["contamination"][0].get<std::string>(), "made elsewhere"));
  BOOST_TEST(folder.answer("cv", kSmall)["has_verdict"] == true);
}

BOOST_AUTO_TEST_CASE(without_prices_forecasts_are_judged_alone) {
  const EvaluationWorkspace folder;
  const Json found =
      folder.answer("cv", {"backtest.bars=none", R"(models.names=["majority","prior","logistic"])", "splits.folds=3"});
  BOOST_TEST(!found.contains("buy_and_hold"));
  BOOST_TEST(found["overfitting"].is_null());
  BOOST_TEST(found["best"] == "logistic");
  const std::string prior = fmt::format("{:.4f}", found["baselines"]["prior"]["scores"]["log_loss"].get<double>());
  BOOST_TEST(holds(found["verdict"], ", no better than a baseline's " + prior));
  const EvaluationWorkspace known({.edge = 0.7});
  BOOST_TEST(holds(known.answer("cv", {"backtest.bars=none", R"(models.names=["prior","logistic"])"})["verdict"],
                   ", better than the best baseline's "));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_evaluated_is_refused_in_one_paragraph) {
  const EvaluationWorkspace folder;
  BOOST_TEST(holds(folder.refused("cv", {R"(models.names=["logistc"])"}), "'logistic'"));
  BOOST_TEST(holds(folder.refused("cv", {R"(models.names=["prior","prior"])"}), "twice"));
  BOOST_TEST(holds(folder.refused("cv", {R"(models.names=["prior"])", "logistic.c=1.0"}), "does not name logistic"));
  BOOST_TEST(holds(folder.refused("cv", with(kSmall, {"logistic.cc=1.0"})), "logistic.c"));
  BOOST_TEST(holds(folder.refused("cv", with(kSmall, {"splits.groups=4"})), "cpcv-pbo"));
  BOOST_TEST(holds(folder.refused("cpcv-pbo", with(kSmall, {"splits.test_groups=6"})), "nothing to train on"));
  BOOST_TEST(
      holds(folder.refused("cpcv-pbo", with(kSmall, {"splits.groups=1000", "splits.test_groups=999"})), "groups"));
  BOOST_TEST(holds(folder.refused("cv", with(kSmall, {"data.horizon=7"})), "6"));
  BOOST_TEST(holds(folder.refused("cv", with(kSmall, {"data.features=[\"edgy\"]"})), "'edge'"));
  BOOST_TEST(holds(folder.refused("cv", with(kSmall, {"data.from=2030-01-01"})), "2030"));
  BOOST_TEST(holds(folder.refused("cv", with(kSmall, {"overfitting.metric=sharp"})), "sharpe"));
  BOOST_TEST(holds(folder.refused("cv", with(kSmall, {"overfitting.blocks=7"})), "even"));
  BOOST_TEST(holds(folder.refused("cv", with(kSmall, {"splits.purge=1200bars"})), "none of 5 splits"));
  BOOST_TEST(holds(folder.refused("cv", with(kSmall, {"backtest.bars=[\"OTHER/v1\"]"})), "SYM"));
  BOOST_TEST(holds(folder.refused("cv", with(kSmall, {"backtest.exit=barriers"})), "backtest.up"));
  BOOST_TEST(holds(folder.refused("cv", with(kSmall, {"data.table=min/v1"})), "mine"));
  BOOST_TEST(holds(folder.refused("cv", with(kSmall, {"backtest.bars=none"})), "last_direction"));
  const EvaluationWorkspace one({.classes = 1});
  BOOST_TEST(holds(one.refused("cv", kSmall), "one class"));
}

BOOST_AUTO_TEST_CASE(people_are_told_in_words) {
  const EvaluationWorkspace folder;
  std::vector<std::string> arguments = EvaluationWorkspace::sets(with(kSmall, {"splits.folds=3"}));
  arguments.insert(arguments.end(), {"--ranks", "1"});
  const ProcessResult result = folder.workspace.run("cv", arguments);
  BOOST_TEST(result.exit_code == 0, result.errors);
  for (const char* word : {"logistic c=0.01", "majority", "log-loss", "Sharpe/y", "PBO", "verdict", "report.html"})
    BOOST_TEST(holds(result.output, word));
  BOOST_TEST(result.output.find("nan") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(models_are_listed_with_what_they_take) {
  const ProcessResult listed = run_program("moola-models", {"list", "--json"});
  BOOST_TEST(listed.exit_code == 0);
  const Json models = parse_json(listed.output, "output")["models"];
  std::vector<std::string> names;
  for (const Json& each : models) {
    names.push_back(each["name"]);
    for (const char* key : {"role", "takes", "help"}) BOOST_TEST(each[key].get<std::string>() != "");
  }
  for (const char* name : {"majority", "prior", "last_direction", "always_long", "logistic", "xgboost", "minirocket"})
    BOOST_TEST(std::count(names.begin(), names.end(), name) == 1);
  BOOST_TEST(holds(run_program("moola-models", {"list"}).output, "minirocket"));
  BOOST_TEST(run_program("moola-models", {"lits"}).exit_code == 2);
}

BOOST_AUTO_TEST_CASE(the_reference_page_is_that_of_the_program) {
  BOOST_TEST(run_program("moola-cpcv-pbo", {"--config-reference"}).output ==
             read_file(std::filesystem::path(MOOLA_SOURCE_DIR) / "docs/reference/evaluate.md"));
}

BOOST_AUTO_TEST_CASE(a_fold_of_another_configuration_is_not_taken_for_ours) {
  const EvaluationWorkspace folder;
  const Json other = folder.answer("cv", {R"(models.names=["logistic"])", "logistic.c=5.0", "splits.folds=3"});
  const std::vector<std::string> settings{R"(models.names=["logistic"])", "logistic.c=0.5", "splits.folds=3"};
  std::vector<std::string> limited = EvaluationWorkspace::sets(with(settings, {"run.time_limit=1ms"}));
  limited.insert(limited.end(), {"--ranks", "1", "--json"});
  const Json stopped = parse_json(folder.workspace.run("cv", limited).output, "output");
  const auto fold = [&](const Json& run) {
    return std::filesystem::path(
        folder.workspace.path("artifacts/runs/" + run["run"].get<std::string>() + "/folds/0000-00001.h5"));
  };
  std::filesystem::create_directories(fold(stopped).parent_path());
  std::filesystem::copy_file(fold(other), fold(stopped));
  BOOST_TEST(holds(folder.refused("cv", settings), "0000-00001.h5"));
  std::filesystem::remove(fold(stopped));
  BOOST_TEST(folder.answer("cv", settings)["run"] == stopped["run"]);
}

BOOST_AUTO_TEST_SUITE_END()
