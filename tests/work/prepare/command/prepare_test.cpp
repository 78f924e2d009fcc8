// moola prepare as its users call it: what it prints, its exit codes, ranks, and signals.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <memory>

#include "base/isa.h"
#include "tests/support/messages.h"
#include "tests/work/prepare_process.h"

using namespace moola;
using namespace moola::test;

namespace {

std::vector<std::string> with(std::vector<std::string> arguments, const std::vector<std::string>& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

// A few columns of one symbol.
const std::vector<std::string> kSmall{
    "--set",  "data.bars=SYM/v1",        "--set", "features.columns=[\"rsi_14\", \"atr_14\"]",
    "--set",  "labels.horizons=[5, 20]", "--set", "splits.embargo=\"20bars\"",
    "--quiet"};

struct Sample : BarsWorkspace {
  Sample() : BarsWorkspace(walking_bars(1, 2600, true)) {}
};

}  // namespace

BOOST_AUTO_TEST_SUITE(prepare_command)

BOOST_AUTO_TEST_CASE(the_reference_page_in_docs_is_the_programs_own) {
  BOOST_TEST(run_program("moola-prepare", {"--config-reference"}).output ==
             read_file(std::filesystem::path(MOOLA_SOURCE_DIR) / "docs/reference/prepare.md"));
}

BOOST_FIXTURE_TEST_CASE(the_answer_names_the_run_the_stages_and_the_tables, Sample) {
  const Json answer = this->answer("prepare", kSmall);
  BOOST_TEST(answer["status"] == "finished");
  BOOST_TEST(answer["datasets"] == Json::array({"feature_table/SYM-5m/v1"}));
  BOOST_TEST(answer["stages"].size() == 12U);
  for (const Json& stage : answer["stages"]) {
    BOOST_TEST(stage["state"] == "made");
    BOOST_TEST(!stage["outputs"].empty());
  }
  BOOST_TEST(has("artifacts/runs/" + answer["run"].get<std::string>() + "/manifest.json"));
  BOOST_TEST(std::filesystem::exists(answer["report"].get<std::string>()));
  const Json again = this->answer("prepare", kSmall);
  BOOST_TEST(again["run"] == answer["run"]);
  for (const Json& stage : again["stages"]) BOOST_TEST(stage["state"] == "reused");
  const Json compared = this->answer("prepare", {"compare", answer["run"].get<std::string>(), "latest"});
  BOOST_TEST(compared["modified"] == 0);
  BOOST_TEST(compared["unchanged"].get<int>() > 10);
  for (const std::string& id : {std::string("bars/SYM/v1"), answer["datasets"][0].get<std::string>()})
    BOOST_TEST(run("data", {"verify", id}).exit_code == 0);
}

BOOST_FIXTURE_TEST_CASE(bad_usage_ends_with_2_and_one_paragraph, Sample) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {with(kSmall, {"--set", "labels.horizon=[5]"}), "labels.horizons"},
      {with(kSmall, {"--set", "splits.purge=59bars"}), "60bars"},
      {with(kSmall, {"--set", "data.bars=[\"SYM/v1\", \"SYM/v1\"]"}), "SYM twice"},
      {with(kSmall, {"--set", "data.bars=SIM/v1"}), "SYM"},
      {with(kSmall, {"--set", "clean.timeframe=7m"}), "clean.timeframe"},
      {with(kSmall, {"--set", "clean.timeframe=7m", "--ranks", "2"}), "clean.timeframe"},
      {with(kSmall, {"--set", "data.from=2030-01-01", "--dry-run"}), "2030-01-01"},
      {with(kSmall, {"--set", "features.columns=[\"rsi_l4\"]"}), "'rsi_14'"},
      {with(kSmall, {"--from", "label"}), "'labels'"},
      {with(kSmall, {"--resume", "nothing"}), "no runs"},
      {with(kSmall, {"--preset", "swin"}), "'swing'"},
      {with(kSmall, {"--frm", "labels"}), "--from"},
      {with(kSmall, {"--ranks", "0"}), "--ranks"},
      {{"nofile.toml"}, "nofile.toml"},
      {{}, "data.bars"},
      {{"compare", "a"}, "RUN"},
      {{"compare", "a", "b"}, "a"},
  };
  for (const auto& [arguments, part] : cases) {
    const std::string said = refusal("prepare", arguments);
    BOOST_TEST(holds(said, part), fmt::format("{}: {}", fmt::join(arguments, " "), said));
  }
  BOOST_TEST(others().empty());
}

BOOST_FIXTURE_TEST_CASE(an_error_of_a_rank_is_said_once_and_ends_all_with_2, Sample) {
  import(flat_bars(2600, 100, 5), "FLAT");
  const ProcessResult result =
      run("prepare", with(kSmall, {"--set", "data.bars=[\"SYM/v1\", \"FLAT/v1\"]", "--ranks", "2"}));
  BOOST_TEST(result.exit_code == 2);
  BOOST_TEST(result.output == "");
  BOOST_TEST(holds(result.errors, "FLAT"));
  const std::size_t first = result.errors.find("reaches a barrier");
  BOOST_TEST(first != std::string::npos, result.errors);
  BOOST_TEST(result.errors.find("reaches a barrier", first + 1) == std::string::npos, result.errors);
}

BOOST_FIXTURE_TEST_CASE(warnings_are_a_gate_where_that_is_asked_for, Sample) {
  const std::vector<std::string> rare{"--set", "validation.least_class_share=0.5"};
  BOOST_TEST(run("prepare", with(kSmall, rare)).exit_code == 0);
  BOOST_TEST(run("prepare", with(with(kSmall, rare), {"--set", "validation.strict=true"})).exit_code == 3);
  BOOST_TEST(run("prepare", with(kSmall, {"--set", "validation.strict=true", "--set", "validation.least_class_share=0",
                                          "--set", "validation.most_class_share=1", "--set", "validation.psi=1000",
                                          "--set", "validation.correlation=1"}))
                 .exit_code == 0);
}

BOOST_FIXTURE_TEST_CASE(presets_run, Sample) {
  import(walking_bars(7, 17'000, true), "LONG");
  const Json answer = this->answer("prepare", {"--preset", "day_trading", "--set", "data.bars=LONG/v1", "--set",
                                               "splits.embargo=20bars", "--to", "scaling", "--quiet"});
  BOOST_TEST(answer["status"] == "stopped");
}

BOOST_AUTO_TEST_CASE(ranks_threads_and_instruction_sets_change_no_content) {
  for (const bool together : {false, true}) {
    std::map<std::string, std::string> first;
    const auto check = [&](int ranks, const char* isa, int threads) {
      const BarsWorkspace workspace;
      for (unsigned symbol = 0; symbol < 3; ++symbol)
        workspace.import(walking_bars(20 + symbol, 2000 + 100 * symbol, true),
                         std::string(3, static_cast<char>('A' + symbol)));
      ::setenv("MOOLA_ISA", isa, 1);
      const ProcessResult result = workspace.run(
          "prepare",
          {"--set", "data.bars=[\"AAA/v1\", \"BBB/v1\", \"CCC/v1\"]", "--set", "splits.embargo=20bars", "--set",
           fmt::format("data.multi_symbol={}", together), "--set", fmt::format("parallel.threads={}", threads), "--set",
           "labels.horizons=[5, 20]", "--to", "validation", "--ranks", std::to_string(ranks), "--quiet"});
      ::unsetenv("MOOLA_ISA");
      BOOST_REQUIRE_MESSAGE(result.exit_code == 0, result.errors);
      const auto contents = prepared_contents(workspace);
      BOOST_TEST(contents.size() > 20U);
      if (first.empty()) first = contents;
      BOOST_TEST((contents == first), together << ": " << ranks << " ranks, " << isa << ", " << threads << " threads");
    };
    check(1, "v2", 1);
    check(2, "v2", 1);
    check(3, supported(Isa::v3) ? "v3" : "v2", 2);
    check(1, supported(Isa::v4) ? "v4" : "v2", 3);
  }
}

BOOST_AUTO_TEST_CASE(a_stop_signal_ends_it_with_85_and_the_same_command_goes_on) {
  const BarsWorkspace whole;
  import_two_symbols(whole);
  BOOST_REQUIRE(whole.run("prepare", prepare_call()).exit_code == 0);
  // The signal is sent once the first stage is done of both symbols and eleven are not. On a busy machine it may still
  // come too late.
  std::unique_ptr<BarsWorkspace> stopped;
  int code = 0;
  for (int attempt = 0; code == 0 && attempt < 20; ++attempt) {
    stopped = std::make_unique<BarsWorkspace>();
    import_two_symbols(*stopped);
    code = prepare_and_signal(*stopped, SIGTERM, [&] {
      for (int i = 0; i < 12'000; ++i) {
        const std::vector<std::string> files = stopped->others();
        const auto done = std::count_if(files.begin(), files.end(), [](const std::string& file) {
          return file.find("01-ingest") != std::string::npos && file.ends_with(".done.json");
        });
        if (done == 2) return;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    });
  }
  BOOST_TEST(code == 85);
  std::string run;
  for (const std::string& file : stopped->others()) {
    if (file.ends_with("/manifest.json")) run = file;
  }
  BOOST_TEST(read_json(stopped->path(run))["status"] == "stopped");
  const Json rest = stopped->answer("prepare", prepare_call());
  BOOST_TEST(run.find(rest["run"].get<std::string>()) != std::string::npos);
  BOOST_TEST(rest["stages"][0]["state"] == "reused");
  BOOST_TEST((prepared_contents(*stopped) == prepared_contents(whole)));
}

BOOST_AUTO_TEST_CASE(a_preparation_that_was_killed_ends_with_what_one_that_was_not_makes) {
  check_killed_preparations(3, 7);
}

BOOST_AUTO_TEST_SUITE_END()
