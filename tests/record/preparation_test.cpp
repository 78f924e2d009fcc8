#include "record/preparation.h"

#include <boost/test/unit_test.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "record/run_folder.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::test;

namespace {

// A run of moola prepare that a signal stopped, or a stage's failure, after features.
record::RunSummary stopped_run(const TemporaryFolder& workspace, const std::string& third, const Json& parameters) {
  record::Run run = record::open_run(workspace.path(), {.job = "prepare",
                                                        .name = "TX-5m",
                                                        .config_text = "[data]\nbars = [\"TX/v1\"]\n",
                                                        .config_identity = "[data]\n",
                                                        .data = {}});
  write_file(run.path() / "state.json",
             json_text({{"stages",
                         {{{"name", "ingest"}, {"state", "reused"}, {"seconds", 0.1}, {"reused_from", {"other"}}},
                          {{"name", "clean"},
                           {"state", "made"},
                           {"seconds", 2.5},
                           {"outputs", {"stages/02-clean/TX.h5", "stages/02-clean/TX.json"}}},
                          {{"name", "validation"}, {"state", third}},
                          {{"name", "report"}, {"state", "pending"}}}}}));
  run.manifest().parameters = parameters;
  run.finish(record::RunState::stopped, Json::object(), "");
  return record::summarize(run.path());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(preparations)

BOOST_AUTO_TEST_CASE(a_preparation_has_its_stages_tables_and_warnings) {
  const TemporaryFolder workspace;
  const record::RunSummary run =
      stopped_run(workspace, "made", {{"datasets", {"feature_table/TX-5m/v1"}}, {"warnings", {"rsi_14 never moves."}}});
  BOOST_TEST(record::is_preparation(run));
  const record::Preparation found = record::read_preparation(run);
  BOOST_TEST(found.stages.size() == 4U);
  BOOST_TEST(found.stages_done() == 3U);
  BOOST_TEST(found.stage() == "validation");
  BOOST_TEST(found.validated());
  BOOST_TEST(found.tables.at(0) == "feature_table/TX-5m/v1");
  const std::string text = record::preparation_text(found);
  for (const char* part :
       {"feature_table/TX-5m/v1", "rsi_14 never moves.", "1 warning\n", "stages/02-clean/TX.h5 and 1"})
    BOOST_TEST(holds(text, part));
  const std::string row = record::preparation_table({run});
  for (const char* part : {"3 of 4", "validation", "feature_table/TX-5m/v1", "stopped"}) BOOST_TEST(holds(row, part));
  BOOST_TEST(row.find("loss") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_stage_that_failed_is_where_it_came_to) {
  const TemporaryFolder workspace;
  const record::Preparation found = record::read_preparation(stopped_run(workspace, "failed", Json::object()));
  BOOST_TEST(found.stage() == "validation");
  BOOST_TEST(found.stages_done() == 2U);
  BOOST_TEST(!found.validated());
}

BOOST_AUTO_TEST_CASE(one_without_a_stage_has_come_nowhere) {
  const TemporaryFolder workspace;
  const record::RunSummary run = stopped_run(workspace, "pending", Json::object());
  BOOST_TEST(record::read_preparation(run).stage() == "clean");
  std::filesystem::remove(run.path / "state.json");
  BOOST_TEST(record::read_preparation(run).stage() == "-");
  BOOST_TEST(record::preparation_text(record::read_preparation(run)) == "");
}

BOOST_AUTO_TEST_CASE(a_state_that_is_none_is_an_error_and_leaves_a_list_whole) {
  const TemporaryFolder workspace;
  const record::RunSummary run = stopped_run(workspace, "made", Json::object());
  write_file(run.path / "state.json", "{\"stages\": [1]}");
  BOOST_TEST(holds(refusal_of([&] { record::read_preparation(run); }), "state.json"));
  BOOST_TEST(holds(record::preparation_table({run}), run.path.filename().string()));
}

BOOST_AUTO_TEST_SUITE_END()
