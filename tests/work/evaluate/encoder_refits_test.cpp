// Encoders that are trained anew for every split, as their users ask for them.
#include <algorithm>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "record/run_list.h"
#include "tests/support/messages.h"
#include "tests/work/evaluate/encoded_windows.h"
#include "work/evaluate/refit/encoder_times.h"
#include "work/evaluate/rows/evaluation_splits.h"

using namespace moola;
using namespace moola::test;
namespace fs = std::filesystem;

namespace {

const std::string kRefit = R"(fit.refit=["encoder"])";

std::vector<std::string> refit(const EncodedWindows& folder, const std::vector<std::string>& more = {}) {
  std::vector<std::string> out{"data.encoder=" + folder.pretraining, kRefit, kLogistic};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

work::EvaluationSplits splits_of(const EncodedWindows& folder, work::SplitStrategy strategy,
                                 std::vector<std::string> settings, work::EvaluationData& data) {
  settings.emplace_back("data.windows=mine/v1");
  const auto config = work::load_evaluate_config(strategy, std::nullopt, settings);
  data = work::read_evaluation_data(folder.workspace.folder(), config.values);
  return work::make_splits(config, data);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(encoders_of_splits)

BOOST_AUTO_TEST_CASE(every_split_has_an_encoder_that_has_seen_nothing_of_its_test_part) {
  const EncodedWindows folder;
  for (const auto& [job, strategy, settings] :
       {std::tuple("cv", work::SplitStrategy::purged_k_fold, std::vector<std::string>{"splits.folds=3"}),
        {"walk-forward", work::SplitStrategy::walk_forward, {"splits.train=0.5", "splits.test=0.25"}}}) {
    const Json found = folder.answer(job, refit(folder, settings));
    BOOST_TEST(found["status"] == "finished");
    BOOST_TEST(found["contamination"].empty());
    BOOST_TEST(found["has_verdict"] == true);
    BOOST_TEST(found["models"]["logistic"]["missing"] == 0);
    work::EvaluationData data;
    const work::EvaluationSplits splits = splits_of(folder, strategy, refit(folder, settings), data);
    BOOST_REQUIRE(found["encoders"].size() == splits.splits.size());
    std::set<std::string> hashes;
    for (std::size_t s = 0; s < splits.splits.size(); ++s) {
      const Json& encoder = found["encoders"][s];
      hashes.insert(encoder["sha256"].get<std::string>());
      std::vector<std::string> parts;
      for (const Json& seen : encoder["seen"]) {
        const std::int64_t first = parse_utc(seen["first"].get<std::string>()),
                           last = parse_utc(seen["last"].get<std::string>());
        parts.push_back(seen["part"]);
        for (const validation::RowRange& range : splits.splits[s].test) {
          for (std::size_t row = range.begin; row < range.end; ++row)
            BOOST_TEST((last < data.time[row] || first > data.t1[row]));
        }
        if (strategy == work::SplitStrategy::walk_forward)
          BOOST_TEST(last < data.time[splits.splits[s].test.front().begin]);
      }
      BOOST_TEST((std::ranges::count(parts, "encoder") > 0 && std::ranges::count(parts, "encoder_choice") > 0));
    }
    BOOST_TEST(hashes.size() == splits.splits.size());
  }
}

BOOST_AUTO_TEST_CASE(what_was_trained_is_found_again_and_ranks_change_no_bit) {
  const EncodedWindows folder;
  const std::vector<std::string> settings = refit(folder, {"splits.groups=4"});
  const Json first = folder.answer("cpcv-pbo", settings);
  const fs::path encoders = folder.workspace.path("artifacts/encoders");
  const std::size_t trained = files_in(encoders);
  BOOST_TEST(trained == 6U);  // 2 of 4 groups
  std::vector<std::string> again = EncodedWindows::call(settings, "2");
  again.emplace_back("--fresh");
  const Json second = folder.workspace.answer("cpcv-pbo", again);
  BOOST_TEST(files_in(encoders) == trained);
  BOOST_TEST(second["run"] != first["run"]);
  BOOST_TEST(second["folds_sha256"] == first["folds_sha256"]);
  // With nothing to find and two ranks that share the work, the same once more.
  const EncodedWindows other;
  const Json third = other.answer("cpcv-pbo", refit(other, {"splits.groups=4"}), "2");
  BOOST_TEST(third["folds_sha256"] == first["folds_sha256"]);
  BOOST_TEST(third["encoders"] == first["encoders"]);
}

BOOST_AUTO_TEST_CASE(a_command_that_was_stopped_while_encoders_are_trained_goes_on) {
  const EncodedWindows whole, stopped;
  const auto settings = [](const EncodedWindows& folder) {
    write_file(folder.pretraining, tiny_pretraining("epochs = 1\nmax_steps = 10", "epochs = 40\nmax_steps = 400"));
    return refit(folder, {"splits.folds=4"});
  };
  std::vector<std::string> limited = settings(stopped);
  limited.emplace_back("run.time_limit=1s");
  const ProcessResult result = stopped.workspace.run("cv", EncodedWindows::call(limited));
  BOOST_TEST(result.exit_code == 85, result.errors);
  const Json gone_on = stopped.answer("cv", settings(stopped));
  BOOST_TEST(gone_on["status"] == "finished");
  BOOST_TEST(record::list_runs(stopped.workspace.folder()).runs.size() ==
             5U);  // one for each encoder, and the evaluation's
  const Json in_one_go = whole.answer("cv", settings(whole));
  BOOST_TEST(gone_on["folds_sha256"] == in_one_go["folds_sha256"]);
  BOOST_TEST(gone_on["encoders"] == in_one_go["encoders"]);
}

BOOST_AUTO_TEST_CASE(another_pretraining_in_the_same_file_is_another_run) {
  const EncodedWindows folder;
  const std::vector<std::string> settings = refit(folder, {"splits.folds=2"});
  const Json first = folder.answer("cv", settings);
  BOOST_TEST(folder.answer("cv", settings)["run"] == first["run"]);
  write_file(folder.pretraining, tiny_pretraining("max_steps = 10", "max_steps = 12"));
  const Json second = folder.answer("cv", settings);
  BOOST_TEST(second["run"] != first["run"]);
  BOOST_TEST(second["encoders"][0]["sha256"] != first["encoders"][0]["sha256"]);
}

// Before the first test part there are fewer windows than one step takes; before the second there are enough.
BOOST_AUTO_TEST_CASE(an_encoder_that_cannot_be_trained_marks_its_split_alone) {
  const EncodedWindows folder;
  write_file(folder.pretraining, tiny_pretraining("batch = 32", "batch = 800"));
  const Json found = folder.answer("walk-forward", refit(folder, {"splits.train=0.5", "splits.test=0.25"}));
  BOOST_TEST(found["status"] == "finished");
  BOOST_TEST(found["encoders"][0].is_null());
  BOOST_TEST(found["encoders"][1].is_object());
  BOOST_TEST(found["models"]["logistic"]["missing"] == 1);
  const bool said = std::ranges::any_of(found["warnings"], [](const Json& each) {
    const std::string text = each.get<std::string>();
    return holds(text, "logistic on split 0") && holds(text, "the encoder of split 0 could not be trained") &&
           holds(text, "train.batch");
  });
  BOOST_TEST(said, found["warnings"].dump());
}

BOOST_AUTO_TEST_CASE(what_does_not_go_together_is_refused_before_anything_is_trained) {
  const EncodedWindows folder;
  const std::string encoder = "data.encoder=" + folder.pretraining;
  BOOST_TEST(holds(folder.refused("cv", {kRefit}), "data.encoder does not say how it is trained"));
  BOOST_TEST(holds(folder.refused("cv", {encoder}), R"(Say fit.refit = ["encoder"])"));
  BOOST_TEST(holds(folder.refused("cv", {encoder, R"(fit.refit=["encoders"])"}), "Did you mean 'encoder'?"));
  BOOST_TEST(holds(folder.refused("cv", {encoder, R"(fit.refit=["encoder","encoder"])"}), "twice"));
  BOOST_TEST(holds(folder.refused("train", {encoder, kRefit}), "moola train has one train part"));
  BOOST_TEST(holds(folder.refused("cv", {encoder, kRefit, "data.embeddings=mine/v1"}), "data.encoder is for rows of"));
  BOOST_TEST(holds(folder.refused("cv", {"data.encoder=" + folder.workspace.path("none.toml"), kRefit}), "none.toml"));
  write_file(folder.pretraining, "[train]\nbatches = 3\n");
  BOOST_TEST(holds(folder.refused("cv", {encoder, kRefit}), "data.encoder: "));
  BOOST_TEST(!fs::exists(folder.workspace.path("artifacts")));
}

BOOST_AUTO_TEST_SUITE_END()
