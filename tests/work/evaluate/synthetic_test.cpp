// Synthetic windows in evaluations: learnt from beside their sources, and nothing else.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "data/store/hdf5.h"
#include "data/synthetic/import_synthetic.h"
#include "data/windows/labelled_windows.h"
#include "tests/data/jittered_windows.h"
#include "tests/support/messages.h"
#include "tests/work/evaluate/window_folder.h"
#include "work/evaluate/folds/fitted_model.h"
#include "work/evaluate/rows/evaluation_splits.h"

using namespace moola;
using namespace moola::test;
using data::GeneratorFit;
using data::SyntheticWindows;

namespace {

constexpr std::size_t kWindows = 240;

struct SyntheticFolder : WindowFolder {
  data::WindowTable real;

  explicit SyntheticFolder(const data::WindowTable& table = planted_windows()) : WindowFolder(table), real(table) {}

  // As synthetic_cache/NAME/v1, whatever they are like.
  void store(const std::string& name, const SyntheticWindows& made, data::SyntheticImport options = {}) const {
    write_file(workspace.path(name + ".npz"), npz_of(made));
    options.of = "mine/v1";
    options.allow_different = true;
    static_cast<void>(data::import_synthetic(workspace.folder(), workspace.path(name + ".npz"), options));
  }
  void store_augmented(const std::string& name, const SyntheticWindows& made) const {
    store(name, made, {.fit = GeneratorFit::nothing});
  }
};

// Probabilities of a fold, by configuration and split.
std::vector<float> fold_of(const Json& answer, std::size_t configuration, std::size_t split) {
  const auto folder = std::filesystem::path(answer["report"].get<std::string>()).parent_path() / "folds";
  return data::hdf5::File::open(folder / fmt::format("{:04}-{:05}.h5", configuration, split)).read<float>("proba");
}

// The windows with their labels turned round: what learns from them learns the opposite.
SyntheticWindows poison(const data::WindowTable& real, const std::vector<std::size_t>& rows, std::size_t copies = 3) {
  SyntheticWindows out = jittered(real, rows, {.copies = copies});
  for (std::int32_t& label : out.y) label = 1 - label;
  return out;
}

bool any_holds(const Json& list, const std::string& words) {
  return std::ranges::any_of(list, [&](const Json& each) { return holds(each.get<std::string>(), words); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(synthetic_rows)

BOOST_AUTO_TEST_CASE(copies_of_test_rows_with_their_labels_change_no_prediction_of_them) {
  const SyntheticFolder folder;
  // Five folds of 48 windows: everything that is synthetic is made from what the third tests.
  folder.store_augmented("leak", jittered(folder.real, rows_from(96, 144), {.noise = 0, .copies = 20}));
  const Json plain = folder.answer("cv", kWindowModels);
  const Json leaky = folder.answer("cv", with(kWindowModels, {"data.synthetic=leak/v1"}));
  BOOST_TEST(leaky["models"]["logistic"]["by_split"]["synthetic_rows"][2] == 0);
  for (const std::size_t configuration : {0U, 1U, 2U}) {
    BOOST_TEST(fold_of(plain, configuration, 2) == fold_of(leaky, configuration, 2), boost::test_tools::per_element());
    // On the others they are learnt from.
    if (configuration == 0) continue;
    const auto one = fold_of(plain, configuration, 0), other = fold_of(leaky, configuration, 0);
    BOOST_TEST((one != other));
  }
}

BOOST_AUTO_TEST_CASE(rows_made_from_what_is_tested_or_sealed_leave_a_training_as_it_is) {
  const SyntheticFolder folder;
  // The last 72 are validation and test part; what is purged between them and the train part is no source either.
  folder.store_augmented("late", jittered(folder.real, rows_from(168, 240), {.noise = 0, .copies = 5}));
  const std::vector<std::string> settings = with(kWindowModels, {"splits.embargo=0bars"});
  const Json plain = folder.answer("train", settings);
  const Json late = folder.answer("train", with(settings, {"data.synthetic=late/v1"}));
  BOOST_TEST(plain["folds_sha256"] == late["folds_sha256"]);
  BOOST_TEST(any_holds(late["warnings"], "no synthetic row of synthetic_cache/late/v1 is made from a row"));
  BOOST_TEST(late["has_verdict"] == true);
}

BOOST_AUTO_TEST_CASE(synthetic_rows_stand_beside_rows_that_are_fitted_on_and_nowhere_else) {
  const SyntheticFolder folder;
  folder.store_augmented("all", jittered(folder.real, rows_from(0, kWindows), {.copies = 2}));
  for (const auto strategy : {work::SplitStrategy::purged_k_fold, work::SplitStrategy::walk_forward,
                              work::SplitStrategy::combinatorial, work::SplitStrategy::chronological}) {
    const work::LoadedEvaluateConfig config =
        work::load_evaluate_config(strategy, std::nullopt, {"data.windows=mine/v1", "data.synthetic=all/v1"});
    const work::EvaluationData data = work::read_evaluation_data(folder.workspace.folder(), config.values);
    BOOST_TEST(data.size() == kWindows);
    BOOST_TEST(data.synthetic.size() == 2 * kWindows);
    const work::EvaluationSplits splits = work::make_splits(config, data);
    for (const validation::Split& split : splits.splits) {
      const work::FoldRows rows = work::fold_rows(
          data, split,
          {.held_out = 0.4, .early_stopping = true, .calibration = true, .synthetic = true, .sealed = splits.sealed});
      BOOST_TEST(rows.synthetic.size() == 2 * rows.fit.size());
      for (const std::size_t row : rows.synthetic) {
        const auto source = static_cast<std::size_t>(data.synthetic.source[row - data.size()]);
        BOOST_TEST_REQUIRE(std::ranges::binary_search(rows.fit, source));
        BOOST_TEST_REQUIRE(data.synthetic.label[row - data.size()] == data.label[source]);
      }
      for (const auto* part : {&rows.fit, &rows.early_stopping, &rows.calibration, &rows.test}) {
        for (const std::size_t row : *part) BOOST_TEST_REQUIRE(row < data.size());
      }
      BOOST_TEST(!rows.early_stopping.empty());
      BOOST_TEST(!rows.calibration.empty());
      BOOST_TEST(work::fold_rows(data, split, {}).synthetic.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(sources_are_rows_of_the_set_in_whatever_order_its_windows_lie) {
  const data::WindowTable table = planted_windows();
  std::vector<std::uint64_t> order(table.windows);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937_64(8));
  const SyntheticFolder folder(table.chosen(order));
  folder.store_augmented("all", jittered(folder.real, rows_from(0, kWindows), {.noise = 0, .copies = 1}));
  const work::LoadedEvaluateConfig config = work::load_evaluate_config(
      work::SplitStrategy::purged_k_fold, std::nullopt,
      {"data.windows=mine/v1", "data.synthetic=all/v1", "data.from=2019-01-01T10:00", "data.to=2019-01-02T12:00"});
  const work::EvaluationData data = work::read_evaluation_data(folder.workspace.folder(), config.values);
  BOOST_TEST(data.size() < kWindows);
  BOOST_TEST(data.synthetic.size() == data.size());
  BOOST_TEST(data.synthetic.left_out == kWindows - data.size());
  BOOST_TEST(data.x.size() == 2 * data.size() * data.features.size());
  // Without noise each is its source, value by value.
  for (std::size_t i = 0; i < data.synthetic.size(); ++i) {
    const auto source = static_cast<std::size_t>(data.synthetic.source[i]);
    const auto at = [&](std::size_t row) {
      return std::span(data.x).subspan(data.position[row] * data.features.size(), data.features.size());
    };
    BOOST_TEST_REQUIRE(std::ranges::equal(at(source), at(data.size() + i)));
    BOOST_TEST_REQUIRE(data.synthetic.label[i] == data.label[source]);
  }
}

BOOST_AUTO_TEST_CASE(models_learn_from_synthetic_rows_and_baselines_do_not) {
  const SyntheticFolder folder;
  folder.store_augmented("poison", poison(folder.real, rows_from(0, kWindows)));
  const Json plain = folder.answer("cv", kWindowModels);
  const Json poisoned = folder.answer("cv", with(kWindowModels, {"data.synthetic=poison/v1"}));
  const auto accuracy = [](const Json& found, const char* part, const char* model) {
    return found[part][model]["scores"]["accuracy"].get<double>();
  };
  BOOST_TEST(accuracy(plain, "models", "logistic") > 0.8);
  BOOST_TEST(accuracy(poisoned, "models", "logistic") < 0.3);
  BOOST_TEST(accuracy(poisoned, "models", "minirocket") < 0.3);
  BOOST_TEST((plain["baselines"]["prior"]["scores"] == poisoned["baselines"]["prior"]["scores"]));
  BOOST_TEST(poisoned["baselines"]["prior"]["by_split"]["synthetic_rows"] == Json({0, 0, 0, 0, 0}));
}

BOOST_AUTO_TEST_CASE(the_weight_of_synthetic_rows_says_how_much_they_count) {
  const SyntheticFolder folder;
  folder.store_augmented("poison", poison(folder.real, rows_from(0, kWindows)));
  double before = 0;
  for (const char* weight : {"0.001", "0.1", "0.5", "10"}) {
    const Json found = folder.answer("cv", {R"(models.names=["prior","logistic"])", "data.synthetic=poison/v1",
                                            fmt::format("data.synthetic_weight={}", weight)});
    const double loss = found["models"]["logistic"]["scores"]["log_loss"].get<double>();
    BOOST_TEST(loss > before);
    before = loss;
  }
  BOOST_TEST(before > 1);
}

BOOST_AUTO_TEST_CASE(a_synthetic_row_weighs_its_source_or_the_mean_where_it_has_none) {
  work::EvaluationData data;
  data.time.assign(10, 0);
  data.synthetic.label = {0, 1, 0};
  data.synthetic.source = {7, 2, -1};
  const work::FoldRows rows{.fit = {2, 4, 7}, .synthetic = {10, 11, 12}};
  BOOST_TEST(work::synthetic_weights(data, rows, {0.2, 0.3, 1.0}, 2) == (std::vector<double>{2, 0.4, 1}),
             boost::test_tools::per_element());
  BOOST_TEST(work::synthetic_weights(data, rows, {}, 0.5) == (std::vector<double>{0.5, 0.5, 0.5}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(scales_are_those_of_the_real_rows) {
  const SyntheticFolder folder;
  SyntheticWindows wild = jittered(folder.real, rows_from(0, kWindows), {.copies = 1});
  for (std::size_t i = 0; i < wild.x.size(); ++i) {
    const std::size_t window = i / 80;
    wild.x[i] = wild.x[window * 80] * std::pow(wild.x[i] / wild.x[window * 80], 50.0F);
  }
  folder.store_augmented("wild", wild);
  const auto config = [](std::vector<std::string> settings) {
    settings.emplace_back("data.windows=mine/v1");
    return work::load_evaluate_config(work::SplitStrategy::purged_k_fold, std::nullopt, settings);
  };
  const work::LoadedEvaluateConfig plain = config({}), more = config({"data.synthetic=wild/v1"});
  const work::EvaluationData alone = work::read_evaluation_data(folder.workspace.folder(), plain.values),
                             beside = work::read_evaluation_data(folder.workspace.folder(), more.values);
  const std::vector<std::size_t> fit = rows_from(0, 100);
  work::FoldFeatures one(alone, plain.values, 1), other(beside, more.values, 1);
  const models::ModelKind& kind = models::find_model("logistic");
  const std::span<const float> a = one.wanted(kind, fit), b = other.wanted(kind, fit);
  BOOST_TEST(b.size() == 2 * a.size());
  BOOST_TEST(std::ranges::equal(a, b.first(a.size())));
}

BOOST_AUTO_TEST_CASE(what_a_generator_has_seen_keeps_its_rows_from_the_splits_that_test_it) {
  const SyntheticFolder folder;
  SyntheticWindows made = jittered(folder.real, rows_from(0, 100));
  made.source.assign(made.size(), -1);
  // Up to the middle of the second of five folds.
  folder.store("gan", made, {.seen = {{folder.real.t0[0], folder.real.t1[70]}}});
  const Json found = folder.answer("cv", with(kWindowModels, {"data.synthetic=gan/v1"}));
  BOOST_TEST(found["models"]["logistic"]["by_split"]["synthetic_rows"] == Json({0, 0, 200, 200, 200}));
  BOOST_TEST(found["has_verdict"] == true);
  BOOST_TEST(any_holds(found["warnings"], "on 2 of 5 splits no synthetic row is learnt from: the generator of"));
  BOOST_TEST(any_holds(found["notes"], "models learn from 0 to 200 of 200 synthetic rows"));
  const Json plain = folder.answer("cv", kWindowModels);
  for (const std::size_t split : {0U, 1U})
    BOOST_TEST(fold_of(plain, 1, split) == fold_of(found, 1, split), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_moment_is_enough_to_have_seen_a_test_part) {
  const SyntheticFolder folder;
  SyntheticWindows made = jittered(folder.real, rows_from(0, kWindows), {.copies = 1});
  const std::int64_t last = *std::ranges::max_element(folder.real.t1);
  for (const auto& [name, seen, rows] : {std::tuple("ends", data::FittedPart::Seen{last, last}, 0),
                                         {"behind", data::FittedPart::Seen{last + 1, last + 9}, 1}}) {
    folder.store(name, made, {.seen = {seen, {folder.real.t0[0], folder.real.t0[0]}}});
    const Json found = folder.answer(
        "cv", {R"(models.names=["prior","logistic"])", "splits.folds=4", fmt::format("data.synthetic={}/v1", name)});
    const Json& by_split = found["models"]["logistic"]["by_split"]["synthetic_rows"];
    BOOST_TEST(by_split[0] == 0);  // it tests the first window
    BOOST_TEST(by_split[1].get<int>() > 100);
    BOOST_TEST((by_split[3].get<int>() > 100) == (rows == 1));
  }
}

BOOST_AUTO_TEST_CASE(a_generator_that_has_seen_the_sealed_part_gives_a_training_nothing) {
  const SyntheticFolder folder;
  const SyntheticWindows made = jittered(folder.real, rows_from(0, 100));
  folder.store("sealed", made, {.seen = {{folder.real.t0[230], folder.real.t1[239]}}});
  folder.store("past", made, {.seen = {{folder.real.t0[0], folder.real.t1[100]}}});
  const std::vector<std::string> settings{R"(models.names=["prior","logistic"])"};
  const Json sealed = folder.answer("train", with(settings, {"data.synthetic=sealed/v1"})),
             past = folder.answer("train", with(settings, {"data.synthetic=past/v1"}));
  BOOST_TEST(sealed["models"]["logistic"]["by_split"]["synthetic_rows"] == Json({0}));
  BOOST_TEST(past["models"]["logistic"]["by_split"]["synthetic_rows"][0].get<int>() > 100);
}

BOOST_AUTO_TEST_CASE(a_kept_model_knows_what_the_generator_of_its_rows_has_seen) {
  const SyntheticFolder folder;
  store_windows(folder.workspace.folder(), "other", planted_windows({.seed = 5}));
  const SyntheticWindows made = jittered(folder.real, rows_from(0, 100));
  // A year before and a year after all windows here.
  constexpr std::int64_t kYear = std::int64_t{365} * 24 * 60 * kMinute;
  folder.store("gan", made, {.seen = {{kBegin - kYear, kBegin - kYear + kMinute}}});
  folder.store("nobody", made, {});
  const std::vector<std::string> settings{R"(models.names=["prior","logistic"])"};
  const auto judged = [&](std::vector<std::string> more, const data::WindowTable& later) {
    store_windows(folder.workspace.folder(), "later", later);
    more.insert(more.end(), {"--quiet"});
    return folder.workspace.run("evaluate", more);
  };
  static_cast<void>(folder.answer("train", with(settings, {"data.synthetic=gan/v1", "run.name=with-gan"})));
  data::WindowTable seen = planted_windows({.seed = 6}), unseen = seen;
  for (std::size_t i = 0; i < seen.windows; ++i) {
    seen.t0[i] -= kYear;
    seen.t1[i] -= kYear;
    unseen.t0[i] += kYear;
    unseen.t1[i] += kYear;
  }
  const ProcessResult refused = judged({"latest", "--data", "later/v1"}, seen);
  BOOST_TEST(refused.exit_code == 2);
  BOOST_TEST(holds(refused.errors, "share a moment with what logistic was fitted on"));
  BOOST_TEST(judged({"latest", "--data", "later/v2"}, unseen).exit_code == 0);
  const Json doubted = folder.answer("train", with(settings, {"data.synthetic=nobody/v1", "run.name=nobody"}));
  BOOST_TEST(doubted["has_verdict"] == false);
  const Json found = parse_json(
      folder.workspace.run("evaluate", {doubted["run"].get<std::string>(), "--part", "val", "--quiet", "--json"})
          .output,
      "standard output");
  BOOST_TEST(found["has_verdict"] == false);
  BOOST_TEST(any_holds(found["contamination"], "nobody knows what that was fitted on"));
}

BOOST_AUTO_TEST_CASE(a_generator_of_which_nothing_is_known_takes_the_verdict) {
  const SyntheticFolder folder;
  const SyntheticWindows made = jittered(folder.real, rows_from(0, kWindows));
  folder.store("nobody", made);
  folder.store_augmented("told", made);
  const std::vector<std::string> settings{R"(models.names=["prior","logistic"])", "splits.folds=2"};
  const Json found = folder.answer("cv", with(settings, {"data.synthetic=nobody/v1"}));
  BOOST_TEST(found["has_verdict"] == false);
  BOOST_TEST(any_holds(found["contamination"], "synthetic_cache/nobody/v1 was made by 'nobody', and nobody knows"));
  BOOST_TEST(folder.answer("cv", with(settings, {"data.synthetic=told/v1"}))["has_verdict"] == true);
}

BOOST_AUTO_TEST_CASE(rows_of_another_distribution_take_the_verdict_and_say_so) {
  const SyntheticFolder folder;
  folder.store_augmented("noise", jittered(folder.real, rows_from(0, kWindows), {.noise = 0.01}));
  const Json found =
      folder.answer("cv", {R"(models.names=["prior","logistic"])", "splits.folds=2", "data.synthetic=noise/v1"});
  BOOST_TEST(found["has_verdict"] == false);
  BOOST_TEST(found["contamination"].empty());
  BOOST_TEST(holds(found["verdict"].get<std::string>(), "unlike the real ones"));
  BOOST_TEST(any_holds(found["warnings"], "synthetic_cache/noise/v1 is of another distribution than"));
}

BOOST_AUTO_TEST_CASE(the_number_of_ranks_changes_no_bit_of_what_is_learnt_from_synthetic_rows) {
  std::vector<std::string> hashes, contents;
  for (const char* ranks : {"1", "2"}) {
    const SyntheticFolder folder(planted_windows({.windows = 120}));
    folder.store_augmented("made", jittered(folder.real, rows_from(0, 120)));
    const Json found = folder.answer(
        "cv", with(kWindowModels, {"data.synthetic=made/v1", "splits.folds=3", "fit.calibration=temperature"}), ranks);
    hashes.push_back(found["folds_sha256"]);
    contents.push_back(
        read_file(std::filesystem::path(found["report"].get<std::string>()).parent_path() / "results.json"));
  }
  BOOST_TEST(hashes[0] == hashes[1]);
  BOOST_TEST(contents[0] == contents[1]);
}

BOOST_AUTO_TEST_CASE(the_run_and_its_page_name_the_synthetic_rows) {
  const SyntheticFolder folder;
  folder.store("made", jittered(folder.real, rows_from(0, 100)),
               {.generator = "jitter & more", .fit = GeneratorFit::nothing});
  const Json found =
      folder.answer("cv", {R"(models.names=["prior","logistic"])", "splits.folds=2", "data.synthetic=made/v1"});
  BOOST_TEST(found["synthetic"]["id"] == "synthetic_cache/made/v1");
  BOOST_TEST(found["synthetic"]["rows"] == 200);
  const std::filesystem::path run = std::filesystem::path(found["report"].get<std::string>()).parent_path();
  const std::string page = read_file(run / "report.html"), manifest = read_file(run / "manifest.json");
  BOOST_TEST(holds(page, "synthetic rows learnt from"));
  BOOST_TEST(holds(page, "jitter &amp; more"));
  BOOST_TEST(holds(manifest, "synthetic_cache/made/v1"));
}

BOOST_AUTO_TEST_CASE(synthetic_rows_that_do_not_belong_here_are_refused) {
  const SyntheticFolder folder;
  const SyntheticWindows made = jittered(folder.real, rows_from(0, kWindows), {.copies = 1});
  folder.store_augmented("made", made);
  store_windows(folder.workspace.folder(), "mine", planted_windows({.seed = 9}));  // v2
  const std::string said = folder.refused({"data.windows=mine/v2", "data.synthetic=made/v1"});
  BOOST_TEST(holds(said, "was made from labeled_windows/mine/v1"));
  BOOST_TEST(holds(said, "data.windows is labeled_windows/mine/v2"));
  BOOST_TEST(holds(folder.refused({"data.synthetic=maed/v1"}), "Did you mean 'made'?"));
  BOOST_TEST(holds(folder.refused({"data.synthetic_weight=2"}), "data.synthetic, which names nothing"));
  BOOST_TEST(holds(folder.refused({"data.synthetic=made/v1", "data.synthetic_weight=0"}), "0.001"));
  BOOST_TEST(holds(folder.refused({"data.windows=", "data.table=x/v1", "data.synthetic=made/v1"}),
                   "data.synthetic is for rows of data.windows"));
  BOOST_TEST(holds(folder.refused({"splits.name=mine", "data.synthetic=made/v1"}), "splits.name"));

  data::WindowTable featured = planted_windows();
  featured.feature_names = {"range"};
  featured.feats.assign(featured.windows, 1.0F);
  const SyntheticFolder other(featured);
  other.store_augmented("made", made);
  BOOST_TEST(holds(other.refused({"data.synthetic=made/v1"}), "'range' first"));
  BOOST_TEST(other.answer("cv", {R"(models.names=["prior","logistic"])", "data.synthetic=made/v1", "splits.folds=2",
                                 R"(data.exclude=["range"])"})["has_verdict"] == true);
}

BOOST_AUTO_TEST_SUITE_END()
