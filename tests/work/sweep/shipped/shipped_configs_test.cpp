// What comes with moola sweep: configs/sweep, and the page of its keys.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "base/atomic_file.h"
#include "base/json.h"
#include "base/toml.h"
#include "sweep/samplers/sampler_table.h"
#include "tests/jobs/program.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"
#include "work/sweep/config/sweep_config.h"
#include "work/sweep/trials/trial_program.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;

namespace fs = std::filesystem;

namespace {

const fs::path kShipped = fs::path(MOOLA_SOURCE_DIR) / "configs/sweep";

std::vector<fs::path> shipped_files() {
  std::vector<fs::path> out;
  for (const fs::directory_entry& each : fs::directory_iterator(kShipped)) {
    if (each.path().extension() == ".toml") out.push_back(each.path());
  }
  std::ranges::sort(out);
  return out;
}

std::vector<std::string> names_of(const sweep::ConfiguredSpace& space) {
  std::vector<std::string> out;
  for (const sweep::SpaceParameter& each : space.space.parameters()) out.push_back(each.name);
  for (const sweep::NamedValue& each : space.fixed) out.push_back(each.name);
  return out;
}

// Both ends of everything, and some points between them.
std::vector<sweep::Point> points_of(const sweep::SearchSpace& space) {
  std::vector<sweep::Point> out;
  for (const double share : {0.0, 1.0}) {
    sweep::Point point;
    for (const sweep::SpaceParameter& each : space.parameters()) {
      point.push_back(std::visit(
          [&](const auto& kind) {
            if constexpr (requires { kind.choices; })
              return share * static_cast<double>(kind.choices.size() - 1);
            else
              return static_cast<double>(share == 0 ? kind.low : kind.high);
          },
          each.distribution));
    }
    space.deactivate(point);
    out.push_back(std::move(point));
  }
  const auto sampler = sweep::make_sampler("random", {.space = &space});
  const sweep::History nothing(space, 1);
  for (std::uint64_t number = 0; number < 4; ++number) out.push_back(*sampler->ask(nothing, number));
  return out;
}

TrialValues values_of(const sweep::ConfiguredSpace& space, const sweep::Point& point) {
  TrialValues out;
  for (std::size_t i = 0; i < point.size(); ++i) {
    const sweep::SpaceParameter& each = space.space[i];
    if (!std::isnan(point[i])) out.emplace_back(each.name, sweep::outer(each.distribution, point[i]));
  }
  for (const sweep::NamedValue& each : space.fixed) out.emplace_back(each.name, each.value);
  return out;
}

// What a resolved configuration has under a key, as TOML; of a list with one element, that.
std::string value_under(const toml::table& config, const std::string& key) {
  const std::size_t dot = key.find('.');
  const auto node = config[key.substr(0, dot)][key.substr(dot + 1)];
  const toml::node* value = node.is_array() && node.as_array()->size() == 1 ? node.as_array()->get(0) : node.node();
  if (value == nullptr) return "nothing";
  if (const auto number = value->value<double>()) return sweep::toml_text(sweep::ParameterValue(*number));
  return sweep::toml_text(sweep::ParameterValue(value->value<std::string>().value_or("neither number nor text")));
}

std::string as_read(const sweep::ParameterValue& value) {
  const std::int64_t* whole = std::get_if<std::int64_t>(&value);
  return sweep::toml_text(whole == nullptr ? value : sweep::ParameterValue(static_cast<double>(*whole)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(shipped_sweeps)

BOOST_AUTO_TEST_CASE(the_reference_page_is_that_of_the_program) {
  BOOST_TEST(run_program("moola-sweep", {"--config-reference"}).output ==
             read_file(fs::path(MOOLA_SOURCE_DIR) / "docs/reference/sweep.md"));
}

BOOST_AUTO_TEST_CASE(a_trial_of_each_job_is_a_configuration_that_the_job_takes) {
  const TemporaryFolder workspace;
  std::size_t jobs = 0;
  for (const fs::path& file : shipped_files()) {
    const LoadedSweepConfig config = load_sweep_config(file, {});
    const std::string& job = config.values.sweep.job;
    if (job.empty()) continue;
    ++jobs;
    const TrialProgram trials(config.values, names_of(config.space), config.folder, workspace.path());
    for (const sweep::Point& point : points_of(config.space.space)) {
      const TrialValues values = values_of(config.space, point);
      std::vector<std::string> words = trials.task({.values = values, .folder = workspace.path()}).arguments;
      words.front() = program("moola-" + job);
      words.push_back("--print-config");
      const ProcessResult taken = run_process(words);
      BOOST_REQUIRE_MESSAGE(taken.exit_code == 0, file.filename().string() + ": " + taken.errors);
      const std::string text = parse_json(taken.output, "the job's answer")["config"];
      const toml::table resolved = parse_toml(text, "the job's configuration");
      for (const auto& [name, value] : values)
        BOOST_TEST(value_under(resolved, name) == as_read(value), file.filename().string() + ": " + name);
    }
  }
  BOOST_TEST(jobs >= 4U);
}

BOOST_AUTO_TEST_CASE(a_space_that_the_job_does_not_take_costs_no_trial) {
  const TemporaryFolder workspace;
  write_file(workspace / "cv.toml",
             "[data]\ntable = \"btc/v1\"\nhorizon = 20\n[models]\nnames = [\"prior\", \"xgboost\"]\n");
  for (const auto& [space, parts] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"xgboost.dept = { int = [2, 8] }", {"such as xgboost.dept=2", "moola cv", "Did you mean 'xgboost.depth'?"}},
           {"xgboost.depth = { int = [2, 80] }", {"such as xgboost.depth=80", "xgboost.depth", "80"}},
           {"xgboost.depth = { int = [2, 8] }\nxgboost.rat = { float = [0, 1], when = { \"xgboost.depth\" = 7 } }",
            {"xgboost.rat=", "Did you mean 'xgboost.rate'?"}},
           {"xgboost.depth = { int = [2, 8] }\nxgboost.rounds = { value = 3 }", {"xgboost.rounds=3"}}}) {
    write_file(
        workspace / "sweep.toml",
        "[sweep]\nname = \"wrong\"\njob = \"cv\"\nconfig = \"cv.toml\"\nmetric = \"models.xgboost.scores.log_loss\"\n"
        "[sweep.space]\n" +
            space);
    const ProcessResult result =
        run_program("moola-sweep", {(workspace / "sweep.toml").string(), "--workspace", workspace.path().string()});
    BOOST_TEST(result.exit_code == 2);
    BOOST_TEST(holds_all(result.errors, parts), result.errors);
    BOOST_TEST(holds(result.errors, "the job refuses trials of this space"), result.errors);
    BOOST_TEST(!fs::exists(workspace / "artifacts"));
  }
}

BOOST_AUTO_TEST_CASE(every_model_with_parameters_has_a_space_of_its_own) {
  const Json models = parse_json(run_program("moola-models", {"list", "--json"}).output, "models")["models"];
  std::size_t searched = 0;
  for (const Json& model : models) {
    if (model["keys"].empty()) continue;
    ++searched;
    const std::string name = model["name"];
    BOOST_REQUIRE_MESSAGE(fs::exists(kShipped / (name + ".toml")), name + " has no configs/sweep/" + name + ".toml");
    const LoadedSweepConfig config = load_sweep_config(kShipped / (name + ".toml"), {});
    BOOST_TEST(config.values.sweep.metric.front() == "models." + name + ".scores.log_loss");
    const std::vector<std::string> names = names_of(config.space);
    BOOST_TEST(std::ranges::any_of(names, [&](const std::string& each) { return each.starts_with(name + "."); }));
  }
  BOOST_TEST(searched >= 3U);
}

BOOST_AUTO_TEST_CASE(programs_that_are_shipped_as_examples_run_wherever_one_stands) {
  std::size_t programs = 0;
  for (const fs::path& file : shipped_files()) {
    if (load_sweep_config(file, {}).values.sweep.command.empty()) continue;
    ++programs;
    const TemporaryFolder workspace;
    const ProcessResult ended = run_program(
        "moola-sweep", {file.string(), "--workspace", workspace.path().string(), "--json", "--quiet", "--trials", "2"});
    BOOST_TEST(ended.exit_code == 0, file.filename().string() + ": " + ended.errors);
    const Json answer = parse_json(ended.output, "the sweep's answer");
    BOOST_TEST(answer["trials"]["complete"] == 2, file.filename().string() + ": " + ended.output);
  }
  BOOST_TEST(programs >= 2U);
}

BOOST_AUTO_TEST_CASE(a_file_that_inherits_has_the_space_and_the_job_of_the_other) {
  const TemporaryFolder folder;
  const fs::path mine = folder.path() / "mine.toml";
  write_file(mine, "inherit = '" + (kShipped / "xgboost.toml").string() + "'\n[sweep]\nname = \"mine\"\ntrials = 7\n");
  const LoadedSweepConfig config = load_sweep_config(mine, {}), base = load_sweep_config(kShipped / "xgboost.toml", {});
  BOOST_TEST(config.values.sweep.name == "mine");
  BOOST_TEST(config.values.sweep.trials == 7);
  BOOST_TEST(config.values.sweep.config == base.values.sweep.config);
  BOOST_TEST(sweep::space_text(config.space) == sweep::space_text(base.space));
}

BOOST_AUTO_TEST_SUITE_END()
