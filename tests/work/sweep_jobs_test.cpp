// moola sweep over pretraining: trials of several ranks that are given up, put down and gone on with; and sweeps that a
// launcher of ranks has started.
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <set>
#include <thread>

#include "base/json.h"
#include "sweep/journal/journal_reader.h"
#include "tests/work/pretrain_workspace.h"
#include "tests/work/signalled_process.h"

using namespace moola;
using namespace moola::test;
using sweep::TrialState;

namespace {

// Each trial is a training of the smallest encoder.
struct EncoderSweep : Workspace {
  fs::path study = path / "artifacts/studies/tiny", journal_file = study / "journal.log";
  std::string settings = R"("train.max_steps=10")";  // of all trials
  std::string further;                               // tables of the sweep

  std::vector<std::string> sweep_call(int trials, const std::vector<std::string>& more = {}) const {
    write_file(path / "sweep.toml", fmt::format("[sweep]\nname = \"tiny\"\njob = \"pretrain\"\nconfig = \"tiny.toml\"\n"
                                                "metric = \"holdout_loss\"\nsampler = \"random\"\nsettings = [{}]\n{}\n"
                                                "[sweep.space]\ntrain.lr = {{ float = [1e-4, 1e-2], log = true }}\n",
                                                settings, further));
    std::vector<std::string> out{
        (path / "sweep.toml").string(), "--trials", std::to_string(trials), "--workspace", path.string(), "--quiet"};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  sweep::Study journal() const { return sweep::read_journal(journal_file).at(0); }
  fs::path trial(int number) const { return study / "trials" / fmt::format("{:06}", number); }
  /// What the trainings have come to, in no order.
  std::multiset<std::string> trained() const {
    std::multiset<std::string> out;
    for (const fs::path& run : runs())
      out.insert(sha256_of_file(run / "encoder.safetensors") + sha256_of_file(run / "metrics.jsonl"));
    return out;
  }
};

// How many processes of that name have `folder` among their words.
int processes_in(const std::string& name, const fs::path& folder) {
  int out = 0;
  for (const auto& each : fs::directory_iterator("/proc")) {
    std::ifstream in(each.path() / "cmdline", std::ios::binary);
    const std::string words((std::istreambuf_iterator<char>(in)), {});
    out += words.find(name) != std::string::npos && words.find(folder.string()) != std::string::npos ? 1 : 0;
  }
  return out;
}

// Whether all ranks of trainings in `folder` end, or have.
bool ranks_are_soon_gone(const fs::path& folder) {
  for (int i = 0; i < 1000; ++i) {
    if (processes_in("moola-pretrain-rank", folder) == 0) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sweeps_over_jobs, EncoderSweep)

BOOST_AUTO_TEST_CASE(a_stopped_sweep_goes_on_from_the_checkpoints_of_its_trials) {
  settings = R"("train.max_steps=120", "train.epochs=1000", "train.patience=0")";
  const auto has_checkpoint = [&] {
    for (const fs::path& run : runs()) {
      if (fs::exists(run / "checkpoints") && !fs::is_empty(run / "checkpoints")) return true;
    }
    return false;
  };
  const int code = run_and_signal("moola-sweep", sweep_call(2, {"--workers", "1"}), SIGTERM, [&] {
    while (!has_checkpoint()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
  BOOST_TEST(code == 85);
  const sweep::Study stopped = journal();
  BOOST_REQUIRE(stopped.trials.size() == 1U);
  BOOST_TEST((stopped.trials[0].state == TrialState::running));
  BOOST_TEST(!fs::exists(trial(0) / "result.json"));
  BOOST_REQUIRE(runs().size() == 1U);
  BOOST_TEST(!fs::exists(runs().front() / "encoder.safetensors"));

  const ProcessResult next = run_program("moola-sweep", sweep_call(2, {"--workers", "1"}));
  BOOST_TEST(next.exit_code == 0, next.errors);
  const sweep::Study ended = journal();
  BOOST_REQUIRE(ended.trials.size() == 2U);
  for (const sweep::Trial& each : ended.trials) {
    BOOST_TEST((each.state == TrialState::complete));
    // It was put down in order: no attempt is counted.
    for (const sweep::Attribute& said : each.user) BOOST_TEST(said.key != "attempts");
  }
  BOOST_TEST(ended.trials[0].started == stopped.trials[0].started);
  BOOST_TEST((ended.trials[0].parameters == stopped.trials[0].parameters));
  BOOST_TEST(runs().size() == 2U);

  EncoderSweep whole;
  whole.settings = settings;
  BOOST_REQUIRE(run_program("moola-sweep", whole.sweep_call(2, {"--workers", "1"})).exit_code == 0);
  BOOST_TEST((trained() == whole.trained()));
  for (std::size_t i = 0; i < 2; ++i) BOOST_TEST(ended.trials[i].values[0] == whole.journal().trials[i].values[0]);
}

BOOST_AUTO_TEST_CASE(a_trial_of_several_ranks_is_given_up_at_a_step_and_none_of_them_stays) {
  // Longer than any test: only a verdict ends it.
  settings = R"("train.max_steps=10000000", "train.epochs=1000000", "train.patience=0")";
  further = "pruner = \"threshold\"\n[pruner]\nupper = [0.0]\n[workers]\nranks = 2\ncount = 1\n";
  const ProcessResult result = run_program("moola-sweep", sweep_call(2, {"--json"}));
  BOOST_TEST(result.exit_code == 0, result.errors);
  for (const sweep::Trial& each : journal().trials) {
    BOOST_TEST((each.state == TrialState::pruned));
    BOOST_REQUIRE(!each.reports.empty());
    BOOST_TEST(each.values.at(0) == each.reports.back().value);
  }
  BOOST_TEST(parse_json(result.output, "the answer")["trials"]["pruned"] == 2);
  BOOST_TEST(ranks_are_soon_gone(path));
}

BOOST_AUTO_TEST_CASE(a_killed_sweep_takes_the_ranks_of_its_trials_with_it) {
  settings = R"("train.max_steps=10000000", "train.epochs=1000000", "train.patience=0")";
  further = "[workers]\nranks = 2\ncount = 1\n";
  const int code = run_and_signal("moola-sweep", sweep_call(1), SIGKILL, [&] {
    while (runs().empty() || processes_in("moola-pretrain-rank", path) < 2)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
  });
  BOOST_TEST(code == 128 + SIGKILL);
  BOOST_TEST(ranks_are_soon_gone(path));
  // The same trial, trained by another attempt.
  settings = R"("train.max_steps=10", "train.epochs=1000000", "train.patience=0")";
  const ProcessResult next = run_program("moola-sweep", sweep_call(1));
  BOOST_TEST(next.exit_code == 0, next.errors);
  BOOST_TEST(journal().trials.size() == 1U);
  BOOST_TEST((journal().trials.at(0).state == TrialState::complete));
}

BOOST_AUTO_TEST_CASE(four_processes_of_one_launcher_share_a_study_and_one_of_them_speaks) {
  write_file(path / "own.toml",
             "[sweep]\nname = \"own\"\nsampler = \"random\"\ntrials = 24\n"
             "command = [\"sh\", \"-c\", \"sleep 0.05; echo $MOOLA_TRIAL >> done; echo '{{\\\"value\\\": 1}}'\"]\n"
             "[sweep.space]\nx = { float = [0, 1] }\n");
  const ProcessResult result = run_process({"mpirun", "-q", "--allow-run-as-root", "--oversubscribe", "--bind-to",
                                            "none", "-n", "4", program("moola-sweep"), (path / "own.toml").string(),
                                            "--workspace", path.string(), "--json", "--quiet", "--workers", "1"});
  BOOST_TEST(result.exit_code == 0, result.errors);
  const Json answer = parse_json(result.output, "the one answer");
  BOOST_TEST(answer["trials"]["complete"] == 24);
  std::multiset<int> done;
  std::ifstream in(path / "done");
  for (int number = 0; in >> number;) done.insert(number);
  BOOST_TEST(done.size() == 24U);
  for (int number = 0; number < 24; ++number) BOOST_TEST(done.count(number) == 1U);
  std::set<std::string> workers;
  const fs::path own = path / "artifacts/studies/own";
  BOOST_TEST(sweep::read_journal(own / "journal.log").at(0).trials.size() == 24U);
  for (const auto& each : fs::directory_iterator(own / "workers")) workers.insert(each.path().filename().string());
  BOOST_TEST(workers.size() == 4U);
}

BOOST_AUTO_TEST_SUITE_END()
