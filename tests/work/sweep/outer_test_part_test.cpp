// Which sweeps are refused for the outer test part.
#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "base/utc_time.h"
#include "data/tables/embeddings_file.h"
#include "data/tables/feature_table_file.h"
#include "tests/support/messages.h"
#include "tests/work/bars_workspace.h"
#include "work/sweep/honesty/outer_test.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;

namespace {

// 60 days of a table whose labels end six days after their rows.
struct OuterTest {
  BarsWorkspace workspace;

  OuterTest() {
    std::string csv = "time,x,label,t1\n";
    const std::int64_t first = parse_utc("2020-01-01"), day = 86'400'000'000'000;
    for (std::int64_t i = 0; i < 60; ++i)
      csv += fmt::format("{},{},{},{}\n", utc_text(first + i * day), i % 7, i % 2 == 0 ? 1 : -1,
                         utc_text(first + (i + 6) * day));
    write_file(workspace.path("table.csv"), csv);
    const ProcessResult imported =
        workspace.run("data", {"import", "table", workspace.path("table.csv"), "--name", "mine", "--horizon", "6",
                               "--symbol-name", "SYM", "--t1", "t1", "--label", "label"});
    BOOST_REQUIRE_MESSAGE(imported.exit_code == 0, imported.errors);
  }

  void check(const std::string& data, const std::string& honesty, const std::string& space = "",
             const std::string& metric = "models.logistic.scores.log_loss") const {
    write_file(workspace.path("job.toml"), "[data]\ntable = \"mine/v1\"\n" + data);
    write_file(workspace.path("sweep.toml"),
               fmt::format("[sweep]\nname = \"s\"\njob = \"walk-forward\"\nconfig = \"job.toml\"\nmetric = \"{}\"\n"
                           "[honesty]\n{}\n[sweep.space]\nlogistic.c = {{ float = [0.1, 1.0] }}\n{}\n",
                           metric, honesty, space));
    check_outer_test(load_sweep_config(workspace.path("sweep.toml"), {}), workspace.folder());
  }
  void check_job(const std::string& job, const std::string& toml, const std::string& honesty) const {
    write_file(workspace.path("job.toml"), toml);
    write_file(workspace.path("sweep.toml"),
               fmt::format("[sweep]\nname = \"s\"\njob = \"{}\"\nconfig = \"job.toml\"\nmetric = \"x\"\n"
                           "[honesty]\n{}\n[sweep.space]\nlogistic.c = {{ float = [0.1, 1.0] }}\n",
                           job, honesty));
    check_outer_test(load_sweep_config(workspace.path("sweep.toml"), {}), workspace.folder());
  }
  std::string job_refusal(const std::string& job, const std::string& toml, const std::string& honesty) const {
    return refusal_of([&] { check_job(job, toml, honesty); });
  }
  std::string refusal(const std::string& data, const std::string& honesty, const std::string& space = "") const {
    return refusal_of([&] { check(data, honesty, space); });
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(rows_and_labels_that_reach_into_the_outer_test_part_are_refused, OuterTest) {
  const std::string from = "test_from = \"2020-02-01\"";
  // The label of the row of 26 January ends on 1 February.
  BOOST_TEST(
      holds_all(refusal("", from), {"depends on prices up to 2020-02-01", "data.to = \"2020-01-26T00:00:00Z\""}));
  BOOST_TEST(holds(refusal("to = \"2020-02-01\"\n", from), "the label of the row of 2020-01-26"));
  BOOST_CHECK_NO_THROW(check("to = \"2020-01-26\"\n", from));
  BOOST_TEST(holds(refusal("to = \"2020-01-27\"\n", from), "2020-01-26"));
  BOOST_CHECK_NO_THROW(check("", ""));
}

BOOST_FIXTURE_TEST_CASE(purge_and_embargo_keep_further_away, OuterTest) {
  const std::string part = "test_from = \"2020-02-01\"\ntest_to = \"2020-02-10\"";
  BOOST_TEST(
      holds(refusal("to = \"2020-01-26\"\n[splits]\npurge = \"10d\"\n", part), "nearer to it than splits.purge"));
  BOOST_CHECK_NO_THROW(check("to = \"2020-01-22\"\n[splits]\npurge = \"10d\"\n", part));
  BOOST_CHECK_NO_THROW(check("from = \"2020-02-10\"\n", part));
  BOOST_TEST(holds(refusal("from = \"2020-02-09\"\n", part), "data.from = \"2020-02-10T00:00:00Z\""));
  BOOST_TEST(holds(refusal("from = \"2020-02-10\"\n[splits]\nembargo = \"2bars\"\n", part),
                   "data.from = \"2020-02-12T00:00:00Z\""));
}

BOOST_FIXTURE_TEST_CASE(any_trial_that_would_touch_it_is_enough, OuterTest) {
  const std::string from = "test_from = \"2020-02-01\"";
  BOOST_TEST(holds(refusal("to = \"2020-01-20\"\n", from, "data.to = { choice = [\"2020-01-20\", \"2020-02-20\"] }"),
                   "data.to = \"2020-02-20\""));
  BOOST_CHECK_NO_THROW(check("to = \"2020-02-20\"\n", from, "data.to = { choice = [\"2020-01-20\", \"2020-01-22\"] }"));
}

BOOST_FIXTURE_TEST_CASE(a_metric_of_a_test_part_is_refused, OuterTest) {
  BOOST_TEST(holds(refusal_of([&] { check("", "", "", "sealed.rows"); }), "is of a test part"));
}

BOOST_FIXTURE_TEST_CASE(what_looks_back_into_the_outer_test_part_is_refused, OuterTest) {
  const std::string part = "test_from = \"2020-02-01\"\ntest_to = \"2020-02-10\"";
  const std::string behind = "from = \"2020-02-10\"\n", bars = "[splits]\nlook_back = \"3bars\"\n";
  BOOST_TEST(holds_all(refusal(behind + bars, part), {"looks back into it", "data.from = \"2020-02-13T00:00:00Z\""}));
  BOOST_CHECK_NO_THROW(check("from = \"2020-02-13\"\n" + bars, part));
  BOOST_TEST(holds(refusal(behind + "[splits]\nlook_back = \"36h\"\n", part), "2020-02-12T00:00:00Z"));
  // A window of 5 rows ends with the one that decides.
  const std::string models = "window = 5\n[models]\nnames = [\"prior\", \"minirocket\"]\n";
  BOOST_TEST(holds(refusal(behind + models, part), "data.from = \"2020-02-14T00:00:00Z\""));
  BOOST_CHECK_NO_THROW(check("from = \"2020-02-14\"\n" + models, part));
  BOOST_CHECK_NO_THROW(check(behind + "window = 5\n[models]\nnames = [\"logistic\"]\n", part));
}

BOOST_FIXTURE_TEST_CASE(a_pretraining_keeps_out_by_what_it_excludes, OuterTest) {
  const std::string part = "test_from = \"2020-02-01\"\ntest_to = \"2020-02-10\"";
  const auto excluding = [](const std::string& list) { return "[windows]\nexclude = [" + list + "]\n"; };
  BOOST_TEST(holds(job_refusal("pretrain", "[windows]\nlength = 5\n", part), "windows.to"));
  BOOST_CHECK_NO_THROW(check_job("pretrain", excluding("\"2020-01-31/2020-02-11\""), part));
  BOOST_CHECK_NO_THROW(check_job("pretrain", excluding("\"2020-02-05/2020-02-10\", \"2020-02-01/2020-02-05\""), part));
  BOOST_TEST(holds(job_refusal("pretrain", excluding("\"2020-02-01/2020-02-09\""), part), "do not keep out"));
  BOOST_TEST(holds(job_refusal("pretrain", excluding("\"2020-02-01/2020-02-04\", \"2020-02-05/2020-02-10\""), part),
                   "keep out"));
  BOOST_CHECK_NO_THROW(
      check_job("pretrain", "[windows]\nto = \"2020-02-05\"\nexclude = [\"2020-02-01/2020-02-05\"]\n", part));
  BOOST_CHECK_NO_THROW(check_job("pretrain", "[windows]\nto = \"2020-02-01\"\n", "test_from = \"2020-02-01\""));
}

BOOST_FIXTURE_TEST_CASE(an_encoder_that_is_trained_for_every_split_is_held_against_it_too, OuterTest) {
  const std::string part = "test_from = \"2020-02-01\"";
  const std::string job =
      "[data]\nwindows = \"w/v1\"\nto = \"2020-01-20\"\nencoder = \"pretrain.toml\"\n[fit]\nrefit = [\"encoder\"]\n";
  write_file(workspace.path("pretrain.toml"), "[windows]\nlength = 5\n");
  BOOST_TEST(holds(job_refusal("cv", job, part), "windows.to"));
  BOOST_CHECK_NO_THROW(check_job("walk-forward", job, part));  // which trains it on what comes before its test part
  write_file(workspace.path("pretrain.toml"), "[windows]\nlength = 5\nto = \"2020-01-20\"\n");
  BOOST_CHECK_NO_THROW(check_job("cv", job, part));
}

BOOST_FIXTURE_TEST_CASE(an_encoder_that_has_seen_the_outer_test_part_is_refused, OuterTest) {
  const auto embeddings = [&](const std::string& name, const Json& seen, const Json& selected_on) {
    data::write_embeddings(
        workspace.folder(),
        {.name = name,
         .info = {.data = {.id = {"labeled_windows", "w", 1}, .content_sha256 = std::string(64, 'a')},
                  .encoder = "e-v1",
                  .encoder_sha256 = std::string(64, 'b'),
                  .pooling = "mean",
                  .seen = seen,
                  .selected_on = selected_on},
         .dims = 1,
         .z = {1, 2}});
  };
  const auto span = [](const char* from, const char* to) {
    return Json::array({{{"symbol", "SYM"}, {"times", Json::array({Json::array({from, to})})}}});
  };
  const auto found = [&](const std::string& name) {
    return job_refusal("cv", "[data]\nwindows = \"w/v1\"\nto = \"2020-01-20\"\nembeddings = \"" + name + "/v1\"\n",
                       "test_from = \"2020-02-01\"\ntest_to = \"2020-03-01\"");
  };
  embeddings("before", span("2020-01-01T00:00:00Z", "2020-02-01T00:00:00Z"), Json::array());
  BOOST_TEST(found("before") == "");
  embeddings("after", span("2020-03-01T00:00:00Z", "2020-04-01T00:00:00Z"), Json::array());
  BOOST_TEST(found("after") == "");
  embeddings("across", span("2020-01-01T00:00:00Z", "2020-02-01T00:00:01Z"), Json::array());
  BOOST_TEST(holds_all(found("across"), {"the encoder of embeddings/across/v1", "2020-02-01"}));
  embeddings("chosen", span("2020-01-01T00:00:00Z", "2020-01-15T00:00:00Z"),
             span("2020-02-10T00:00:00Z", "2020-02-11T00:00:00Z"));
  BOOST_TEST(holds(found("chosen"), "embeddings/chosen/v1"));
}

BOOST_FIXTURE_TEST_CASE(barriers_that_were_fitted_on_the_outer_test_part_are_refused, OuterTest) {
  const auto table = [&](const std::string& name, const data::FittedPart& part) {
    data::TableRows rows;
    data::HorizonColumns labels{.horizon = 6};
    for (std::int64_t i = 0; i < 20; ++i) {
      const std::int64_t time = parse_utc("2020-01-01") + i * 86'400'000'000'000;
      rows.time.push_back(time);
      rows.segment.push_back(0);
      labels.label.push_back(i % 2 == 0 ? 1 : -1);
      labels.t1.push_back(time);
    }
    rows.horizons.push_back(std::move(labels));
    data::DatasetWriter writer(workspace.folder(), {"feature_table", name});
    data::write_feature_table(writer, rows, {.feature_names = {"x"}, .symbols = {"SYM"}, .fitted = {part}},
                              [](std::uint64_t, std::uint64_t, std::span<double> out) { std::ranges::fill(out, 0.5); });
    writer.finish();
  };
  const auto found = [&](const std::string& name, const std::string& more = "") {
    return job_refusal("cv", "[data]\ntable = \"" + name + "/v1\"\n" + more, "test_from = \"2020-02-01\"");
  };
  const std::int64_t early = parse_utc("2020-01-01"), edge = parse_utc("2020-02-01");
  table("inside", {.name = "barriers", .seen = {{early, edge}}});
  BOOST_TEST(holds_all(found("inside"), {"the barriers of feature_table/inside/v1", "2020-02-01"}));
  table("outside", {.name = "barriers", .seen = {{early, edge - 1}}});
  BOOST_TEST(found("outside") == "");
  table("weighed", {.name = "weights", .seen = {{early, edge}}});
  BOOST_TEST(found("weighed") == "");  // and not used
  BOOST_TEST(holds(found("weighed", "[fit]\nweights = \"table\"\n"), "the weights of"));
}
