// Going on, beginning in the middle, and what happens to artifacts that were deleted or altered.
#include <filesystem>

#include "prepared.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;
namespace fs = std::filesystem;

namespace {

const std::string kAll =
    "ingest clean features initial_labels barriers labels splits scaling datasets drift validation report";

struct Sample : BarsWorkspace {
  Sample() : BarsWorkspace(walking_bars(1, 2600, true)) {}

  work::PrepareResult prepare(const work::PrepareRequest& request = {}, const Settings& more = {}) const {
    return prepare_in(*this, small_settings(more), request);
  }
  std::string refusal(const work::PrepareRequest& request, const Settings& more = {}) const {
    return refusal_of([&] { prepare(request, more); });
  }
  std::vector<fs::path> runs() const {
    std::vector<fs::path> out;
    if (!has("artifacts/runs")) return out;
    for (const auto& entry : fs::directory_iterator(path("artifacts/runs"))) {
      if (entry.is_directory()) out.push_back(entry.path());
    }
    return out;
  }
};

// As anybody might: another byte in a file that is not meant to be written to.
void alter(const fs::path& file) {
  fs::permissions(file, fs::perms::owner_write, fs::perm_options::add);
  std::string content = read_file(file);
  content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 1);
  fs::remove(file);  // it may be a hard link to the same file of another run
  write_file(file, content);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(prepare_runner)

BOOST_FIXTURE_TEST_CASE(all_stages_are_made_in_their_order_and_the_state_says_so, Sample) {
  const auto result = prepare();
  BOOST_TEST(stages_in(result, "made") == kAll);
  BOOST_TEST(result.status == "finished");
  const Json state = read_json(result.folder / "state.json");
  std::string names;
  for (const Json& stage : state["stages"]) {
    names += (names.empty() ? "" : " ") + stage["name"].get<std::string>();
    BOOST_TEST(stage["state"] == "made");
    BOOST_TEST(!stage["outputs"].empty());
  }
  BOOST_TEST(names == kAll);
  BOOST_TEST(fs::exists(result.folder / "report.html"));
  BOOST_TEST(read_json(result.folder / "manifest.json")["status"] == "finished");
}

BOOST_FIXTURE_TEST_CASE(a_finished_run_is_handed_back_as_it_is, Sample) {
  const auto first = prepare(), again = prepare();
  BOOST_TEST(again.run == first.run);
  BOOST_TEST(runs().size() == 1U);
  BOOST_TEST(stages_in(again, "reused") == kAll);
  BOOST_TEST(again.datasets == first.datasets);
}

BOOST_FIXTURE_TEST_CASE(to_a_stage_and_then_the_same_again_goes_on_in_the_same_run, Sample) {
  const auto first = prepare({.to = "labels"});
  BOOST_TEST(first.status == "stopped");
  BOOST_TEST(!first.interrupted);
  BOOST_TEST(stages_in(first, "pending") == "splits scaling datasets drift validation report");
  BOOST_TEST(read_json(first.folder / "state.json")["stages"].back()["state"] == "pending");
  const auto rest = prepare();
  BOOST_TEST(rest.run == first.run);
  BOOST_TEST(stages_in(rest, "reused") == "ingest clean features initial_labels barriers labels");
  BOOST_TEST(stages_in(rest, "made") == "splits scaling datasets drift validation report");
  BOOST_TEST(runs().size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(from_a_stage_makes_it_and_all_after_it_again, Sample) {
  const auto first = prepare();
  const auto again = prepare({.from = "scaling"});
  BOOST_TEST(again.run != first.run);
  BOOST_TEST(stages_in(again, "reused") == "ingest clean features initial_labels barriers labels splits");
  BOOST_TEST(stages_in(again, "made") == "scaling datasets drift validation report");
  BOOST_TEST(again.datasets == first.datasets);
  for (const auto& stage : again.stages) {
    if (stage.state == "reused") BOOST_TEST((stage.reused_from == std::vector{first.run}));
  }
  const auto part = prepare({.from = "scaling", .to = "datasets"});
  BOOST_TEST(stages_in(part, "made") == "scaling datasets");
}

BOOST_FIXTURE_TEST_CASE(from_a_stage_whose_forerunners_are_not_done_is_refused_and_makes_no_run, Sample) {
  std::string said = refusal({.from = "labels"});
  BOOST_TEST(holds(said, "--from labels"));
  BOOST_TEST(holds(said, "--from ingest"));
  BOOST_TEST(runs().size() == 0U);
  prepare({.to = "features"});
  said = refusal({.from = "labels"});
  BOOST_TEST(holds(said, "initial_labels"));
  BOOST_TEST(stages_in(prepare({.from = "initial_labels", .to = "labels"}), "made") ==
             "initial_labels barriers labels");
  // Another configuration has done none of it from clean on.
  BOOST_TEST(holds(refusal({.from = "labels"}, {"clean.max_fill=\"0s\""}), "--from clean"));
}

BOOST_FIXTURE_TEST_CASE(stages_that_are_none_or_in_the_wrong_order_are_refused, Sample) {
  BOOST_TEST(holds(refusal({.from = "scalin"}), "'scaling'"));
  BOOST_TEST(holds(refusal({.to = "cleaning"}), "'clean'"));
  const std::string said = refusal({.from = "labels", .to = "clean"});
  BOOST_TEST(holds(said, "--from labels"));
  BOOST_TEST(holds(said, "ingest, clean, features"));
  BOOST_TEST(holds(refusal({.from = "labels", .fresh = true}), "--fresh"));
  BOOST_TEST(runs().size() == 0U);
}

BOOST_FIXTURE_TEST_CASE(fresh_makes_everything_again_in_a_new_run, Sample) {
  const auto first = prepare(), second = prepare({.fresh = true});
  BOOST_TEST(second.run != first.run);
  BOOST_TEST(stages_in(second, "made") == kAll);
}

BOOST_FIXTURE_TEST_CASE(a_dry_run_says_what_would_be_done_and_writes_nothing, Sample) {
  const auto nothing = prepare({.dry_run = true});
  BOOST_TEST(stages_in(nothing, "to do") == kAll);
  BOOST_TEST(others().empty());
  prepare();
  const auto before = others();
  const auto all = prepare({.dry_run = true});
  BOOST_TEST(stages_in(all, "reuse") == kAll.substr(0, kAll.rfind(' ')));
  BOOST_TEST(stages_in(all, "to do") == "report");
  const auto some = prepare({.dry_run = true}, {"scaling.clip=3"});
  BOOST_TEST(stages_in(some, "to do") == "scaling datasets drift validation report");
  const auto from = prepare({.from = "drift", .dry_run = true});
  BOOST_TEST(stages_in(from, "to do") == "drift validation report");
  const auto to = prepare({.to = "clean", .fresh = true, .dry_run = true});
  BOOST_TEST(stages_in(to, "to do") == "ingest clean");
  BOOST_TEST((others() == before));
}

BOOST_FIXTURE_TEST_CASE(resume_goes_on_with_that_run_and_no_other, Sample) {
  const auto first = prepare({.to = "clean"});
  prepare({.to = "clean", .fresh = true});
  const auto rest = prepare({.resume = first.run});
  BOOST_TEST(rest.run == first.run);
  BOOST_TEST(rest.status == "finished");
  BOOST_TEST(holds(refusal({.resume = first.run}, {"scaling.clip=3"}), first.run));
  BOOST_TEST(holds(refusal({.resume = "20190101T000000Z_none"}), "20190101T000000Z_none"));
}

BOOST_FIXTURE_TEST_CASE(a_stage_that_fails_is_in_the_state_with_its_reason_and_the_rest_waits, Sample) {
  // Barriers that no price reaches: all rows are neutral, which the splits refuse.
  const Settings far{"barriers.optimise=false", "labels.up=[90, 90]", "labels.down=[90, 0.5]",
                     "labels.max_bars=[5, 20]"};
  const std::string said = refusal({}, far);
  BOOST_TEST(said != "");
  BOOST_REQUIRE(runs().size() == 1U);
  const fs::path run = runs()[0];
  const Json state = read_json(run / "state.json");
  std::string made, failed, pending;
  for (const Json& stage : state["stages"]) {
    const std::string name = stage["name"].get<std::string>(), what = stage["state"].get<std::string>();
    (what == "made" ? made : what == "failed" ? failed : pending) += name + " ";
    if (what == "failed") BOOST_TEST(stage["reason"] == said);
  }
  BOOST_TEST(made + failed + pending == kAll + " ");
  BOOST_TEST((failed == "labels " || failed == "splits "), failed);
  const Json manifest = read_json(run / "manifest.json");
  BOOST_TEST(manifest["status"] == "failed");
  BOOST_TEST(manifest["reason"] == said);
  BOOST_TEST(!has("data/feature_table"));
}

BOOST_FIXTURE_TEST_CASE(what_was_deleted_is_made_again, Sample) {
  const auto first = prepare({.to = "validation"});
  fs::remove(stage_output(first, "labels", "SYM.h5"));
  const auto again = prepare({.to = "validation"});
  BOOST_TEST(again.run == first.run);
  BOOST_TEST(stages_in(again, "made") == "labels");
  BOOST_TEST(fs::exists(stage_output(first, "labels", "SYM.h5")));
}

BOOST_FIXTURE_TEST_CASE(what_was_deleted_of_a_finished_run_is_made_again_in_a_new_one, Sample) {
  const auto first = prepare();
  fs::remove(stage_output(first, "scaling", "SYM-5m.json"));
  const auto again = prepare();
  BOOST_TEST(again.run != first.run);
  BOOST_TEST(stages_in(again, "made") == "scaling report");
}

BOOST_FIXTURE_TEST_CASE(a_table_that_was_deleted_is_made_again, Sample) {
  const auto first = prepare();
  const fs::path table = path("data/feature_table/SYM-5m/v1.h5");
  const std::string content = read_file(table);
  fs::remove(table);
  const auto again = prepare();
  BOOST_TEST(stages_in(again, "made") == "datasets report");
  BOOST_TEST(again.datasets.size() == 1U);
  BOOST_TEST(has("data/" + again.datasets[0] + ".h5"));
}

BOOST_FIXTURE_TEST_CASE(what_was_deleted_is_an_error_where_exactly_that_was_to_go_on, Sample) {
  const auto stopped = prepare({.to = "labels"});
  fs::remove(stage_output(stopped, "clean", "SYM.h5"));
  std::string said = refusal({.resume = stopped.run});
  BOOST_TEST(holds(said, stage_output(stopped, "clean", "SYM.h5").string()));
  BOOST_TEST(holds(said, "without --resume"));
  said = refusal({.from = "splits"});
  BOOST_TEST(holds(said, "--from splits"));
  BOOST_TEST(holds(said, "--from clean"));
  BOOST_TEST(prepare({.to = "labels"}).run == stopped.run);  // plainly: it is made again
}

BOOST_FIXTURE_TEST_CASE(a_finished_run_of_which_something_is_gone_is_not_resumed, Sample) {
  const auto finished = prepare();
  fs::remove(stage_output(finished, "clean", "SYM.h5"));
  BOOST_TEST(holds(refusal({.resume = finished.run}), "without --resume"));
  BOOST_TEST(runs().size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(what_was_altered_is_an_error_that_names_the_file_and_the_way_out, Sample) {
  for (const bool finished : {false, true}) {
    const auto run = prepare({.to = finished ? "" : "labels", .fresh = true});
    const fs::path file = stage_output(run, "features", "SYM.h5");
    const std::string content = read_file(file);
    alter(file);
    const std::string said = refusal({});
    BOOST_TEST(holds(said, file.string()));
    BOOST_TEST(holds(said, "--fresh"));
    BOOST_TEST(said.find('\n') == std::string::npos);
    BOOST_TEST(holds(refusal({.resume = run.run}), file.string()));
    fs::permissions(file, fs::perms::owner_write, fs::perm_options::add);
    write_file(file, content);  // back as it was: the way out
    BOOST_TEST(prepare().run == run.run);
    alter(file);
    BOOST_TEST(stages_in(prepare({.fresh = true}), "made") == kAll);  // the other way out
  }
}

BOOST_FIXTURE_TEST_CASE(what_stages_have_made_is_read_only_and_can_be_replaced_and_removed, Sample) {
  const auto check = [&](const work::PrepareResult& result) {
    for (const work::StageResult& stage : result.stages) {
      for (const std::string& output : stage.outputs) {
        const fs::path file = output.starts_with("data/") ? fs::path(path(output)) : result.folder / output;
        BOOST_TEST(static_cast<unsigned>(fs::status(file).permissions()) == 0444U, file);
      }
    }
  };
  const auto first = prepare();
  check(first);
  const auto second = prepare({}, {"scaling.clip=3"});
  BOOST_TEST(fs::hard_link_count(stage_output(second, "clean", "SYM.h5")) == 2U);
  check(second);
  check(prepare({.from = "labels"}));
  check(prepare({.fresh = true}));
  BOOST_TEST(fs::remove_all(first.folder) > 0U);
  BOOST_TEST(prepare({}, {"scaling.clip=3"}).run == second.run);
  // A file in the way of a stage that is made again in the same run.
  const auto part = prepare({.to = "labels"}, {"barriers.seed=5"});
  fs::remove(stage_output(part, "labels", "SYM.h5"));
  const auto rest = prepare({.to = "labels"}, {"barriers.seed=5"});
  BOOST_TEST(rest.run == part.run);
  check(rest);
}

BOOST_FIXTURE_TEST_CASE(an_altered_artifact_of_an_earlier_run_is_not_taken_over, Sample) {
  const auto first = prepare({.to = "clean"});
  alter(stage_output(first, "clean", "SYM.h5"));
  const auto other = prepare({.to = "features"}, {"scaling.clip=3"});
  BOOST_TEST(stages_in(other, "made") == "clean features");
  BOOST_TEST(stages_in(other, "reused") == "ingest");
}

BOOST_FIXTURE_TEST_CASE(bars_that_were_altered_are_refused_by_the_first_stage, Sample) {
  const fs::path bars = path("data/bars/SYM/v1.h5");
  fs::permissions(bars, fs::perms::owner_write, fs::perm_options::add);
  std::string content = read_file(bars);
  const std::size_t at = content.size() * 3 / 4;
  for (std::size_t i = at; i < at + 64; ++i) content[i] = static_cast<char>(content[i] ^ 0x55);
  write_file(bars, content);
  const std::string said = refusal({});
  BOOST_TEST(holds(said, "SYM/v1"));
  BOOST_TEST(!has("data/feature_table"));
}

BOOST_AUTO_TEST_SUITE_END()
