#include "base/progress.h"

#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "base/subprocess.h"
#include "base/text_table.h"
#include "config_fixture.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;
using namespace std::chrono_literals;

namespace {

// Runs one of the cases that draw, below, in a process of its own: whether standard error is a terminal is asked once.
std::string drawn_by(const std::string& test_case, const std::string& environment = "MOOLA_TERMINAL_COLUMNS=") {
  const auto result = run_process({"env", environment, std::filesystem::read_symlink("/proc/self/exe").string(),
                                   "--run_test=progress_drawing/" + test_case});
  BOOST_TEST(result.exit_code == 0);
  std::string text = result.errors;
  text.erase(text.find("\n\x1b[1;32;49m*** No errors") == std::string::npos
                 ? text.size()
                 : text.find("\n\x1b[1;32;49m*** No errors"));
  return text.substr(0, text.find("\n*** No errors"));
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++n;
  return n;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(progress_drawing, *boost::unit_test::disabled())

// 100 seconds in steps of one, 10 windows each; 600 had been done before.
BOOST_AUTO_TEST_CASE(a_resumed_loop) {
  Progress::Clock::time_point now{};
  Progress progress("pretrain", 2000, "windows", [&] { return now; });
  progress.start_at(600);
  for (int second = 1; second <= 100; ++second) {
    now += 1s;
    progress.update(600 + 10 * second, "loss 0.5");
  }
}

BOOST_AUTO_TEST_CASE(a_loop_without_a_known_end) {
  Progress::Clock::time_point now{};
  Progress progress("import", 0, "B", [&] { return now; });
  now += 40s;
  progress.update(80'000'000);
}

BOOST_AUTO_TEST_CASE(a_slow_loop) {
  Progress::Clock::time_point now{};
  Progress progress("cv", 0, "encoders", [&] { return now; });
  now += 80s;
  progress.update(2, "of 3");
}

BOOST_AUTO_TEST_CASE(a_quick_loop) {
  Progress::Clock::time_point now{};
  Progress progress("pretrain", 100, "windows", [&] { return now; });
  for (int step = 1; step <= 100; ++step) {
    now += 1ms;
    progress.update(step, std::string(200, 'x'));
  }
  now += 1s;
  progress.update(200, "é" + std::string(200, 'x'));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(progress)

BOOST_AUTO_TEST_CASE(without_a_terminal_there_is_a_line_every_thirty_seconds) {
  const std::string text = drawn_by("a_resumed_loop");
  BOOST_TEST(count(text, "pretrain ") == 3U, text);  // at 30, 60 and 90 s
  BOOST_TEST(holds(text, "pretrain 45.0 % 1 min 50 s left 10 windows/s  loss 0.5\n"),
             text);  // 900 of 2000; 1100 at 10 a second
  BOOST_TEST(!holds(text, "\r"));
  BOOST_TEST(!holds(text, "█"));
}

BOOST_AUTO_TEST_CASE(without_a_known_end_it_says_how_far) {
  BOOST_TEST(holds(drawn_by("a_loop_without_a_known_end"), "import 80.0 MB 2.0 MB/s\n"));
}

BOOST_AUTO_TEST_CASE(of_slow_things_it_says_how_long_each_takes) {
  BOOST_TEST(holds(drawn_by("a_slow_loop"), "cv 2 encoders 40.0 s each  of 3\n"));
}

BOOST_AUTO_TEST_CASE(a_quick_loop_without_a_terminal_is_silent) {
  BOOST_TEST(count(drawn_by("a_quick_loop"), "pretrain") == 0U);
}

BOOST_AUTO_TEST_CASE(on_a_terminal_the_bar_is_drawn_ten_times_a_second_and_taken_off) {
  const std::string text = drawn_by("a_quick_loop", "MOOLA_TERMINAL_COLUMNS=80");
  BOOST_TEST(count(text, "pretrain ") == 2U, text);  // at 0.1 s and at the end
  BOOST_TEST(holds(text, "\r\x1b[Kpretrain ████████████████████████ 100.0 % 0.0 s left "), text);
  BOOST_TEST(text.ends_with("\r\x1b[K"), text);
}

BOOST_AUTO_TEST_CASE(a_line_is_never_wider_than_the_terminal_and_cut_between_characters) {
  for (const int columns : {5, 20, 40, 80}) {
    const std::string text = drawn_by("a_quick_loop", "MOOLA_TERMINAL_COLUMNS=" + std::to_string(columns));
    std::size_t lines = 0;
    for (std::size_t at = 0; (at = text.find("\r\x1b[K", at)) != std::string::npos;) {
      at += 4;
      const std::string line = text.substr(at, text.find('\r', at) - at);
      BOOST_TEST(display_width(line) < static_cast<std::size_t>(columns), columns << " columns: " << line);
      // A character that was cut would leave a first byte without its others.
      if (!line.empty()) BOOST_TEST((line.ends_with("█") || line.ends_with("░") || (line.back() & 0x80) == 0), line);
      ++lines;
    }
    BOOST_TEST(lines == 3U);
  }
}

BOOST_AUTO_TEST_SUITE_END()
