// moola sweep as users call it: to the end, again, stopped, killed, twice at once, and on what is wrong.
#include <boost/test/unit_test.hpp>
#include <fstream>

#include "base/utc_time.h"
#include "tests/support/messages.h"
#include "tests/work/sweep/sweep_workspace.h"

using namespace moola;
using namespace moola::test;
using sweep::TrialState;
namespace fs = std::filesystem;

namespace {

const char* const kSquare =
    "echo \"{\\\"value\\\": $(echo $1 | awk '{ printf \"%.17g\", $1 * $1 }')}\"\necho $MOOLA_TRIAL >> done";

// A call that is refused: exit code 2, and one paragraph on standard error that holds all of `parts`.
void check_refused(const ProcessResult& result, const std::vector<std::string>& parts) {
  BOOST_TEST(result.exit_code == 2);
  BOOST_TEST(holds_all(result.errors, parts));
  BOOST_TEST(std::ranges::count(result.errors, '\n') == 1);
  BOOST_TEST(result.errors.starts_with("moola sweep: "));
}

// Whether a process ends, or is dead and only not yet buried; `stat` is its file in /proc.
bool is_soon_gone(const std::string& stat) {
  for (int i = 0; i < 250; ++i) {
    std::ifstream in(stat);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    if (text.empty() || text.find(") Z ") != std::string::npos) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(the_command_sweep, SweepWorkspace)

BOOST_AUTO_TEST_CASE(it_runs_so_many_trials_each_once_and_then_has_nothing_to_do) {
  write_objective(kSquare);
  const ProcessResult first = run(12, {"--json", "--workers", "3"});
  BOOST_TEST(first.exit_code == 0, first.errors);
  const Json answer = parse_json(first.output, "the answer");
  BOOST_TEST(answer["status"] == "finished");
  BOOST_TEST(answer["trials"]["complete"] == 12);
  BOOST_TEST(answer["study"] == "made");
  BOOST_TEST(answer["journal"] == journal_file().string());
  std::vector<std::uint64_t> done = noted("done");
  std::ranges::sort(done);
  BOOST_TEST(done.size() == 12U);
  double least = 1e9;
  for (std::uint64_t number = 0; number < 12; ++number) {
    BOOST_TEST(done[number] == number);
    const sweep::Trial trial = journal().trials.at(number);
    BOOST_TEST(trial.values.at(0) == trial.parameters.at(0).value * trial.parameters.at(0).value);
    least = std::min(least, trial.values[0]);
  }
  BOOST_TEST(answer["best"]["value"].get<double>() == least);

  const std::string before = read_file(journal_file());
  BOOST_TEST(run(12).exit_code == 0);
  BOOST_TEST(read_file(journal_file()) == before);
  BOOST_TEST(run(15).exit_code == 0);
  BOOST_TEST(noted("done").size() == 15U);
}

BOOST_AUTO_TEST_CASE(its_answers_are_what_the_journal_says) {
  write_objective(kSquare);
  BOOST_TEST(run(5).exit_code == 0);
  const std::string workspace = folder.path().string();
  const Json shown =
      parse_json(run_program("moola-sweep", {"show", "made", "--json", "--workspace", workspace}).output, "show");
  const std::uint64_t best = shown["best"]["number"].get<std::uint64_t>();
  for (const sweep::Trial& trial : journal().trials)
    BOOST_TEST(trial.values.at(0) >= journal().trials.at(best).values.at(0));
  BOOST_REQUIRE(shown["history"].size() == 5U);
  for (std::uint64_t number = 0; number < 5; ++number) {
    const Json& told = shown["history"][number];
    const sweep::Trial trial = journal().trials[number];
    BOOST_TEST(told["number"] == number);
    BOOST_TEST(told["state"] == "COMPLETE");
    BOOST_TEST(told["values"][0].get<double>() == trial.values[0]);
    BOOST_TEST(told["params"]["x"].get<double>() == trial.parameters[0].value);
    BOOST_TEST(told["distributions"]["x"]["attributes"]["high"] == 5.0);
    BOOST_TEST(parse_utc(told["completed"].get<std::string>()) == trial.completed);
  }
  const ProcessResult toml = run_program("moola-sweep", {"best", "made", "--toml", "--workspace", workspace});
  BOOST_TEST(toml.exit_code == 0);
  BOOST_TEST(std::stod(toml.output.substr(toml.output.find('=') + 1)) ==
             journal().trials.at(best).parameters.at(0).value);
  const Json list = parse_json(run_program("moola-sweep", {"list", "--json", "--workspace", workspace}).output, "list");
  BOOST_TEST(json_text(list).find("\"made\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_stop_signal_puts_down_what_runs_and_the_next_call_ends_it) {
  // What is asked to end says that it can go on; the others sleep for a moment.
  write_objective("trap 'exit 85' TERM\nsleep 0.1\nwait\necho $MOOLA_TRIAL >> done\necho \"{\\\"value\\\": $1}\"");
  const auto process = start(30, {"--workers", "4"});
  while (noted("done").size() < 4) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  process->send(SIGTERM);
  BOOST_TEST(process->wait() == 85);
  BOOST_TEST(noted("begun").size() < 30U);
  const std::set<std::uint64_t> kept = finished();
  BOOST_TEST(kept.size() >= 4U);
  const std::size_t begun = noted("begun").size();
  const ProcessResult next = run(30, {"--workers", "4"});
  BOOST_TEST(next.exit_code == 0, next.errors);
  const std::vector<std::uint64_t> all = noted("begun");
  for (std::size_t i = begun; i < all.size(); ++i) BOOST_TEST(!kept.contains(all[i]));
  // Four at most were cut.
  BOOST_TEST(all.size() <= 34U);
  BOOST_TEST(count(TrialState::complete) == 30U);
  BOOST_TEST(journal().trials.size() == 30U);
}

BOOST_AUTO_TEST_CASE(what_trials_have_started_ends_with_a_sweep_that_is_killed) {
  // The one of trial 1 has a parent no more.
  write_objective(
      "if [ $MOOLA_TRIAL = 1 ]; then (sleep 600 & echo $! > started.1); sleep 600; fi\n"
      "sleep 600 & echo $! > started.$MOOLA_TRIAL\nwait");
  const auto process = start(2, {"--workers", "2"});
  std::vector<std::string> started;
  for (const char* file : {"started.0", "started.1"}) {
    while (!fs::exists(folder / file) || read_file(folder / file).empty())
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    started.push_back("/proc/" + std::to_string(std::stoi(read_file(folder / file))) + "/stat");
  }
  process->send_to_group(SIGKILL);
  BOOST_TEST(process->wait() == 128 + SIGKILL);
  for (const std::string& each : started) BOOST_TEST(is_soon_gone(each), each << " goes on");
}

BOOST_AUTO_TEST_CASE(two_commands_at_once_share_a_study) {
  write_objective("sleep 0.02\necho $MOOLA_TRIAL >> done\necho \"{\\\"value\\\": $1}\"");
  const auto one = start(40, {"--workers", "2"}), two = start(40, {"--workers", "2"});
  BOOST_TEST(one->wait() == 0);
  BOOST_TEST(two->wait() == 0);
  const std::vector<std::uint64_t> done = noted("done");
  BOOST_TEST(done.size() == 40U);
  BOOST_TEST((std::set(done.begin(), done.end()).size() == 40U));
  BOOST_TEST(journal().trials.size() == 40U);
  BOOST_TEST(count(TrialState::complete) == 40U);
  std::set<std::string> owners;
  for (const sweep::Trial& trial : journal().trials) {
    for (const sweep::Attribute& each : trial.system) owners.insert(each.json);
  }
  BOOST_TEST(owners.size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_workspace_may_be_a_relative_path) {
  write_objective("test -d $MOOLA_TRIAL_FOLDER && test -f $MOOLA_PARAMETERS && echo \"{\\\"value\\\": $1}\"");
  const std::string here = fs::current_path().string();
  fs::current_path(folder.path());
  const ProcessResult result =
      run_program("moola-sweep", {"sweep.toml", "--trials", "3", "--workspace", "ws/../rel", "--quiet"});
  fs::current_path(here);
  BOOST_TEST(result.exit_code == 2);  // no configuration is there yet
  config();
  const ProcessResult nowhere =
      run_program("moola-sweep", {(folder / "sweep.toml").string(), "--workspace", (folder / "rel").string()});
  check_refused(nowhere, {"rel", "no folder"});
  BOOST_TEST(!fs::exists(folder / "rel"));
  fs::create_directory(folder / "rel");
  fs::current_path(folder.path());
  const ProcessResult second =
      run_program("moola-sweep", {"sweep.toml", "--trials", "3", "--workspace", "rel", "--quiet"});
  fs::current_path(here);
  BOOST_TEST(second.exit_code == 0, second.errors);
  BOOST_TEST(sweep::read_journal(folder.path() / "rel/artifacts/studies/made/journal.log").at(0).trials.size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_space_that_makes_no_sense_is_refused_before_anything_is_written) {
  write_objective(kSquare);
  for (const auto& [wrong, parts] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"x = { float = [5.0, -5.0] }\n", {"sweep.toml", "x: the lower end 5", "above the upper end -5"}},
           {"x = { float = [0.0, 1.0], log = true }\n", {"x: log = true needs a range above 0"}},
           {"x = { float = [0.0, 1.0] }\nx = { int = [1, 2] }\n", {"sweep.toml, line", "is not TOML"}},
           {"x = { float = [0.0, 1.0] }\ny = { choice = [\"a\", \"a\"] }\n", {"y"}},
           {"y = { float = [0.0, 1.0] }\n", {"'{x}'", "no parameter"}},
           {"x = { flaot = [0.0, 1.0] }\n", {"float"}}}) {
    space = wrong;
    check_refused(run(3), parts);
  }
  BOOST_TEST(!fs::exists(study()));
}

BOOST_AUTO_TEST_CASE(a_study_whose_space_has_changed_too_much_is_refused_and_left_as_it_was) {
  space = "x = { float = [0.5, 1.0] }\n";
  write_objective(kSquare);
  BOOST_TEST(run(3).exit_code == 0);
  const std::string before = read_file(journal_file());
  space = "x = { float = [0.5, 1.0], log = true }\n";
  check_refused(run(6), {"x: the study made has trials with", "another sweep.name"});
  BOOST_TEST(read_file(journal_file()) == before);
  space = "x = { float = [0.5, 2.0] }\n";
  const ProcessResult wider = run(6);
  BOOST_TEST(wider.exit_code == 0);
  BOOST_TEST(holds(wider.errors, "the range of x has changed"));
  BOOST_TEST(count(TrialState::complete) == 6U);
}

BOOST_AUTO_TEST_CASE(a_journal_with_foreign_lines_is_refused_repaired_and_gone_on_with) {
  write_objective(kSquare);
  BOOST_TEST(run(4).exit_code == 0);
  const std::string whole = read_file(journal_file());
  const std::string repair_it = journal_file().string();
  for (const std::string rubbish :
       {"\n", "Traceback (most recent call last):\n", "{\"op_code\":99,\"worker_id\":\"w\"}\n",
        "{\"op_code\":4,\"worker_id\":\"w\",\"trial_id\n"}) {
    write_file(journal_file(), whole + rubbish);
    check_refused(run(6), {repair_it + ", line ", "moola sweep repair"});
    BOOST_TEST(read_file(journal_file()) == whole + rubbish);
    fs::remove(journal_file());
    write_file(journal_file(), whole + rubbish);
    BOOST_TEST(run_program("moola-sweep", {"repair", repair_it}).exit_code == 0);
    BOOST_TEST(read_file(journal_file()) == whole);
  }
  BOOST_TEST(run(6).exit_code == 0);
  BOOST_TEST(count(TrialState::complete) == 6U);
}

BOOST_AUTO_TEST_CASE(a_torn_line_is_cut_off_and_duplicated_ones_change_nothing) {
  write_objective(kSquare);
  BOOST_TEST(run(4).exit_code == 0);
  std::string whole = read_file(journal_file());
  const std::size_t last = whole.rfind('\n', whole.size() - 2) + 1;
  write_file(journal_file(), whole + whole.substr(last) + "{\"op_code\":6,\"worker_id\":\"dead\",\"tri");
  const ProcessResult result = run(6);
  BOOST_TEST(result.exit_code == 0, result.errors);
  BOOST_TEST(journal().trials.size() == 6U);
  BOOST_TEST(count(TrialState::complete) == 6U);
  BOOST_TEST(noted("done").size() == 6U);
  BOOST_TEST(read_file(journal_file()).find("\"dead\"") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_journal_of_another_study_keeps_it_and_gets_this_one) {
  write_objective(kSquare);
  BOOST_TEST(run(3).exit_code == 0);
  std::string other = read_file(journal_file());
  for (std::size_t at = 0; (at = other.find("\"made\"", at)) != std::string::npos;) other.replace(at, 6, "\"else\"");
  write_file(journal_file(), other);
  fs::remove_all(study() / "trials");
  BOOST_TEST(run(4).exit_code == 0);
  const std::vector<sweep::Study> studies = sweep::read_journal(journal_file());
  BOOST_REQUIRE(studies.size() == 2U);
  BOOST_TEST(studies[0].name == "else");
  BOOST_TEST(studies[0].trials.size() == 3U);
  BOOST_TEST(studies[1].trials.size() == 4U);
}

BOOST_AUTO_TEST_CASE(a_lock_that_a_dead_process_has_left_is_taken_away_after_its_time) {
  write_objective(kSquare);
  fs::create_directories(study());
  write_file(journal_file(), "");
  fs::create_symlink(journal_file(), journal_file().string() + ".lock");
  const auto began = std::chrono::steady_clock::now();
  BOOST_TEST(run(2).exit_code == 0);
  // Optuna's time: whoever holds it longer is dead.
  BOOST_TEST((std::chrono::steady_clock::now() - began >= std::chrono::seconds(30)));
  BOOST_TEST(count(TrialState::complete) == 2U);
  BOOST_TEST(!fs::exists(fs::symlink_status(journal_file().string() + ".lock")));
}

BOOST_AUTO_TEST_CASE(values_that_are_no_numbers_fail_their_trials_and_infinite_ones_are_values) {
  write_objective(
      "case $MOOLA_TRIAL in 0) v=NaN;; 1) v=Infinity;; 2) v='\"abc\"';; 3) v=-Infinity;; 4) v=null;; *) v=1;; esac\n"
      "echo \"{\\\"value\\\": $v}\"");
  const ProcessResult result = run(6, {"--json"});
  BOOST_TEST(result.exit_code == 0, result.errors);
  const sweep::Study found = journal();
  for (const std::size_t failed : {0U, 2U, 4U}) BOOST_TEST((found.trials.at(failed).state == TrialState::failed));
  for (const std::size_t complete : {1U, 3U, 5U}) BOOST_TEST((found.trials.at(complete).state == TrialState::complete));
  BOOST_TEST(parse_json(result.output, "the answer")["best"]["number"] == 3);
}

BOOST_AUTO_TEST_CASE(an_objective_that_never_gives_a_value_ends_the_sweep_with_a_paragraph) {
  write_objective("echo NaN");
  const ProcessResult result = run(200, {"--workers", "2"});
  check_refused(result,
                {"trials have failed one after the other", "such as {\"value\": 0.71}", (study() / "trials").string()});
  BOOST_TEST(journal().trials.size() < 30U);
  write_objective("echo '{\"value\": NaN}'");
  fs::remove_all(study());
  check_refused(run(3), {"all 3 trials have failed, the last because its value is NaN", "another sweep.name"});
  // Mended, it goes on with what is left.
  write_objective(kSquare);
  BOOST_TEST(run(5).exit_code == 0);
  BOOST_TEST(count(TrialState::complete) == 2U);
}

BOOST_AUTO_TEST_CASE(a_program_that_cannot_be_run_is_named_before_anything_is_written) {
  check_refused(run(3), {"there is no " + (folder / "objective.sh").string()});
  write_objective(kSquare);
  fs::permissions(folder / "objective.sh", fs::perms::owner_read | fs::perms::owner_write);
  check_refused(run(3), {(folder / "objective.sh").string(), "can't be executed", "chmod +x"});
  keys = "command = [\"no-such-program-anywhere\", \"{x}\"]\n";
  check_refused(run(3), {"no-such-program-anywhere", "PATH"});
  keys = "command = \"./objective.sh --x {x}\"\n";
  check_refused(run(3), {"one word with spaces", "command = [\"./objective.sh\", \"--x\", \"{x}\"]"});
  BOOST_TEST(!fs::exists(study()));
}

BOOST_AUTO_TEST_CASE(why_trials_fail_is_said_in_their_own_last_words) {
  write_objective("echo 'no module named torsh' >&2; printf '\\377\\n  \\n' >&2; exit 3");
  check_refused(run(3), {"all 3 trials have failed", "status 3, its last words: \xEF\xBF\xBD"});
  write_objective("echo 'first' >&2; echo 'no module named torsh' >&2; exit 3");
  fs::remove_all(study());
  check_refused(run(3), {"status 3, its last words: no module named torsh."});
  const sweep::Study failed = journal();
  for (const sweep::Attribute& each : failed.trials.at(0).user)
    BOOST_TEST((each.key != "fail_reason" || holds(each.json, "no module named torsh")));
}

BOOST_AUTO_TEST_CASE(an_inherited_command_runs_where_it_is_said) {
  write_objective(kSquare);
  fs::create_directory(folder / "mine");
  write_file(folder / "mine/own.toml", "inherit = \"../sweep.toml\"\n[sweep]\nname = \"own\"\n");
  config();
  const ProcessResult result = run_program(
      "moola-sweep", {(folder / "mine/own.toml").string(), "--trials", "2", "--workspace", folder.path().string()});
  BOOST_TEST(result.exit_code == 0, result.errors);
  BOOST_TEST(noted("done").size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_best_as_a_configuration_has_what_all_trials_had) {
  space = "x = { float = [0.5, 1.0] }\nepochs = { value = 20 }\n";
  write_objective(kSquare);
  BOOST_TEST(run(3).exit_code == 0);
  const auto toml = [&] {
    return run_program("moola-sweep", {"best", "made", "--toml", "--workspace", folder.path().string()}).output;
  };
  BOOST_TEST(holds_all(toml(), {"x = 0.", "epochs = 20\n"}));
  // Without the folders of trials there is what the journal says.
  fs::remove_all(study() / "trials");
  BOOST_TEST(holds(toml(), "x = 0."));
}

BOOST_AUTO_TEST_CASE(floods_and_forks_are_lived_with) {
  tables = "[trial]\nlog_megabytes = 1\n";
  write_objective(
      "case $MOOLA_TRIAL in\n"
      "0) head -c 50000000 /dev/zero; echo;;\n"
      "1) sleep 600 & echo $! > forked;;\n"
      "2) awk 'BEGIN { for (i = 0; i < 20000; ++i) print \"{\\\"step\\\": \" i \", \\\"value\\\": 1}\" }';;\n"
      "esac\n"
      "echo \"{\\\"value\\\": $1}\"");
  const auto began = std::chrono::steady_clock::now();
  const ProcessResult result = run(4);
  BOOST_TEST(result.exit_code == 0, result.errors);
  BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::seconds(120)));
  BOOST_TEST(count(TrialState::complete) == 4U);
  BOOST_TEST(fs::file_size(study() / "trials/000000/output.log") < 2U << 20);
  BOOST_TEST(journal().trials.at(2).reports.size() == 20'000U);
  BOOST_TEST(is_soon_gone("/proc/" + std::to_string(std::stoi(read_file(folder / "forked"))) + "/stat"));
}

BOOST_AUTO_TEST_SUITE_END()
