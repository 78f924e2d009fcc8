// Models of one's own: programs that are called through files, and predictions that were made elsewhere.
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <regex>

#include "base/atomic_file.h"
#include "base/utc_time.h"
#include "data/store/hdf5.h"
#include "tests/support/messages.h"
#include "tests/work/evaluate/evaluation_workspace.h"

using namespace moola;
using namespace moola::test;

namespace {

// The system's own, which has the packages that tests need.
constexpr const char* kPython = "/usr/bin/python3";

// Shares of the classes, with NumPy alone. MODE: fail, hang, short, sum, nan, nothing.
constexpr const char* kShares = R"(import os, sys, time
import h5py, numpy as np
call, folder = sys.argv[-2:]
mode = sys.argv[1] if len(sys.argv) > 3 else ""
for name in os.environ:
    assert not name.startswith("OMPI_"), name
if mode == "hang":
    time.sleep(600)
if mode == "fail":
    print("this cannot be learnt")
    sys.exit(7)
if call == "fit":
    with h5py.File(f"{folder}/train.h5") as f:
        assert f["X"].dtype == np.float32 and len(f["X"]) == len(f["y"]) == len(f["weight"])
        share = np.bincount(f["y"][:], f["weight"][:], int(f.attrs["classes"]))
    np.save(f"{folder}/model/share.npy", share / share.sum())
else:
    share = np.load(f"{folder}/model/share.npy")
    with h5py.File(f"{folder}/samples.h5") as f:
        n = len(f["X"]) - (mode == "short")
    proba = np.tile(share, (n, 1))
    if mode == "sum": proba *= 0.5
    if mode == "nan": proba[3, 1] = np.nan
    if mode != "nothing": np.save(f"{folder}/proba.npy", proba)
)";

struct Own {
  EvaluationWorkspace folder;
  std::string script = folder.workspace.path("shares.py");

  explicit Own(const TableOptions& options = {.rows = 600}) : folder(options) { write_file(script, kShares); }

  std::vector<std::string> settings(const std::string& mode = "", std::vector<std::string> more = {}) const {
    std::vector<std::string> out{R"(models.names=["prior","mine"])",
                                 fmt::format(R"(own.mine.command=["{}","{}"])", kPython, script), "splits.folds=3"};
    if (!mode.empty()) out.push_back(fmt::format(R"(own.mine.variants=["{}"])", mode));
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
};

// The code of docs/own-models.md that begins with the comment `# NAME`.
std::string example(const std::string& name) {
  const std::string page = read_file(std::filesystem::path(MOOLA_SOURCE_DIR) / "docs" / "own-models.md");
  const std::size_t begin = page.find("```python\n# " + name + "\n");
  BOOST_REQUIRE(begin != std::string::npos);
  const std::size_t code = begin + 10;
  return page.substr(code, page.find("```\n", code) - code);
}

bool python_has(const std::string& module) {
  return run_process({kPython, "-c", "import " + module}).exit_code == 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(own_models)

BOOST_AUTO_TEST_CASE(a_program_that_knows_the_shares_is_the_prior) {
  const Own own;
  const Json found = own.folder.answer("cv", own.settings());
  BOOST_TEST(found["status"] == "finished");
  const Json &mine = found["models"]["mine"], &prior = found["baselines"]["prior"];
  BOOST_TEST(mine["folds"] == 3);
  BOOST_TEST(mine["scores"]["log_loss"].get<double>() == prior["scores"]["log_loss"].get<double>(),
             boost::test_tools::tolerance(1e-6));
  const std::filesystem::path run = std::filesystem::path(found["report"].get<std::string>()).parent_path();
  BOOST_TEST(!std::filesystem::exists(run / "scratch"));
}

BOOST_AUTO_TEST_CASE(its_folds_are_the_same_on_any_number_of_ranks) {
  std::vector<std::string> hashes;
  for (const char* ranks : {"1", "2"}) {
    const Own own;
    hashes.push_back(own.folder.answer("cv", own.settings("", {"fit.calibration=temperature"}), {"--ranks", ranks})
                         .at("folds_sha256"));
  }
  BOOST_TEST(hashes[0] == hashes[1]);
}

BOOST_AUTO_TEST_CASE(a_program_that_fails_costs_its_own_folds_alone) {
  const Own own;
  for (const auto& [mode, says] :
       {std::pair<std::string, std::vector<std::string>>{"fail", {"status 7", "this cannot be learnt"}},
        {"short", {"proba.npy", "a row for each sample"}},
        {"sum", {"sum to 0.5"}},
        {"nan", {"nan", "class 1 of sample 3"}},
        {"nothing", {"neither proba.npy nor proba.h5"}}}) {
    std::vector<std::string> call = EvaluationWorkspace::sets(own.settings(mode));
    call.insert(call.end(), {"--ranks", "1"});
    const ProcessResult result = own.folder.workspace.run("cv", call);
    BOOST_TEST_CONTEXT(mode << ": " << result.errors) {
      BOOST_TEST(result.exit_code == 2);
      BOOST_TEST(holds_all(result.errors, {"mine", "failed on every split"}));
      BOOST_TEST(holds_all(result.errors, says));
      BOOST_TEST(result.output.find("prior") != std::string::npos);  // what came out beside it is told
    }
  }
}

BOOST_AUTO_TEST_CASE(a_program_that_hangs_is_ended) {
  const Own own;
  std::vector<std::string> call =
      EvaluationWorkspace::sets(own.settings("hang", {"own.mine.time_limit=300ms", "run.retries=0"}));
  call.insert(call.end(), {"--ranks", "1"});
  const auto began = std::chrono::steady_clock::now();
  const ProcessResult result = own.folder.workspace.run("cv", call);
  BOOST_TEST(result.exit_code == 2);
  BOOST_TEST(result.errors.find("its time_limit") != std::string::npos);
  BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::seconds(60)));
}

BOOST_AUTO_TEST_CASE(a_mended_program_goes_on_in_its_run_and_all_else_is_kept) {
  const Own own;
  write_file(own.script, std::string("raise SystemExit('not yet')\n"), Overwrite::yes);
  std::vector<std::string> call = EvaluationWorkspace::sets(own.settings());
  call.insert(call.end(), {"--ranks", "1", "--json"});
  BOOST_TEST(own.folder.workspace.run("cv", call).exit_code == 2);
  write_file(own.script, std::string(kShares), Overwrite::yes);
  const ProcessResult second = own.folder.workspace.run("cv", call);
  BOOST_TEST(second.exit_code == 0, second.errors);
  BOOST_TEST(parse_json(second.output, "cv")["models"]["mine"]["folds"] == 3);
  std::size_t runs = 0;
  for (const auto& each : std::filesystem::directory_iterator(own.folder.workspace.path("artifacts/runs")))
    runs += each.is_directory();
  BOOST_TEST(runs == 1U);
}

BOOST_AUTO_TEST_CASE(a_program_that_has_changed_since_is_asked_anew) {
  const Own own;
  const Json first = own.folder.answer("cv", own.settings());
  BOOST_TEST(own.folder.answer("cv", own.settings())["run"] == first["run"]);
  write_file(own.script, std::string(kShares) + "# another\n", Overwrite::yes);
  const Json second = own.folder.answer("cv", own.settings());
  BOOST_TEST(second["run"] != first["run"]);
  BOOST_TEST(second["models"]["mine"]["parameters"] != first["models"]["mine"]["parameters"]);
}

BOOST_AUTO_TEST_CASE(the_examples_of_the_page_find_an_edge) {
  const std::pair<const char*, const char*> examples[] = {{"forest.py", "sklearn"}, {"net.py", "torch"}};
  for (const auto& [name, module] : examples) {
    if (!python_has(module)) {
      BOOST_TEST_MESSAGE("SKIPPED: " << name << ", because python3 has no " << module);
      continue;
    }
    const EvaluationWorkspace folder({.rows = 900, .edge = 0.9});
    const std::string script = folder.workspace.path(name);
    write_file(script, example(name));
    std::vector<std::string> settings{R"(models.names=["prior","mine"])",
                                      fmt::format(R"(own.mine.command=["{}","{}"])", kPython, script),
                                      "splits.folds=3"};
    if (std::string_view(name) == "net.py")
      settings.insert(settings.end(), {"own.mine.takes=windows", "own.mine.early_stopping=true", "data.window=4"});
    const Json found = folder.answer("cv", settings);
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST(found["status"] == "finished");
      BOOST_TEST(found["models"]["mine"]["folds"] == 3);
      BOOST_TEST(found["models"]["mine"]["scores"]["log_loss"].get<double>() <
                 found["baselines"]["prior"]["scores"]["log_loss"].get<double>());
    }
  }
}

BOOST_AUTO_TEST_CASE(predictions_made_elsewhere_are_scored_and_have_no_verdict_until_they_are_trusted) {
  const EvaluationWorkspace folder({.rows = 600});
  const data::hdf5::File table = data::hdf5::File::open(folder.workspace.path("data/feature_table/mine/v1.h5"));
  const auto time = table.read<std::int64_t>("time");
  const auto label = table.read<std::int8_t>("label_6");
  // Right two times out of three.
  std::string csv = "time,p_-1,p_0,p_1\n";
  for (std::size_t i = 0; i < time.size(); ++i) {
    const int said = i % 3 == 0 ? (label[i] + 2) % 3 - 1 : label[i];
    csv += fmt::format("{}", time[i]);
    for (const int each : {-1, 0, 1}) csv += each == said ? ",0.6" : ",0.2";
    csv += "\n";
  }
  const std::string file = folder.workspace.path("predictions.csv");
  write_file(file, csv);
  const std::vector<std::string> settings{R"(models.names=["prior","elsewhere"])", "own.elsewhere.predictions=" + file,
                                          "splits.folds=3"};
  const Json found = folder.answer("cv", settings);
  const Json& scores = found["models"]["elsewhere"]["scores"];
  double right = 0, all = 0;
  for (std::size_t i = 0; i < time.size(); ++i) {
    if (label[i] == -99) continue;
    right += i % 3 != 0;
    ++all;
  }
  BOOST_TEST(scores["accuracy"].get<double>() == right / all, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(found["contamination"].size() == 1U);
  BOOST_TEST(found["contamination"][0].get<std::string>().find("own.elsewhere.trust") != std::string::npos);
  BOOST_TEST(folder.answer("cv", with(settings, {"own.elsewhere.trust=true"}))["contamination"].empty());

  // Each of what may be wrong with a line, named with it.
  const auto refused = [&](const std::string& line, const std::vector<std::string>& says) {
    std::string bad = csv;
    const std::size_t second = bad.find('\n', bad.find('\n') + 1) + 1;
    bad.replace(second, bad.find('\n', second) - second, line);
    write_file(folder.workspace.path("bad.csv"), bad, Overwrite::yes);
    const std::string message =
        folder.refused("cv", with({R"(models.names=["prior","elsewhere"])"},
                                  {"own.elsewhere.predictions=" + folder.workspace.path("bad.csv"), "splits.folds=3"}));
    BOOST_TEST(holds_all(message, says));
  };
  refused(fmt::format("{},0.5,0.5,", time[1]), {"line 3", "p_1"});
  refused(fmt::format("{},0.5,0.5,nan", time[1]), {"line 3", "p_1"});
  refused(fmt::format("{},0.5,0.5,0.5", time[1]), {"line 3", "sum to 1.5"});
  refused(fmt::format("{},-0.5,1.5,0", time[1]), {"line 3", "p_-1"});
  refused(fmt::format("{},0.2,0.2,0.6", time[0]), {"line 3", "twice", "line 2"});
  refused(fmt::format("{},0.2,0.2,0.6", time[1] + 7), {"line 3", "no row of feature_table/mine/v1"});
}

BOOST_AUTO_TEST_CASE(what_does_not_go_together_is_refused) {
  const EvaluationWorkspace folder({.rows = 600});
  const std::string names = R"(models.names=["prior","mine"])";
  const auto refused = [&](const std::vector<std::string>& settings, const std::vector<std::string>& says) {
    const std::string message = folder.refused("cv", settings);
    BOOST_TEST(holds_all(message, says));
  };
  refused({names}, {"'mine' is no model", "[own.mine]"});
  refused({names, "own.mine.takes=rows"}, {"own.mine", "command", "predictions"});
  refused({names, "own.mine.command=python3", "own.mine.predictions=x.csv"}, {"has both"});
  refused({names, "own.mine.predictions=nowhere.csv"}, {"own.mine.predictions", "nowhere.csv"});
  refused({names, "own.mine.command=python3", "own.mine.variants=[\"--a 'b\"]"}, {"own.mine.variants", "not closed"});
  refused({names, "own.mine.command=python3", "own.mine.files=[\"nowhere.py\"]"}, {"own.mine.files", "nowhere.py"});
  refused({names, "own.mine.command=python3", "own.mine.time_limit=soon"}, {"own.mine.time_limit"});
  refused({names, "own.mine.command=python3", "own.mine.trust=true"}, {"own.mine.trust"});
  refused({names, "own.mine.comand=python3"}, {"own.mine.comand", "own.mine.command"});
  refused({R"(models.names=["prior"])", "own.mine.command=python3"}, {"[own.mine]", "models.names"});
  refused({R"(models.names=["prior","xgboost"])", "own.xgboost.command=python3"}, {"own.xgboost", "already"});
  refused({names, "own.mi ne.command=python3"}, {"'mi ne'", "letters"});
}

BOOST_AUTO_TEST_SUITE_END()
