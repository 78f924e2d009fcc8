// The scripts that sbatch gets.
#include "cluster/slurm/sbatch_script.h"

#include <boost/test/unit_test.hpp>
#include <sstream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/subprocess.h"
#include "cluster/slurm/slurm_time.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::cluster;
using namespace moola::test;

namespace {

JobStep a_step() {
  JobStep out{.name = "pretrain", .job = "pretrain"};
  out.nodes = 2;
  out.gpus = 4;
  out.cpus = 32;
  out.memory = "64G";
  out.time = "8h";
  return out;
}

JobFile a_job() {
  JobFile out;
  out.name = "night";
  return out;
}

SbatchContext a_place() {
  return {.run = "20260101T000000Z_night", .folder = "/share/runs/r1", .program = "/opt/moola/bin/moola"};
}

std::string only(const JobStep& step, const SbatchContext& place = a_place()) {
  const std::vector<SbatchScript> scripts = sbatch_scripts(a_job(), step, place);
  BOOST_REQUIRE(scripts.size() == 1U);
  return scripts.front().text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sbatch_scripts_of_steps)

BOOST_AUTO_TEST_CASE(a_script_asks_for_what_the_step_needs) {
  const std::string text = only(a_step());
  for (const char* line : {"#!/bin/bash\n", "\n#SBATCH --nodes=2\n", "\n#SBATCH --ntasks-per-node=4\n",
                           "\n#SBATCH --cpus-per-task=8\n", "\n#SBATCH --mem=64G\n", "\n#SBATCH --gres=gpu:4\n",
                           "\n#SBATCH --time=0-08:00:00\n", "\n#SBATCH --signal=B:USR2@180\n", "\n#SBATCH --requeue\n",
                           "\n#SBATCH --open-mode=append\n", "\n#SBATCH --output=/share/runs/r1/logs/pretrain.%j.log\n",
                           "\n#SBATCH --comment=moola:20260101T000000Z_night:pretrain:0\n",
                           "\nexec /opt/moola/bin/moola step /share/runs/r1 pretrain\n"})
    BOOST_TEST(holds(text, line), line << "\n" << text);
  BOOST_TEST(!holds(text, "partition"));
}

BOOST_AUTO_TEST_CASE(what_the_site_wants_is_there) {
  JobStep step = a_step();
  step.slurm.partition = "gpu";
  step.slurm.gpu_type = "a100";
  step.slurm.modules = {"gcc/12", "it's"};
  step.slurm.container = "/images/my image.sif";
  step.slurm.constraint = "a|b";
  step.slurm.extra = {"--mail-type=END"};
  step.slurm.signal_before = "0";
  const std::string text = only(step);
  for (const char* line :
       {"\n#SBATCH --partition=gpu\n", "\n#SBATCH --gres=gpu:a100:4\n", "\n#SBATCH --constraint=a|b\n",
        "\n#SBATCH --mail-type=END\n", "\nmodule load gcc/12 'it'\\''s'\n",
        "\nexec apptainer exec --nv '/images/my image.sif' /opt/moola/bin/moola step "})
    BOOST_TEST(holds(text, line), line << "\n" << text);
  BOOST_TEST(!holds(text, "--signal"));
}

BOOST_AUTO_TEST_CASE(a_large_array_is_cut_into_pieces_that_cover_it_once) {
  JobStep step = a_step();
  for (std::int64_t i = 0; i < 2'500; ++i) step.array.elements.push_back({{"seed", i}});
  step.array.at_a_time = 64;
  const std::vector<SbatchScript> scripts = sbatch_scripts(a_job(), step, a_place());
  BOOST_REQUIRE(scripts.size() == 3U);
  BOOST_TEST(holds(scripts[0].text, "#SBATCH --array=0-999%64\n"));
  BOOST_TEST(holds(scripts[2].text, "#SBATCH --array=0-499%64\n"));
  BOOST_TEST(holds(scripts[0].text, " --element \"$SLURM_ARRAY_TASK_ID\"\n"));
  BOOST_TEST(scripts[2].file_name == "pretrain.3.sbatch");
  std::size_t next = 0;
  for (const SbatchScript& each : scripts) {
    BOOST_TEST(each.first == next);
    next += each.count;
  }
  BOOST_TEST(next == 2'500U);
}

BOOST_AUTO_TEST_CASE(paths_and_elements_arrive_through_a_real_shell) {
  const TemporaryFolder folder;
  SbatchContext place = a_place();
  place.folder = folder / "a 'b' \"c\" $HOME `d` , \\";
  place.program = folder / "my moola.sh";
  place.max_array = 10;
  write_file(place.program, "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
  std::filesystem::permissions(place.program, std::filesystem::perms::owner_all);
  JobStep step = a_step();
  for (std::int64_t i = 0; i < 20; ++i) step.array.elements.push_back({{"seed", i}});
  const std::vector<SbatchScript> scripts = sbatch_scripts(a_job(), step, place);
  for (const SbatchScript& each : scripts) {
    const std::filesystem::path file = folder / each.file_name;
    write_file(file, each.text);
    const ProcessResult result = run_process({"env", "SLURM_ARRAY_TASK_ID=7", "bash", file.string()});
    BOOST_TEST(result.exit_code == 0, result.errors);
    BOOST_TEST(result.output ==
               "step\n" + place.folder.string() + "\npretrain\n--element\n" + std::to_string(each.first + 7) + "\n");
  }
}

BOOST_AUTO_TEST_CASE(memory_is_always_said) {
  JobStep step = a_step();
  step.memory.clear();
  BOOST_TEST(holds(message_of<ConfigError>([&] { sbatch_scripts(a_job(), step, a_place()); }),
                   "step.pretrain.memory is not given"));
}

BOOST_AUTO_TEST_CASE(times_are_unmistakable) {
  BOOST_TEST(slurm_time(Duration::seconds(90)) == "0-00:02:00");
  BOOST_TEST(slurm_time(Duration::seconds(3600)) == "0-01:00:00");
  BOOST_TEST(slurm_time(Duration::seconds(183'601)) == "2-03:01:00");
}

BOOST_AUTO_TEST_SUITE_END()
