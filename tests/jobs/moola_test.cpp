#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/version.h"
#include "program.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::test;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(dispatcher)

BOOST_AUTO_TEST_CASE(help_lists_the_jobs_that_are_there) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{}, {"--help"}, {"-h"}, {"help"}}) {
    const ProcessResult result = run_program("moola", arguments);
    BOOST_TEST(result.exit_code == 0);
    BOOST_TEST(holds(result.output, "\n  runs  "));
    BOOST_TEST(holds(result.output, "\n  doctor  "));
    BOOST_TEST(result.errors.empty());
  }
}

BOOST_AUTO_TEST_CASE(the_version_is_the_codes) {
  const ProcessResult result = run_program("moola", {"--version"});
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(result.output == "moola " + code_version() + "\n");
}

BOOST_AUTO_TEST_CASE(a_mistyped_job_names_the_nearest_and_leaves_with_2) {
  const ProcessResult result = run_program("moola", {"docter"});
  BOOST_TEST(result.exit_code == 2);
  BOOST_TEST(holds(result.errors, "Did you mean 'doctor'?"));
  BOOST_TEST(result.output.empty());
  BOOST_TEST(run_program("moola", {"--nonsense"}).exit_code == 2);
  BOOST_TEST(run_program("moola", {"../moola"}).exit_code == 2);
}

BOOST_AUTO_TEST_CASE(a_jobs_help_is_that_of_its_program) {
  const ProcessResult direct = run_program("moola-runs", {"--help"});
  BOOST_TEST(direct.exit_code == 0);
  BOOST_TEST(run_program("moola", {"runs", "--help"}).output == direct.output);
  BOOST_TEST(run_program("moola", {"help", "runs"}).output == direct.output);
}

BOOST_AUTO_TEST_CASE(a_job_gets_its_arguments_as_they_are_and_gives_back_its_exit_status) {
  const TemporaryFolder folder;
  fs::copy_file(program("moola"), folder / "moola");
  write_file(folder / "moola-echo", "#!/bin/sh\nprintf '<%s>' \"$@\"\nexit 85\n");
  fs::permissions(folder / "moola-echo", fs::perms::owner_all);
  const ProcessResult result = run_process({(folder / "moola").string(), "echo", "a b", "", "--set", "x='1'"});
  BOOST_TEST(result.output == "<a b><><--set><x='1'>");
  BOOST_TEST(result.exit_code == 85);
  // A program that no table knows is listed all the same.
  BOOST_TEST(holds(run_process({(folder / "moola").string()}).output, "\n  echo\n"));
}

BOOST_AUTO_TEST_CASE(a_program_that_cannot_be_started_is_named) {
  const TemporaryFolder folder;
  fs::copy_file(program("moola"), folder / "moola");
  write_file(folder / "moola-broken", "#!/no/such/interpreter\n");
  fs::permissions(folder / "moola-broken", fs::perms::owner_all);
  const ProcessResult result = run_process({(folder / "moola").string(), "broken"});
  BOOST_TEST(result.exit_code != 0);
  BOOST_TEST(holds(result.errors, "moola-broken"));
}

BOOST_AUTO_TEST_SUITE_END()
