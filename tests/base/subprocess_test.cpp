#include "base/subprocess.h"

#include <signal.h>

#include <boost/test/unit_test.hpp>
#include <thread>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tests/support/temporary_folder.h"

using namespace moola;

namespace {

ProcessResult shell(const std::string& script, std::string_view input = {}) {
  return run_process({"sh", "-c", script}, input);
}

std::string long_text(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 >> 2);
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(subprocess)

BOOST_AUTO_TEST_CASE(output_errors_and_exit_code_come_back) {
  const ProcessResult result = shell("echo out; echo err >&2; exit 3");
  BOOST_TEST(result.output == "out\n");
  BOOST_TEST(result.errors == "err\n");
  BOOST_TEST(result.exit_code == 3);
  BOOST_TEST(shell("exit 0").exit_code == 0);
  BOOST_TEST(shell("exit 255").exit_code == 255);
}

BOOST_AUTO_TEST_CASE(a_signal_is_told_as_a_shell_tells_it) {
  BOOST_TEST(shell("kill -KILL $$").exit_code == 128 + SIGKILL);
  BOOST_TEST(shell("kill -TERM $$").exit_code == 128 + SIGTERM);
}

BOOST_AUTO_TEST_CASE(arguments_meet_no_shell) {
  BOOST_TEST(run_process({"printf", "%s|", "a b", "$HOME", "*", "", "'\""}).output == "a b|$HOME|*||'\"|");
}

// Far more than pipes hold, both ways at once.
BOOST_AUTO_TEST_CASE(much_input_and_much_output_do_not_block_each_other) {
  const std::string text = long_text(8'000'000);
  const ProcessResult result = run_process({"cat"}, text);
  BOOST_TEST((result.output == text));
  const ProcessResult both = shell("tee /dev/stderr", text);
  BOOST_TEST((both.output == text));
  BOOST_TEST((both.errors == text));
}

BOOST_AUTO_TEST_CASE(without_input_the_program_finds_its_end) {
  BOOST_TEST(shell("wc -c").output.find('0') != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_program_that_does_not_read_its_input_is_no_error) {
  const ProcessResult result = shell("exit 4", long_text(8'000'000));
  BOOST_TEST(result.exit_code == 4);
}

BOOST_AUTO_TEST_CASE(a_program_may_close_its_output_and_go_on_reading) {
  const test::TemporaryFolder folder;
  const std::string text = long_text(1'000'000);
  const ProcessResult result = shell("exec 1>&- 2>&-; cat > " + (folder / "copy").string(), text);
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST((read_file(folder / "copy") == text));
}

BOOST_AUTO_TEST_CASE(many_threads_may_run_programs_that_break_their_pipes) {
  const std::string text = long_text(1'000'000);
  std::vector<int> codes(8, -1);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 5; ++round) codes[i] = run_process({"true"}, text).exit_code;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int code : codes) BOOST_TEST(code == 0);
}

BOOST_AUTO_TEST_CASE(how_the_process_takes_a_broken_pipe_is_left_as_it_was) {
  struct sigaction handling {};
  run_process({"true"}, long_text(1'000'000));
  ::sigaction(SIGPIPE, nullptr, &handling);
  BOOST_TEST((handling.sa_handler == SIG_DFL));
  sigset_t blocked, pending;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  ::sigpending(&pending);
  BOOST_TEST(::sigismember(&blocked, SIGPIPE) == 0);
  BOOST_TEST(::sigismember(&pending, SIGPIPE) == 0);
}

BOOST_AUTO_TEST_CASE(a_missing_program_is_named) {
  try {
    run_process({"moola-no-such-program", "x"});
    BOOST_ERROR("nothing was thrown");
  } catch (const IoError& error) {
    BOOST_TEST(std::string(error.what()) == "cannot start moola-no-such-program: No such file or directory");
    BOOST_TEST(static_cast<int>(error.exit_code()) == 2);
  }
}

BOOST_AUTO_TEST_CASE(programs_are_found_on_the_path) {
  BOOST_TEST(find_program("sh").value().filename() == "sh");
  BOOST_TEST(!find_program("moola-no-such-program").has_value());
  BOOST_TEST(!find_program("").has_value());  // a folder is no program
}

BOOST_AUTO_TEST_CASE(the_folder_of_this_test_holds_it) {
  BOOST_TEST(std::filesystem::exists(executable_folder() / "test-base"));
}

BOOST_AUTO_TEST_SUITE_END()
