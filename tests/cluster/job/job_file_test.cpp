// Job files: what they say, in which order, and what is refused before anything is sent.
#include "cluster/job/job_file.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::cluster;
using namespace moola::test;

namespace {

struct Files {
  TemporaryFolder folder;
  std::vector<std::string> settings;
  std::string site;

  std::filesystem::path write(const std::string& text, const std::string& name = "job.toml") const {
    write_file(folder / name, text);
    return folder / name;
  }
  JobFile load(const std::string& text) const { return load_job_file(write(text), settings, site, folder / "sites"); }
  void refused(const std::string& text, const std::vector<std::string>& parts) const {
    const std::string message = message_of<ConfigError>([&] { load(text); });
    BOOST_TEST(holds_all(message, parts), message);
    BOOST_TEST(message.find('\n') == std::string::npos, message);
  }
  // With a name, and one step that is fine.
  void refused_step(const std::string& keys, const std::vector<std::string>& parts) const {
    refused("[job]\nname = \"made\"\n[step.one]\ncommand = [\"true\"]\n" + keys, parts);
  }
};

std::vector<std::string> names(const JobFile& job) {
  std::vector<std::string> out;
  for (const JobStep& each : job.steps) out.push_back(each.name);
  return out;
}

std::string variable(const JobFile& job, const std::string& step, const std::string& name) {
  const Environment& all = job.step(step).environment;
  const auto at = std::ranges::find(all, name, &Environment::value_type::first);
  return at == all.end() ? "none" : at->second;
}

const char* const kNight = R"(
[job]
name = "overnight"
time_budget = "12h"
[env]
TZ = "UTC"
A = "a b $HOME 'x' \"y\"\nz,"
[slurm]
partition = "gpu"
[step.pretrain]
job = "pretrain"
config = "pretrain.toml"
settings = ["train.lr=1e-3"]
nodes = 2
gpus = 4
memory = "1.5T"
time = "8h"
retry.time_limit = 7
after = ["prepare"]
array = { grid = { "train.seed" = [1, 2], "model.hidden" = [64, 128, 256] }, at_a_time = 3 }
[step.prepare]
job = "prepare"
slurm.partition = "cpu"
env = { A = "other" }
[step.report]
command = ["./report.sh", "{run}"]
after = "pretrain"
after_any = ["prepare"]
)";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(job_files, Files)

BOOST_AUTO_TEST_CASE(a_job_is_what_its_file_says) {
  const JobFile job = load(kNight);
  BOOST_TEST(job.name == "overnight");
  BOOST_TEST((names(job) == std::vector<std::string>{"prepare", "pretrain", "report"}));
  const JobStep& pretrain = job.step("pretrain");
  BOOST_TEST(pretrain.config == (folder / "pretrain.toml").string());
  BOOST_TEST(pretrain.ranks_per_node() == 4);
  BOOST_TEST(pretrain.cpus_per_node() == 4);
  BOOST_TEST(pretrain.retry.time_limit == 7);
  BOOST_TEST(pretrain.elements() == 6U);
  BOOST_TEST(pretrain.array.at_a_time == 3);
  BOOST_TEST(pretrain.slurm.partition == "gpu");
  BOOST_TEST(job.step("prepare").slurm.partition == "cpu");
  BOOST_TEST(variable(job, "prepare", "TZ") == "UTC");
  BOOST_TEST(variable(job, "prepare", "A") == "other");
  BOOST_TEST(variable(job, "report", "A") == "a b $HOME 'x' \"y\"\nz,");
  BOOST_TEST(job.step("report").after.front() == "pretrain");
}

BOOST_AUTO_TEST_CASE(a_step_that_there_is_not_is_refused_with_the_nearest_and_an_element_with_the_last) {
  const JobFile job = load(kNight);
  BOOST_TEST(named_step(job, "pretrain").elements() == 6U);
  BOOST_TEST(holds(message_of<ConfigError>([&] { named_step(job, "pretran"); }), "Did you mean 'pretrain'?"));
  require_element(job.step("pretrain"), 5);
  BOOST_TEST(holds(message_of<ConfigError>([&] { require_element(job.step("pretrain"), 6); }),
                   "the step pretrain has 6 elements, 0 to 5; there is no 6."));
}

BOOST_AUTO_TEST_CASE(what_is_resolved_is_read_back_as_the_same_job) {
  const JobFile job = load(kNight);
  const JobFile again = load(job.text);
  BOOST_TEST(again.text == job.text);
  BOOST_TEST((names(again) == names(job)));
  BOOST_TEST((again.step("pretrain").array.elements.size() == 6U));
}

BOOST_AUTO_TEST_CASE(settings_change_it) {
  settings = {"step.pretrain.nodes=3", "slurm.partition=big", "step.report.retry.error=2"};
  const JobFile job = load(kNight);
  BOOST_TEST(job.step("pretrain").nodes == 3);
  BOOST_TEST(job.step("pretrain").slurm.partition == "big");
  BOOST_TEST(job.step("prepare").slurm.partition == "cpu");
  BOOST_TEST(job.step("report").retry.error == 2);
}

BOOST_AUTO_TEST_CASE(a_sites_profile_comes_before_the_file) {
  std::filesystem::create_directory(folder / "sites");
  write("[slurm]\npartition = \"theirs\"\naccount = \"us\"\n[env]\nTZ = \"CET\"\nSCRATCH = \"/fast\"\n",
        "sites/uni.toml");
  site = "uni";
  const JobFile job = load(kNight);
  BOOST_TEST(job.step("pretrain").slurm.partition == "gpu");
  BOOST_TEST(job.step("pretrain").slurm.account == "us");
  BOOST_TEST(variable(job, "report", "TZ") == "UTC");
  BOOST_TEST(variable(job, "report", "SCRATCH") == "/fast");
  site = "";
  refused("[job]\nname = \"x\"\nsite = \"unni\"\n[step.a]\ncommand = [\"true\"]\n",
          {"there is no site 'unni'", "Did you mean 'uni'?", "There are: uni."});
  write("[step.a]\ncommand = [\"true\"]\n", "sites/bad.toml");
  site = "bad";
  refused(kNight, {"bad.toml, line 1", "a site's profile holds"});
}

BOOST_AUTO_TEST_CASE(steps_stand_behind_what_they_come_after_and_else_as_written) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    const int count = 1 + static_cast<int>(random() % 12);
    std::vector<int> place(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) place[static_cast<std::size_t>(i)] = i;
    std::ranges::shuffle(place, random);
    std::string text = "[job]\nname = \"x\"\n";
    std::vector<std::vector<int>> after(static_cast<std::size_t>(count));
    for (const int i : place) {
      text += "[step.s" + std::to_string(i) + "]\ncommand = [\"true\"]\nafter = [";
      for (int j = 0; j < i; ++j) {
        if (random() % 4 != 0) continue;
        after[static_cast<std::size_t>(i)].push_back(j);
        text += "\"s" + std::to_string(j) + "\", ";
      }
      text += "]\n";
    }
    const std::vector<std::string> found = names(load(text));
    BOOST_REQUIRE(found.size() == static_cast<std::size_t>(count));
    const auto at = [&](int i) { return std::ranges::find(found, "s" + std::to_string(i)) - found.begin(); };
    for (int i = 0; i < count; ++i) {
      for (const int j : after[static_cast<std::size_t>(i)]) BOOST_TEST(at(j) < at(i));
    }
    if (std::ranges::all_of(after, [](const auto& each) { return each.empty(); })) {
      for (std::size_t i = 0; i < place.size(); ++i) BOOST_TEST(found[i] == "s" + std::to_string(place[i]));
    }
  }
}

BOOST_AUTO_TEST_CASE(steps_in_a_circle_are_named) {
  refused(
      "[job]\nname = \"x\"\n[step.a]\ncommand = [\"t\"]\nafter = [\"c\"]\n[step.b]\ncommand = [\"t\"]\nafter = "
      "[\"a\"]\n"
      "[step.c]\ncommand = [\"t\"]\nafter_any = [\"b\"]\n[step.d]\ncommand = [\"t\"]\nafter = [\"c\"]\n",
      {"a comes after c comes after b comes after a"});
  refused("[job]\nname = \"x\"\n[step.a]\ncommand = [\"t\"]\nafter = [\"a\"]\n", {"a comes after a"});
  refused_step("after = [\"onne\"]\n", {"step.one.after names 'onne', which is no step.", "Did you mean 'one'?"});
}

BOOST_AUTO_TEST_CASE(a_chain_of_many_steps_is_no_trouble) {
  std::string text = "[job]\nname = \"x\"\n";
  for (int i = 3'000; i-- > 0;)
    text += "[step.s" + std::to_string(i) + "]\ncommand = [\"t\"]\n" +
            (i == 0 ? "" : "after = [\"s" + std::to_string(i - 1) + "\"]\n");
  const JobFile job = load(text);
  BOOST_TEST(job.steps.front().name == "s0");
  BOOST_TEST(job.steps.back().name == "s2999");
}

BOOST_AUTO_TEST_CASE(what_no_place_could_run_is_refused) {
  refused("[job]\nname = \"x\"\n", {"has no steps"});
  refused("", {"is empty", "[job]"});
  refused("[job]\nname = \"a/b\"\n[step.a]\ncommand = [\"t\"]\n", {"job.name = \"a/b\"", "'/' and '%'"});
  refused("[job]\nname = \"a%b\"\n[step.a]\ncommand = [\"t\"]\n", {"job.name = \"a%b\""});
  refused("[job]\nname = \"x\"\n[step.a]\n", {"what is it?"});
  refused_step("job = \"cv\"\n", {"job and command exclude each other"});
  refused_step("nodes = 0\n", {"step.one.nodes", "1"});
  refused_step("gpus = \"4\"\n", {"step.one.gpus", "the text \"4\""});
  refused_step("memory = \"64\"\n", {"step.one.memory", "\"64G\""});
  refused_step("memory = \"64 GB\"\n", {"step.one.memory", "\"64G\""});
  refused_step("time = \"90\"\n", {"step.one.time = \"90\" has no unit", "\"90m\""});
  refused_step("time = \"1:30:00\"\n", {"has no unit"});
  refused_step("time = \"1-12\"\n", {"has no unit"});
  refused_step("time = \"30s\"\n", {"step.one.time", "from 1m to 366d"});
  refused_step("time = \"10m\"\nslurm.signal_before = \"10m\"\n", {"signal_before", "not shorter"});
  refused_step("memroy = \"1G\"\n", {"line 5", "'step.one.memroy'", "Did you mean 'step.one.memory'?"});
  refused_step("slurm.extra = [\"--mem=4G\"]\n", {"--mem is written by moola itself, from memory"});
  refused_step("slurm.extra = [\"-pgpu\"]\n", {"-p is written by moola itself, from slurm.partition"});
  refused_step("slurm.extra = [\"mail\"]\n", {"is no option of sbatch"});
  refused_step("slurm.partition = \"a\\nb\"\n", {"slurm.partition must be one line"});
  refused_step("runpod.ports = [\"22\"]\n", {"\"22\" is no port"});
  refused_step("runpod.ports = [\"70000/tcp\"]\n", {"\"70000/tcp\" is no port"});
  refused_step("inputs = [\"/etc/passwd\"]\n", {"must be a path within the workspace"});
  refused_step("outputs = [\"a/../../b\"]\n", {"must be a path within the workspace"});
  refused_step("env = { \"A B\" = \"x\" }\n", {"A B", "a variable's name is letters"});
  refused_step("env = { A = 3 }\n", {"A: a variable holds a text, not the integer 3"});
  refused_step("env = { SLURM_X = \"3\" }\n", {"the place's own"});
  refused_step("[step.two]\ncommand = [\"a b\"]\n", {"step.two.command", "command = [\"a\", \"b\"]"});
  refused_step("[step.two]\ncommand = [\"a\", \"{x}\"]\n", {"step.two", "names 'x', which is no parameter"});
  refused_step("[step.two]\ncommand = [\"a\"]\nafter_element = [\"one\"]\narray = { seeds = 2 }\n",
               {"two has 2 elements and one is no array"});
  refused_step("[step.\"a/b\"]\ncommand = [\"t\"]\n", {"is no name for a table [step.NAME]"});
}

BOOST_AUTO_TEST_CASE(the_reference_names_every_key) {
  const std::string text = job_reference();
  for (const char* key :
       {"`retry.preemption`", "`slurm.partition`", "`hourly_price_cap`", "## [step.NAME]", "## [local]"})
    BOOST_TEST(holds(text, key), key);
}

BOOST_AUTO_TEST_SUITE_END()
