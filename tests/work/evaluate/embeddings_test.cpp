// Evaluations of models over what an encoder makes of labelled windows, as their users call them.
#include <algorithm>
#include <random>

#include "data/tables/embeddings_file.h"
#include "tests/support/messages.h"
#include "tests/work/evaluate/encoded_windows.h"
#include "work/evaluate/rows/evaluation_data.h"

using namespace moola;
using namespace moola::test;

namespace {

const std::string kEmbeddings = "data.embeddings=mine-tiny/v1";

// With one encoder of all bars, and what it makes of all windows.
struct Encoded : EncodedWindows {
  explicit Encoded(const PlantedOptions& options = {}) : EncodedWindows(options) {
    pretrain("tiny");
    encode("tiny", "mine-tiny");
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(evaluations_of_embeddings)

BOOST_AUTO_TEST_CASE(an_encoder_that_has_seen_test_parts_is_named_and_takes_the_verdict) {
  const Encoded folder;
  const Json found = folder.answer("cv", {kEmbeddings, kLogistic, "splits.folds=4"});
  BOOST_TEST(found["status"] == "finished");
  BOOST_TEST(found["has_verdict"] == false);
  BOOST_REQUIRE(found["contamination"].size() == 2U);
  const std::string trained = found["contamination"][0], chosen = found["contamination"][1];
  BOOST_TEST(holds(trained, "the encoder of labeled_windows/mine/v1 (tiny-v1) was trained on 2019-01-01T00:00:00Z"),
             trained);
  BOOST_TEST(holds(trained, "the test parts of 4 of 4 splits meet (split 0 first)"), trained);
  // The hold-out, the last tenth, chose its weights.
  BOOST_TEST(holds(chosen, "was chosen by its loss on"), chosen);
  BOOST_TEST(holds(chosen, "the test parts of 1 of 4 splits meet (split 3 first)"), chosen);
}

BOOST_AUTO_TEST_CASE(one_that_was_trained_before_the_test_parts_is_not_named) {
  const EncodedWindows folder;
  const std::vector<std::string> settings{kLogistic, "splits.train=0.5", "splits.test=0.25"};
  folder.pretrain("early", {"windows.to=" + folder.at(0.45)});
  folder.encode("early", "early");
  std::vector<std::string> before = settings, across = settings;
  before.emplace_back("data.embeddings=early/v1");
  const Json found = folder.answer("walk-forward", before);
  BOOST_TEST(found["contamination"].empty());
  BOOST_TEST(found["has_verdict"] == true);
  // Past the first test part and not into the second.
  folder.pretrain("late", {"windows.to=" + folder.at(0.7), "windows.holdout=0"});
  folder.encode("late", "late");
  across.emplace_back("data.embeddings=late/v1");
  const Json named = folder.answer("walk-forward", across);
  BOOST_TEST(named["has_verdict"] == false);
  BOOST_REQUIRE(named["contamination"].size() == 1U);
  BOOST_TEST(
      holds(named["contamination"][0].get<std::string>(), "the test parts of 1 of 2 splits meet (split 0 first)"));
}

BOOST_AUTO_TEST_CASE(an_encoder_of_windows_without_times_is_named_until_somebody_vouches_for_it) {
  const EncodedWindows folder;
  data::WindowTable timeless = folder.table;
  timeless.t0.clear();
  timeless.t1.clear();
  store_windows(folder.workspace.folder(), "timeless", timeless);
  write_file(folder.pretraining, tiny_pretraining("bars = [\"SYM/v1\"]\n[windows]\nlength = 20\nstride = 2\n",
                                                  "windows = \"labeled_windows/timeless/v1\"\n[windows]\n"));
  folder.pretrain("tiny", {"windows.holdout=0"});
  folder.encode("tiny", "mine-tiny");
  const Json found = folder.answer("cv", {kEmbeddings, kLogistic, "splits.folds=3"});
  BOOST_TEST(found["has_verdict"] == false);
  BOOST_TEST(holds(found["contamination"][0].get<std::string>(), "windows without times"));
  BOOST_TEST(folder.answer("cv", {kEmbeddings, kLogistic, "splits.folds=3", "data.trust=true"})["has_verdict"] == true);
}

BOOST_AUTO_TEST_CASE(models_learn_from_what_the_encoder_makes_of_the_windows) {
  const Encoded folder({.windows = 400});
  const Json found =
      folder.answer("cv", {kEmbeddings, R"(models.names=["prior","logistic","xgboost"])", "xgboost.trees=30"});
  for (const char* model : {"logistic", "xgboost"})
    BOOST_TEST(found["models"][model]["intervals"]["log_loss_gain"][0].get<double>() > 0);
  const Encoded noise({.windows = 400, .depth = 0});
  const Json nothing = noise.answer("cv", {kEmbeddings, kLogistic});
  BOOST_TEST(nothing["models"]["logistic"]["intervals"]["log_loss_gain"][0].get<double>() <= 0);
}

BOOST_AUTO_TEST_CASE(features_are_the_columns_of_the_embeddings_in_the_order_of_the_rows) {
  const EncodedWindows folder;
  data::WindowTable shuffled = folder.table;
  shuffled.feature_names = {"place"};
  for (std::size_t i = 0; i < shuffled.windows; ++i) shuffled.feats.push_back(static_cast<float>(i));
  std::vector<std::uint64_t> order(shuffled.windows);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937_64(4));
  store_windows(folder.workspace.folder(), "shuffled", shuffled.chosen(order));
  folder.pretrain("tiny");
  folder.encode("tiny", "mine-tiny");
  folder.encode("tiny", "shuffled-tiny", "shuffled");
  const auto read = [&](const std::vector<std::string>& settings) {
    return work::read_evaluation_data(
        folder.workspace.folder(),
        work::load_evaluate_config(work::SplitStrategy::purged_k_fold, std::nullopt, settings).values);
  };
  const work::EvaluationData data =
      read({"data.windows=shuffled/v1", "data.embeddings=shuffled-tiny/v1", R"(data.features=["z_1*","place"])"});
  const data::EmbeddingsFile straight(folder.workspace.folder(), {"embeddings", "mine-tiny", 1});
  BOOST_TEST(
      data.features == (std::vector<std::string>{"z_1", "z_10", "z_11", "z_12", "z_13", "z_14", "z_15", "place"}),
      boost::test_tools::per_element());
  BOOST_REQUIRE(straight.dims() == 16U);
  // Rows are in the order of time, as the windows of the set that was not shuffled are.
  for (std::size_t row = 0; row < data.size(); ++row) {
    const float* const x = data.x.data() + row * 8;
    const float* const z = straight.z().data() + row * 16;
    BOOST_TEST(x[0] == z[1]);
    BOOST_TEST(std::equal(x + 1, x + 7, z + 10));
    BOOST_TEST(x[7] == static_cast<float>(row));
  }
}

BOOST_AUTO_TEST_CASE(what_does_not_belong_together_is_refused) {
  const Encoded folder;
  store_windows(folder.workspace.folder(), "other", planted_windows({.seed = 7}));
  const std::string other = folder.workspace.run("cv", EncodedWindows::call({kEmbeddings}, "1", "other")).errors;
  BOOST_TEST(holds(other, "embeddings/mine-tiny/v1 are of labeled_windows/mine/v1"), other);
  BOOST_TEST(holds(other, "data.windows is labeled_windows/other/v1"), other);
  BOOST_TEST(holds(other, "moola encode --encoder tiny-v1 --data labeled_windows/other/v1"), other);
  const std::string windows = folder.refused("cv", {kEmbeddings, R"(models.names=["prior","minirocket"])"});
  BOOST_TEST(holds(windows, "minirocket takes windows"), windows);
  BOOST_TEST(holds(folder.refused("cv", {kEmbeddings, "data.normalize=zscore"}), "data.normalize is for rows of"));
  BOOST_TEST(holds(folder.refused("cv", {kEmbeddings, "data.synthetic=more/v1"}), "data.synthetic is for rows of"));
  BOOST_TEST(holds(folder.refused("cv", {"data.embeddings=mine-tina/v1"}), "mine-tiny"));
  BOOST_TEST(holds(folder.refused("cv", {kEmbeddings, R"(data.features=["close"])"}), "no such column"));
  BOOST_TEST(
      holds(folder.refused("cv", {"data.windows=", "data.table=mine/v1", kEmbeddings}), "data.embeddings is for"));
  // Without a word of models those that take windows stay away.
  const Json found = folder.answer("cv", {kEmbeddings, "splits.folds=2", "xgboost.trees=5"});
  BOOST_TEST(!found["models"].contains("minirocket"));
  BOOST_TEST(found["models"].contains("xgboost"));
}

BOOST_AUTO_TEST_CASE(a_kept_model_is_asked_with_its_own_encoder_alone) {
  const EncodedWindows folder;
  folder.pretrain("tiny", {"windows.to=" + folder.at(0.5)});
  folder.encode("tiny", "mine-tiny");
  const Json trained = folder.answer("train", {kEmbeddings, kLogistic});
  BOOST_TEST(trained["has_verdict"] == true);
  const auto judged = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words{"latest", "--part", "test", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return folder.workspace.run("evaluate", words);
  };
  const ProcessResult result = judged({});
  BOOST_REQUIRE_MESSAGE(result.exit_code == 0, result.errors);
  const Json test = parse_json(result.output, "standard output");
  BOOST_TEST(test["has_verdict"] == true);
  BOOST_TEST(test["models"]["logistic"]["missing"] == 0);
  folder.encode("tiny", "by-last", "mine", "last");
  const ProcessResult other = judged({"--set", "data.embeddings=by-last/v1"});
  BOOST_TEST(other.exit_code == 2);
  BOOST_TEST(holds(other.errors, "learnt from what the encoder"), other.errors);
  BOOST_TEST(holds(other.errors, "(last)"), other.errors);
  const ProcessResult none = judged({"--set", "data.embeddings="});
  BOOST_TEST(none.exit_code == 2);
  BOOST_TEST(holds(none.errors, "given with no encoder"), none.errors);
}

BOOST_AUTO_TEST_SUITE_END()
