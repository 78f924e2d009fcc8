// moola sweep report as users call it, and what a sweep leaves at its end.
#include <boost/test/unit_test.hpp>

#include "tests/support/messages.h"
#include "tests/work/sweep/page_reader.h"
#include "tests/work/sweep/sweep_workspace.h"

using namespace moola;
using namespace moola::test;
namespace fs = std::filesystem;

namespace {

const char* const kSquare = "echo \"{\\\"value\\\": $(echo $1 | awk '{ printf \"%.17g\", $1 * $1 }')}\"";

ProcessResult report(const std::vector<std::string>& words) {
  std::vector<std::string> all{"report"};
  all.insert(all.end(), words.begin(), words.end());
  return run_program("moola-sweep", all);
}

ReadPage read_page(const fs::path& file) {
  ReadPage out = PageReader(read_file(file)).read();
  for (const std::string& problem : out.problems) BOOST_TEST(problem == "");
  return out;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(the_report_of_a_sweep, SweepWorkspace)

BOOST_AUTO_TEST_CASE(a_sweep_leaves_it_at_its_end_and_the_command_writes_the_same) {
  write_objective(kSquare);
  BOOST_TEST(run(8, {"--workers", "2"}).exit_code == 0);
  const std::string page = read_file(study() / "report.html"), json = read_file(study() / "report.json");
  BOOST_TEST(holds(read_page(study() / "report.html").text.at(""), "8 trials: 8 complete."));
  fs::remove(study() / "report.html");
  fs::remove(study() / "report.json");
  const std::string workspace = folder.path().string();
  const ProcessResult again = report({"made", "--workspace", workspace});
  BOOST_TEST(again.exit_code == 0, again.errors);
  BOOST_TEST(again.output == (study() / "report.html").string() + "\n");
  BOOST_TEST(read_file(study() / "report.html") == page);
  BOOST_TEST(read_file(study() / "report.json") == json);
  BOOST_TEST(report({"made", "--json", "--workspace", workspace}).output == json);
  const fs::path elsewhere = folder / "elsewhere.html";
  BOOST_TEST(report({"made", "--out", elsewhere.string(), "--workspace", workspace}).exit_code == 0);
  BOOST_TEST(read_file(elsewhere) == page);
}

BOOST_AUTO_TEST_CASE(a_sweep_in_which_all_fails_leaves_one_that_says_why) {
  write_objective("exit 3");
  BOOST_TEST(run(4).exit_code == 2);
  const ReadPage page = read_page(study() / "report.html");
  BOOST_TEST(holds(page.text.at(""), "No trial is complete. 4 trials: 4 failed."));
  BOOST_TEST(page.text.contains("failures"));
}

BOOST_AUTO_TEST_CASE(a_journal_of_optunas_has_one_too) {
  const fs::path journals = fs::path(MOOLA_SOURCE_DIR) / "tests/sweep/journals";
  for (const char* const writer : {"optuna-3.6.2", "optuna-4.9.0", "optuna-5.0.0", "rustuna-0.2.0"}) {
    const Json expected = read_json(journals / fmt::format("{}.json", writer));
    for (const Json& study : expected["studies"]) {
      const fs::path out = folder / "page.html";
      const ProcessResult done = report({(journals / fmt::format("{}.log", writer)).string(), "--study",
                                         study["name"].get<std::string>(), "--out", out.string(), "--json"});
      BOOST_REQUIRE_MESSAGE(done.exit_code == 0, done.errors);
      std::map<std::string, std::uint64_t> states;
      for (const Json& trial : study["trials"]) ++states[trial["state"].get<std::string>()];
      const Json facts = parse_json(done.output, "report.json");
      BOOST_TEST(facts["trials"]["complete"] == states["COMPLETE"]);
      BOOST_TEST(facts["trials"]["pruned"] == states["PRUNED"]);
      BOOST_TEST(facts["trials"]["failed"] == states["FAIL"]);
      BOOST_TEST(facts["trials"]["running"] == states["RUNNING"]);
      BOOST_TEST(facts["trials"]["waiting"] == states["WAITING"]);
      const ReadPage page = read_page(out);
      BOOST_TEST(holds(page.text.at(""), fmt::format("{} complete", states["COMPLETE"])));
      BOOST_TEST(holds(page.text.at("honesty"), "DSR and PBO do not apply"));
    }
  }
}

BOOST_AUTO_TEST_CASE(of_a_journal_from_elsewhere_it_must_be_said_where_to) {
  const fs::path journal = fs::path(MOOLA_SOURCE_DIR) / "tests/sweep/journals/optuna-4.9.0.log";
  const ProcessResult refused = report({journal.string(), "--study", "mixed"});
  BOOST_TEST(refused.exit_code == 2);
  BOOST_TEST(holds_all(refused.errors, {journal.string(), "no folder for its report", "--out report.html"}));
  BOOST_TEST(report({"nowhere", "--workspace", folder.path().string()}).exit_code == 2);
}

BOOST_AUTO_TEST_SUITE_END()
