#include "base/command_line.h"

#include <unistd.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/test/unit_test.hpp>
#include <iostream>
#include <sstream>

#include "base/error.h"
#include "config_fixture.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;

namespace {

struct Outcome {
  int code = -1;
  std::string output, errors;
};

// Standard error is written to past the streams of C++, so the descriptor itself is turned to a file.
Outcome run(CLI::App& app, const std::vector<std::string>& arguments) {
  const TemporaryFolder folder;
  std::vector<std::string> words = arguments;
  words.insert(words.begin(), "moola-demo");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  std::ostringstream output;
  std::streambuf* const before = std::cout.rdbuf(output.rdbuf());
  const int screen = ::dup(STDERR_FILENO);
  std::FILE* const file = std::fopen((folder / "errors").c_str(), "w");
  ::dup2(::fileno(file), STDERR_FILENO);
  Outcome outcome;
  outcome.code = run_command(app, "demo", static_cast<int>(argv.size()), argv.data());
  ::dup2(screen, STDERR_FILENO);
  ::close(screen);
  std::fclose(file);
  std::cout.rdbuf(before);
  outcome.output = output.str();
  outcome.errors = read_file(folder / "errors");
  return outcome;
}

// A command with the common options and two subcommands.
struct Demo {
  CLI::App app{"A demonstration."};
  CommonOptions options;
  int epochs = 0;
  std::string ran;

  Demo() {
    add_common_options(app, options);
    app.add_option("--epochs", epochs, "times over the data");
    app.require_subcommand(0, 1);
    CLI::App* list = app.add_subcommand("list", "Lists what there is.");
    add_common_options(*list, options);
    list->callback([this] { ran = "list"; });
    app.add_subcommand("verify", "Checks.")->callback([] { throw DataError("the file is damaged."); });
    app.add_subcommand("again", "Stops.")->callback([] { throw CommError("rank 3 is gone."); });
    app.add_subcommand("other", "Fails.")->callback([] { throw std::runtime_error("out of luck"); });
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(command_line)

BOOST_AUTO_TEST_CASE(a_command_runs_its_callback_and_returns_zero) {
  Demo demo;
  const Outcome outcome = run(demo.app, {"list", "--json", "--workspace", "/data"});
  BOOST_TEST(outcome.code == 0);
  BOOST_TEST(outcome.errors.empty());
  BOOST_TEST(demo.ran == "list");
  BOOST_TEST(demo.options.json);
  BOOST_TEST(demo.options.workspace == "/data");
}

BOOST_AUTO_TEST_CASE(help_goes_to_standard_output_and_is_no_error) {
  for (const char* flag : {"--help", "-h"}) {
    Demo demo;
    const Outcome outcome = run(demo.app, {flag});
    BOOST_TEST(outcome.code == 0);
    BOOST_TEST(outcome.errors.empty());
    for (const char* part : {"A demonstration.", "--epochs", "--json", "list"})
      BOOST_TEST(holds(outcome.output, part), part);
  }
}

BOOST_AUTO_TEST_CASE(the_help_of_a_subcommand_is_its_own) {
  Demo demo;
  const Outcome outcome = run(demo.app, {"list", "--help"});
  BOOST_TEST(outcome.code == 0);
  BOOST_TEST(holds(outcome.output, "Lists what there is."));
  BOOST_TEST(!holds(outcome.output, "--epochs"));
}

BOOST_AUTO_TEST_CASE(a_mistyped_option_names_the_nearest_on_standard_error) {
  for (const char* option : {"--epoch", "--epohcs=3", "--epochss"}) {
    Demo demo;
    const Outcome outcome = run(demo.app, {option});
    BOOST_TEST(outcome.code == 2);
    BOOST_TEST(outcome.output.empty());
    BOOST_TEST(holds(outcome.errors, "Did you mean '--epochs'?"), outcome.errors);
    BOOST_TEST(holds(outcome.errors, "moola demo --help"), outcome.errors);
  }
}

BOOST_AUTO_TEST_CASE(a_mistyped_option_of_a_subcommand_names_one_of_that_subcommand) {
  Demo demo;
  const Outcome outcome = run(demo.app, {"list", "--jsno"});
  BOOST_TEST(outcome.code == 2);
  BOOST_TEST(holds(outcome.errors, "'--jsno' is not understood here. Did you mean '--json'?"), outcome.errors);
}

BOOST_AUTO_TEST_CASE(a_mistyped_subcommand_names_the_nearest) {
  Demo demo;
  const Outcome outcome = run(demo.app, {"lsit"});
  BOOST_TEST(outcome.code == 2);
  BOOST_TEST(holds(outcome.errors, "moola demo: "), outcome.errors);
  BOOST_TEST(holds(outcome.errors, "'lsit' is not understood here. Did you mean 'list'?"), outcome.errors);
}

BOOST_AUTO_TEST_CASE(a_value_of_the_wrong_kind_is_named) {
  Demo demo;
  const Outcome outcome = run(demo.app, {"--epochs", "many"});
  BOOST_TEST(outcome.code == 2);
  BOOST_TEST(holds(outcome.errors, "many"), outcome.errors);
  BOOST_TEST(holds(outcome.errors, "--epochs"), outcome.errors);
}

BOOST_AUTO_TEST_CASE(the_kind_of_an_error_is_the_exit_status) {
  const auto outcome_of = [](const char* subcommand) {
    Demo demo;
    return run(demo.app, {subcommand});
  };
  BOOST_TEST(outcome_of("verify").code == 2);
  BOOST_TEST(holds(outcome_of("verify").errors, "the file is damaged.\n"));
  BOOST_TEST(outcome_of("again").code == 1);
  BOOST_TEST(outcome_of("other").code == 1);
  BOOST_TEST(holds(outcome_of("other").errors, "out of luck\n"));
}

BOOST_AUTO_TEST_CASE(what_the_system_refuses_for_good_is_permanent_and_what_passes_is_not) {
  const auto code = [](int number) { return static_cast<int>(IoError("x", number).exit_code()); };
  for (const int number : {EACCES, EPERM, EROFS, ENOENT, EISDIR, ENOTDIR, ENAMETOOLONG, EEXIST})
    BOOST_TEST(code(number) == 2, number);
  for (const int number : {ENOSPC, EIO, EMFILE, ENOMEM, EFBIG, EDQUOT}) BOOST_TEST(code(number) == 1, number);
  BOOST_TEST(std::string(IoError("cannot write a", ENOSPC).what()) == "cannot write a: No space left on device");
}

BOOST_AUTO_TEST_CASE(the_workspace_comes_from_the_environment_or_is_the_current_folder) {
  const char* const before = std::getenv("MOOLA_WORKSPACE");
  const std::string kept = before != nullptr ? before : "";
  const auto workspace = [] {
    CLI::App app;
    CommonOptions options;
    add_common_options(app, options);
    return options.workspace.string();
  };
  ::setenv("MOOLA_WORKSPACE", "/somewhere", 1);
  BOOST_TEST(workspace() == "/somewhere");
  ::setenv("MOOLA_WORKSPACE", "", 1);
  BOOST_TEST(workspace() == ".");
  ::unsetenv("MOOLA_WORKSPACE");
  BOOST_TEST(workspace() == ".");
  if (before != nullptr) ::setenv("MOOLA_WORKSPACE", kept.c_str(), 1);
}

BOOST_AUTO_TEST_SUITE_END()
