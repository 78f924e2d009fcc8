// moola train and moola evaluate as their users call them.
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/utc_time.h"
#include "data/store/hdf5.h"
#include "tests/support/messages.h"
#include "tests/work/evaluate/evaluation_workspace.h"
#include "work/evaluate/folds/saved_model.h"

using namespace moola;
using namespace moola::test;
namespace fs = std::filesystem;

namespace {

const std::vector<std::string> kModels{R"(models.names=["prior","majority","logistic","xgboost"])",
                                       "logistic.c=[0.01,1.0]", "xgboost.trees=20"};

struct Trained {
  EvaluationWorkspace folder;
  Json answer;
  fs::path run;

  explicit Trained(const TableOptions& options = {.rows = 900, .edge = 0.8}, const std::vector<std::string>& more = {})
      : folder(options), answer(folder.answer("train", with(kModels, more))) {
    run = fs::path(answer["report"].get<std::string>()).parent_path();
  }

  std::string id() const { return run.filename().string(); }
  Json evaluate(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), id());
    return folder.workspace.answer("evaluate", arguments);
  }
  std::string refused(std::vector<std::string> arguments, int code = 2) const {
    const ProcessResult result = folder.workspace.run("evaluate", std::move(arguments));
    BOOST_TEST(result.exit_code == code, result.errors);
    BOOST_TEST(result.output == "");
    BOOST_TEST(result.errors.find("\n\n") == std::string::npos);
    return result.errors;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(training)

BOOST_AUTO_TEST_CASE(the_best_model_is_kept_with_all_that_it_needs) {
  const Trained trained;
  BOOST_TEST(trained.answer["status"] == "finished");
  BOOST_TEST(trained.answer["folds"] == 5);
  const std::string best = trained.answer["best"];
  const work::SavedModel model = work::read_saved_model(trained.run / "model");
  BOOST_TEST(model.name == best);
  BOOST_TEST(model.features == (std::vector<std::string>{"edge", "noise", "more"}), boost::test_tools::per_element());
  BOOST_TEST(model.horizon == 6);
  BOOST_TEST(model.seen.size() == 1U);
  BOOST_TEST(fs::exists(trained.run / "predictions" / "val.h5"));
  BOOST_TEST(fs::exists(trained.run / "predictions" / "test.h5"));
  // What was predicted while it was trained is what the saved model says.
  const Json again = trained.evaluate({"--part", "val", "--configuration", best});
  const Json& then = trained.answer["models"][best]["scores"];
  for (const char* score : {"log_loss", "accuracy", "brier"})
    BOOST_TEST(again["models"][best]["scores"][score].get<double>() == then[score].get<double>());
  for (const char* baseline : {"prior", "majority"}) {
    BOOST_TEST(again["baselines"][baseline]["scores"]["log_loss"].get<double>() ==
               trained.answer["baselines"][baseline]["scores"]["log_loss"].get<double>());
  }
}

BOOST_AUTO_TEST_CASE(the_parts_are_in_order_and_share_no_moment) {
  const Trained trained;
  const work::SavedModel model = work::read_saved_model(trained.run / "model");
  const auto val = data::hdf5::File::open(trained.run / "predictions" / "val.h5").read<std::int64_t>("time");
  const auto test = data::hdf5::File::open(trained.run / "predictions" / "test.h5").read<std::int64_t>("time");
  BOOST_TEST(model.seen.back().last < val.front());
  const data::hdf5::File table = data::hdf5::File::open(trained.folder.workspace.path("data/feature_table/mine/v1.h5"));
  const auto row = data::hdf5::File::open(trained.run / "predictions" / "val.h5").read<std::int64_t>("row");
  const auto t1 = table.read<std::int64_t>("t1_6");
  for (const std::int64_t each : row) BOOST_TEST(t1[static_cast<std::size_t>(each)] < test.front());
}

BOOST_AUTO_TEST_CASE(each_model_of_the_run_can_be_asked) {
  const Trained trained;
  for (const char* name : {"logistic c=0.01", "logistic c=1.0", "xgboost"}) {
    const Json found = trained.evaluate({"--part", "val", "--configuration", name});
    BOOST_TEST(found["models"].size() == 1U);
    BOOST_TEST(found["models"][name]["scores"]["log_loss"].get<double>() ==
               trained.answer["models"][name]["scores"]["log_loss"].get<double>());
  }
}

BOOST_AUTO_TEST_CASE(every_look_at_the_test_part_is_counted) {
  const Trained trained;
  BOOST_TEST(trained.answer["sealed"]["openings"] == 0);
  BOOST_TEST(trained.evaluate({"--part", "val"})["openings"] == 0);
  BOOST_TEST(trained.evaluate({})["openings"] == 1);  // the test part unless another is asked for
  // The same again is the same look.
  BOOST_TEST(trained.evaluate({"--part", "test"})["openings"] == 1);
  const Json second = trained.evaluate({"--part", "test", "--configuration", "xgboost"});
  BOOST_TEST(second["openings"] == 2);
  BOOST_TEST(second["notes"].back().get<std::string>().find("looked at 2 times") != std::string::npos);
  BOOST_TEST(trained.evaluate({"--part", "test", "--fresh"})["openings"] == 3);
  // Training again says so.
  const Json again = trained.folder.answer("train", with(kModels, {"run.seed=7"}));
  BOOST_TEST(again["sealed"]["openings"] == 3);
  BOOST_TEST(again["notes"].back().get<std::string>().find("3 times") != std::string::npos);
  const std::string page = read_file(fs::path(second["report"].get<std::string>()));
  BOOST_TEST(page.find("looked at 2 times") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(windows_and_calibration_are_kept_too) {
  const Trained trained({.rows = 900, .edge = 0.8},
                        {"fit.calibration=temperature", R"(models.names=["prior","logistic","xgboost","minirocket"])",
                         "data.window=12", "minirocket.features=84", "data.stride=2"});
  for (const char* name : {"logistic c=0.01", "minirocket"}) {
    const Json found = trained.evaluate({"--part", "val", "--configuration", name});
    BOOST_TEST(found["models"][name]["scores"]["log_loss"].get<double>() ==
               trained.answer["models"][name]["scores"]["log_loss"].get<double>());
  }
}

BOOST_AUTO_TEST_CASE(training_is_the_same_on_any_number_of_ranks) {
  std::vector<std::string> bundles;
  for (const char* ranks : {"1", "2"}) {
    const EvaluationWorkspace folder({.rows = 700, .edge = 0.8});
    const Json found = folder.answer("train", kModels, {"--ranks", ranks});
    const fs::path run = fs::path(found["report"].get<std::string>()).parent_path();
    bundles.push_back(read_file(run / "model" / "bundle.json") + found["folds_sha256"].get<std::string>());
  }
  BOOST_TEST(bundles[0] == bundles[1]);
}

BOOST_AUTO_TEST_CASE(a_model_is_not_judged_by_what_it_has_seen) {
  const Trained trained;
  BOOST_TEST(holds_all(trained.refused({trained.id(), "--part", "all"}), {"share a moment", "fitted on"}));
  // Nor by the same times under another name.
  const ProcessResult twin = trained.folder.workspace.run(
      "data", {"import", "table", trained.folder.workspace.path("table.csv"), "--name", "twin", "--horizon", "6",
               "--symbol-name", "SYM", "--t1", "t1", "--label", "label"});
  BOOST_REQUIRE(twin.exit_code == 0);
  BOOST_TEST(holds_all(trained.refused({trained.id(), "--data", "twin/v1"}), {"share a moment"}));
  // A later part of it is fair.
  const auto test = data::hdf5::File::open(trained.run / "predictions" / "test.h5").read<std::int64_t>("time");
  const Json later = trained.evaluate({"--data", "twin/v1", "--set", "data.from=" + utc_text(test.front())});
  BOOST_TEST(later["part"] == "all");
  BOOST_TEST(later["models"].size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_call_is_said) {
  const Trained trained;
  const auto& workspace = trained.folder.workspace;
  BOOST_TEST(holds_all(trained.refused({"nowhere"}), {"nowhere"}));
  BOOST_TEST(holds_all(trained.refused({trained.id(), "--configuration", "logistik c=1"}), {"logistic c=1"}));
  BOOST_TEST(holds_all(trained.refused({trained.id(), "--data", "nothing/v1"}), {"nothing"}));
  BOOST_TEST(holds_all(trained.refused({trained.id(), "--split", "nothing"}), {"there is no split"}));
  const Json cv = trained.folder.answer("cv", {R"(models.names=["prior","logistic"])", "splits.folds=3"});
  BOOST_TEST(holds_all(trained.refused({cv["run"]}), {"a run of moola cv"}));
  write_file(workspace.path("other.csv"),
             "time,edge,label,t1\n1577836800,1,1,1577836900\n1577836860,2,-1,1577836960\n");
  BOOST_REQUIRE(workspace
                    .run("data", {"import", "table", workspace.path("other.csv"), "--name", "other", "--horizon", "6",
                                  "--symbol-name", "SYM", "--t1", "t1", "--label", "label"})
                    .exit_code == 0);
  BOOST_TEST(holds_all(trained.refused({trained.id(), "--data", "other/v1", "--part", "test"}), {"noise, more"}));
}

BOOST_AUTO_TEST_CASE(a_model_that_was_changed_is_refused) {
  const Trained trained;
  const work::SavedModel best = work::read_saved_model(trained.run / "model");
  for (const auto& entry : fs::recursive_directory_iterator(trained.run / "model")) {
    if (!entry.is_regular_file()) continue;
    const std::string before = read_file(entry.path());
    std::string changed = before;
    changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 1);
    write_file(entry.path(), changed);
    BOOST_CHECK_THROW(work::read_saved_model(trained.run / "model"), Error);
    fs::remove(entry.path());
    BOOST_CHECK_THROW(work::read_saved_model(trained.run / "model"), Error);
    write_file(entry.path(), before);
  }
  BOOST_TEST(work::read_saved_model(trained.run / "model").name == best.name);
}

BOOST_AUTO_TEST_CASE(a_split_of_ones_own_is_proved_before_it_is_used) {
  const EvaluationWorkspace folder({.rows = 700, .edge = 0.8});
  const auto& workspace = folder.workspace;
  const fs::path splits = fs::path(workspace.path("data")) / "splits";
  fs::create_directories(splits);
  const data::hdf5::File table = data::hdf5::File::open(workspace.path("data/feature_table/mine/v1.h5"));
  const std::string hash = table.text_attribute("content_sha256");
  const std::size_t n = table.dataset("time").rows();
  const auto write = [&](const Json& parts, const std::string& strategy = "chronological",
                         const std::string& content = {}) {
    write_file(splits / "own.json", json_text({{"name", "own"},
                                               {"labeled_version", "feature_table/mine/v1"},
                                               {"content_sha256", content.empty() ? hash : content},
                                               {"strategy", strategy},
                                               {"splits", Json::array({parts})}}));
  };
  const auto good = [&] { return Json{{"train", {{0, 400}}}, {"val", {{410, 500}}}, {"test", {{510, n}}}}; };
  const std::vector<std::string> call{R"(models.names=["prior","logistic"])", "splits.name=own"};
  write(good());
  const Json found = folder.answer("train", call);
  BOOST_TEST(found["models"]["logistic"]["folds"] == 1);
  BOOST_TEST(found["sealed"]["rows"] == n - 510);
  BOOST_TEST(folder.answer("cv", call)["models"]["logistic"]["folds"] == 1);
  // The same as lists of rows, and as the older files have it.
  Json listed = Json::object(), flat = {{"labeled_version", "feature_table/mine/v1"}, {"content_sha256", hash}};
  for (const auto& [part, range] : std::vector<std::pair<std::string, std::pair<std::size_t, std::size_t>>>{
           {"train", {0, 400}}, {"val", {410, 500}}, {"test", {510, n}}}) {
    Json rows = Json::array();
    for (std::size_t row = range.first; row < range.second; ++row) rows.push_back(row);
    listed[part] = rows;
    flat[part + "_indices"] = rows;
  }
  write(listed);
  const auto scores = [](const Json& of) { return of["models"]["logistic"]["scores"]["log_loss"].get<double>(); };
  BOOST_TEST(scores(folder.answer("train", call)) == scores(found));
  write_file(splits / "own.json", json_text(flat));
  BOOST_TEST(scores(folder.answer("train", call)) == scores(found));

  const auto refused = [&](const std::vector<std::string>& says) {
    BOOST_TEST(holds_all(folder.refused("train", call), says));
  };
  Json parts = good();
  write(parts, "random");
  refused({"own.json", "random"});
  write(parts, "shuffled-kfold");
  refused({"own.json", "shuffled"});
  write(parts, "chronological", std::string(64, '0'));
  refused({"own.json", "000000000000"});
  parts["val"] = {{390, 500}};
  write(parts);
  refused({"10 rows to both train and val"});
  parts["val"] = {{401, 500}};  // the labels of the last train rows end inside it
  write(parts);
  refused({"knows moments of a test row"});
  parts = good();
  parts["test"] = {{500, n}};  // and those of the last validation rows inside the test part
  write(parts);
  refused({"knows moments of a test row"});
  parts = good();
  parts["test"] = {{510, n + 7}};
  write(parts);
  refused({fmt::format("names row {}", n + 6), fmt::format("has {} rows", n)});
  parts = good();
  parts["train"] = {7, 3, 5};
  write(parts);
  refused({"from row 7 back to row 3"});
  parts["train"] = "all";
  write(parts);
  refused({"train", "expected ranges"});
  parts = good();
  parts.erase("val");
  write(parts);
  refused({"no val part"});
  // Every third row, dealt out, with labels of no length.
  Json dealt = {{"train", Json::array()}, {"val", Json::array()}};
  for (std::size_t row = 0; row < n; ++row) dealt[row % 3 == 0 ? "val" : "train"].push_back(row);
  write(dealt);
  refused({"pieces"});
  write_file(splits / "own.json", "{\"splits\": [");
  refused({"own.json"});
}

BOOST_AUTO_TEST_SUITE_END()
