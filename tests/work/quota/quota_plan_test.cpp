#include "work/quota/quota_plan.h"

#include <boost/test/unit_test.hpp>
#include <random>
#include <set>

#include "base/error.h"
#include "base/file_lock.h"
#include "data/bars/bars_file.h"
#include "kept_runs.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;
using record::RunState;
namespace fs = std::filesystem;

namespace {

const std::string kEncoder(64, 'e');

QuotaPlan plan_of(const KeptRuns& kept, QuotaOptions options) {
  const record::RunList runs = record::list_runs(kept.folder.path());
  return plan_quota(stored_in(kept.folder.path()), runs, named_runs(kept.folder.path(), runs), options);
}

std::vector<std::string> runs_removed(const QuotaPlan& plan) {
  std::vector<std::string> out;
  for (const QuotaStep& step : plan.remove) {
    if (step.what == Removal::run) out.push_back(step.run);
  }
  return out;
}

std::vector<std::string> checkpoints_removed(const QuotaPlan& plan) {
  std::vector<std::string> out;
  for (const QuotaStep& step : plan.remove) {
    if (step.what == Removal::checkpoint) out.push_back(step.run.substr(17) + " " + step.path.stem().string());
  }
  return out;
}

std::string why(const QuotaPlan& plan, const std::string& name) {
  for (const QuotaStay& stay : plan.stays) {
    if (stay.name == name) return stay.why;
  }
  return "not there";
}

using Words = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(quota_plan)

BOOST_AUTO_TEST_CASE(nothing_goes_while_all_fits) {
  const KeptRuns kept;
  kept.add({.day = 1, .checkpoints = {1, 2, 3}});
  kept.add({.day = 2});
  const QuotaPlan plan = plan_of(kept, {.quota = 1'000'000'000});
  BOOST_TEST(plan.remove.empty());
  BOOST_TEST(plan.met());
  BOOST_TEST(plan.left == plan.used);
}

BOOST_AUTO_TEST_CASE(older_checkpoints_go_before_runs_and_finished_runs_give_theirs_first) {
  const KeptRuns kept;
  kept.add({.day = 1, .name = "stop", .state = RunState::stopped, .checkpoints = {10, 20}});
  kept.add({.day = 2, .name = "done", .checkpoints = {5, 10, 100'000'00}});
  kept.add({.day = 3, .name = "done", .checkpoints = {7, 8}});
  BOOST_TEST(checkpoints_removed(plan_of(kept, {.quota = 0})) ==
                 (Words{"0123abcd_done step-00000007", "0123abcd_stop step-00000010"}),
             boost::test_tools::per_element());  // those of the oldest finished run go with it
  BOOST_TEST(checkpoints_removed(plan_of(kept, {.quota = 0, .keep = 2})) ==
                 (Words{"0123abcd_done step-00000005", "0123abcd_done step-00000010", "0123abcd_done step-00000007",
                        "0123abcd_stop step-00000010"}),
             boost::test_tools::per_element());
  const std::uint64_t used = plan_of(kept, {.quota = 0}).used;
  const QuotaPlan little = plan_of(kept, {.quota = used - 1});
  BOOST_TEST(checkpoints_removed(little) == Words{"0123abcd_done step-00000005"}, boost::test_tools::per_element());
  BOOST_TEST(little.met());
}

BOOST_AUTO_TEST_CASE(a_damaged_checkpoint_is_not_the_newest) {
  const KeptRuns kept;
  const std::string id = kept.add({.checkpoints = {1, 2}});
  const fs::path folder = kept.run_path(id) / "checkpoints";
  fs::rename(folder / "step-00000002.safetensors", folder / "step-00000002.safetensors.damaged");
  BOOST_TEST(holds(plan_of(kept, {.quota = 0}).remove.at(0).path.string(), "damaged"));
  write_file(folder / "step-00000003.safetensors", "x");
  BOOST_TEST(checkpoints_removed(plan_of(kept, {.quota = 0})).size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_newest_the_unfinished_and_those_at_work_stay_and_it_is_said_why) {
  const KeptRuns kept;
  const std::string old = kept.add({.day = 1}), stopped = kept.add({.day = 2, .state = RunState::stopped}),
                    locked = kept.add({.day = 3}), newest = kept.add({.day = 4});
  const FileLock work(kept.run_path(locked) / "run.lock");
  QuotaPlan plan = plan_of(kept, {.quota = 0});
  BOOST_TEST(runs_removed(plan) == Words{old}, boost::test_tools::per_element());
  BOOST_TEST(!plan.met());
  BOOST_TEST(holds(why(plan, stopped), "--unfinished"));
  BOOST_TEST(why(plan, locked) == "at work");
  BOOST_TEST(why(plan, newest) == "the newest of its job and name");
  plan = plan_of(kept, {.quota = 0, .unfinished = true});
  BOOST_TEST(runs_removed(plan) == (Words{old, stopped}), boost::test_tools::per_element());
  BOOST_TEST(runs_removed(plan_of(kept, {.quota = 0, .keep = 4})).empty());
}

BOOST_AUTO_TEST_CASE(what_a_kept_run_descends_from_stays_and_goes_after_its_last_child) {
  const KeptRuns kept;
  const std::string a = kept.add({.day = 1}), b = kept.add({.day = 2, .parents = {{"run", a, "00"}}}),
                    c = kept.add({.day = 3, .name = "y", .parents = {{"run", b, "00"}}}), d = kept.add({.day = 4});
  QuotaPlan plan = plan_of(kept, {.quota = 0});
  BOOST_TEST(runs_removed(plan).empty());  // c is the newest of its name
  BOOST_TEST(why(plan, a) == "named by run " + b);
  kept.add({.day = 5, .name = "y"});
  plan = plan_of(kept, {.quota = 0});
  BOOST_TEST(runs_removed(plan) == (Words{c, b, a}), boost::test_tools::per_element());
  BOOST_TEST(why(plan, d) == "the newest of its job and name");
}

BOOST_AUTO_TEST_CASE(the_run_of_an_encoder_stays_for_an_evaluation_that_used_it) {
  const KeptRuns kept;
  const std::string trained = kept.add({.day = 1, .artifacts = {{"artifacts/encoders/x-v1.safetensors", 9, kEncoder}}});
  kept.add({.day = 2});
  const record::DataUse embeddings{.role = "embeddings",
                                   .id = "embeddings/x/v1",
                                   .content_sha256 = std::string(64, '1'),
                                   .sources = {{.role = "encoder", .id = "x-v1", .content_sha256 = kEncoder}}};
  const std::string evaluation = kept.add({.day = 3, .name = "cv", .data = {embeddings}});
  QuotaPlan plan = plan_of(kept, {.quota = 0});
  BOOST_TEST(runs_removed(plan).empty());
  BOOST_TEST(why(plan, trained) == "named by run " + evaluation);
}

BOOST_AUTO_TEST_CASE(data_sets_and_job_runs_hold_the_runs_that_they_name) {
  const KeptRuns kept;
  const std::string encoded = kept.add({.day = 1, .artifacts = {{"artifacts/encoders/x-v1.safetensors", 9, kEncoder}}}),
                    submitted = kept.add({.day = 2}), free = kept.add({.day = 3});
  kept.add({.day = 4});
  {
    data::DatasetWriter writer(kept.folder.path(), {"bars", "S"});
    market::Bars bars;
    bars.resize(2);
    bars.time = {60'000'000'000, 120'000'000'000};
    bars.open = bars.high = bars.low = bars.close = bars.volume = {1, 2};
    data::write_bars(writer, bars, {.symbol = "S", .bar_seconds = 60, .source_timezone = "UTC"});
    writer.manifest()["parameters"] = {{"encoder_sha256", kEncoder}};
    writer.finish();
  }
  const fs::path job = kept.folder / "artifacts/jobs/night";
  write_file(job / "logs/train.log", std::string(9'000'000, '.') + "the run is in artifacts/runs/" + submitted + ".\n");
  const QuotaPlan plan = plan_of(kept, {.quota = 0});
  BOOST_TEST(runs_removed(plan) == Words{free}, boost::test_tools::per_element());
  BOOST_TEST(why(plan, encoded) == "named by data set bars/S/v1");
  BOOST_TEST(why(plan, submitted) == "named by job run night");
  BOOST_TEST(holds(why(plan, "night"), "not deleted here"));
  BOOST_TEST(holds(why(plan, "bars/S"), "not deleted here"));
}

BOOST_AUTO_TEST_CASE(finished_trials_are_not_kept_for_their_names) {
  const KeptRuns kept;
  const std::string trial = kept.add({.day = 1, .name = "bowl-000007"}),
                    other = kept.add({.day = 2, .name = "cup-000007"});
  write_file(kept.folder / "artifacts/studies/bowl/trials/000007/output.log", "x");
  BOOST_TEST(runs_removed(plan_of(kept, {.quota = 0})) == Words{trial}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(ids_are_found_whatever_stands_around_them) {
  const record::RunSummary any;
  const std::string a = "20260101T000000Z_0123abcd_x", b = a + "-2", c = a + ".y";
  const std::map<std::string, const record::RunSummary*> known{{a, &any}, {b, &any}, {c, &any}};
  BOOST_TEST(run_ids_in("see " + a + ".", known) == Words{a}, boost::test_tools::per_element());
  BOOST_TEST(run_ids_in("/" + b + "/log " + c + ".log", known) == (Words{b, c}), boost::test_tools::per_element());
  BOOST_TEST(run_ids_in(a + "z" + b, known).size() == 1U);
  BOOST_TEST(run_ids_in("20260101T000000Z_ffffffff_x 2026", known).empty());
}

BOOST_AUTO_TEST_CASE(stage_files_that_runs_share_are_free_when_the_last_run_goes) {
  const KeptRuns kept;
  const std::string a = kept.add({.day = 1}), b = kept.add({.day = 2});
  kept.add({.day = 3});
  write_file(kept.run_path(a) / "stage.h5", std::string(400'000, 's'));
  fs::create_hard_link(kept.run_path(a) / "stage.h5", kept.run_path(b) / "stage.h5");
  const std::uint64_t used = plan_of(kept, {.quota = 0}).used;
  const QuotaPlan plan = plan_of(kept, {.quota = used - 300'000});
  BOOST_TEST(runs_removed(plan) == (Words{a, b}), boost::test_tools::per_element());
  BOOST_TEST(plan.remove.at(0).frees < 100'000U);
  BOOST_TEST(plan.remove.at(1).frees >= 400'000U);
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_no_run_is_never_touched) {
  const KeptRuns kept;
  write_file(kept.folder / "artifacts/runs/notes/mine.txt", std::string(100'000, 'x'));
  write_file(kept.folder / "elsewhere/large", std::string(100'000, 'x'));
  const QuotaPlan plan = plan_of(kept, {.quota = 0});
  BOOST_TEST(plan.remove.empty());
  BOOST_TEST(holds(why(plan, "notes"), "can't be read as a run"));
  BOOST_TEST(plan.used < 200'000U);
}

// Random families of runs and quotas: no child loses its parent, no more goes than must, and the disk agrees.
BOOST_AUTO_TEST_CASE(whatever_the_runs_a_plan_keeps_its_promises_and_the_disk_agrees) {
  std::mt19937 random(11);
  for (int turn = 0; turn < 25; ++turn) {
    const KeptRuns kept;
    std::vector<std::string> ids;
    std::map<std::string, std::vector<std::string>> parents;
    const unsigned count = 2 + random() % 12;
    for (unsigned i = 0; i < count; ++i) {
      KeptRun run{.day = static_cast<int>(i) + 1, .name = std::string(1, static_cast<char>('a' + random() % 3))};
      run.bytes = 1'000 + random() % 80'000;
      if (random() % 5 == 0) run.state = RunState::stopped;
      for (std::int64_t step = 0; step < static_cast<std::int64_t>(random() % 4); ++step)
        run.checkpoints.push_back(step);
      std::vector<std::string> own;
      for (const std::string& id : ids) {
        if (random() % 6 != 0) continue;
        own.push_back(id);
        run.parents.push_back({"run", id, "00"});
      }
      ids.push_back(kept.add(run));
      parents[ids.back()] = own;
    }
    const std::uint64_t used = use_of(stored_in(kept.folder.path())).bytes();
    const QuotaOptions options{.quota = used * (random() % 100) / 100, .keep = 1 + random() % 2};
    const QuotaPlan plan = plan_of(kept, options);
    apply_quota(kept.folder.path(), plan);

    std::uint64_t freed = 0;
    for (const QuotaStep& step : plan.remove) freed += step.frees;
    BOOST_TEST(plan.used == used);
    BOOST_TEST(plan.used - freed == plan.left);
    // Manifests that lost a line may take a block less.
    const std::uint64_t now = use_of(stored_in(kept.folder.path())).bytes();
    BOOST_TEST(now <= plan.left);
    BOOST_TEST(now + 4096 * count >= plan.left);
    // Every removal was needed. A run's own comprises its checkpoints, so only steps of plain size can be held against
    // it.
    if (!plan.remove.empty() && runs_removed(plan).empty())
      BOOST_TEST(plan.left + plan.remove.back().frees > options.quota);
    for (const std::string& id : ids) {
      if (!fs::exists(kept.run_path(id))) continue;
      for (const std::string& parent : parents[id]) BOOST_TEST(fs::exists(kept.run_path(parent)), parent);
      for (const record::Artifact& each : record::read_manifest(kept.run_path(id)).artifacts)
        BOOST_TEST(fs::exists(kept.run_path(id) / each.path), each.path);
      if (!plan.met()) BOOST_TEST(why(plan, id) != "the quota is met without it");
    }
    BOOST_TEST(plan_of(kept, options).remove.empty());  // a second call finds nothing more to do
  }
}

BOOST_AUTO_TEST_SUITE_END()
