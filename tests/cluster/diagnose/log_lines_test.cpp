#include "cluster/diagnose/log_lines.h"

#include <boost/test/unit_test.hpp>
#include <random>
#include <sstream>

#include "base/atomic_file.h"
#include "base/json.h"
#include "cluster/diagnose/diagnose.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::cluster;
using namespace moola::test;

namespace {

using Lines = std::vector<std::pair<std::size_t, std::string>>;

LineSink into(Lines& lines) {
  return [&lines](std::string_view text, std::size_t number) { lines.emplace_back(number, text); };
}

// As slow and simple as it can be.
Lines lines_of(const std::string& text) {
  Lines out;
  std::istringstream rest(text);
  std::size_t number = 0;
  for (std::string line; std::getline(rest, line);) {
    ++number;
    std::istringstream pieces(line);
    for (std::string piece; std::getline(pieces, piece, '\r');) {
      if (!piece.empty()) out.emplace_back(number, piece);
    }
  }
  return out;
}

std::string random_text(std::mt19937& random, std::size_t size) {
  const std::string letters = "ab\n\r\n\n ";
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out += letters[random() % letters.size()];
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(log_lines)

BOOST_AUTO_TEST_CASE(lines_do_not_depend_on_how_the_bytes_arrive) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const std::string text = random_text(random, random() % 60);
    Lines got;
    LineSplitter splitter(into(got), 1000);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = 1 + random() % 5;
      splitter.feed(std::string_view(text).substr(at, size));
      at += size;
    }
    splitter.end();
    BOOST_TEST((got == lines_of(text)), text);
  }
}

BOOST_AUTO_TEST_CASE(a_long_line_is_cut_at_its_bound_and_the_next_one_is_whole) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{5000}}) {
    std::string text(3000, 'x');
    text += "\nshort\n";
    Lines got;
    LineSplitter splitter(into(got), 100);
    for (std::size_t at = 0; at < text.size(); at += step) splitter.feed(std::string_view(text).substr(at, step));
    splitter.end();
    BOOST_TEST((got == Lines{{1, std::string(100, 'x')}, {2, "short"}}));
  }
}

BOOST_AUTO_TEST_CASE(colours_are_taken_off_and_progress_bars_come_in_pieces) {
  Lines got;
  read_log_lines("\033[31mmoola a: \033[0mno\n1 %\r2 %\r\033[K\n\033", into(got));
  BOOST_TEST((got == Lines{{1, "moola a: no"}, {2, "1 %"}, {2, "2 %"}}));
}

BOOST_AUTO_TEST_CASE(of_a_large_log_head_and_tail_are_read_with_the_numbers_of_their_lines) {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 1; i <= 1000; ++i) text += "line " + std::to_string(i) + "\n";
  write_file(folder / "log", text);
  const LogBounds bounds{.head = 100, .tail = 200};
  Lines of_text, of_file;
  read_log_lines(text, into(of_text), bounds);
  read_log_file(folder / "log", into(of_file), bounds);
  BOOST_TEST((of_text == of_file));
  BOOST_TEST(of_file.front().second == "line 1");
  BOOST_TEST(of_file.back().first == 1000U);
  BOOST_TEST(of_file.size() < 45U);
  for (const auto& [number, line] : of_file) {
    // Both ends of the gap may cut a line, and that is a shorter one of the same number.
    const std::string whole = "line " + std::to_string(number);
    BOOST_TEST((whole.starts_with(line) || whole.ends_with(line)));
  }
  Lines uncounted;
  read_log_file(folder / "log", into(uncounted), {.head = 100, .tail = 200, .counted = 50});
  BOOST_TEST(uncounted.back().first == 0U);
  BOOST_TEST(uncounted.back().second == "line 1000");
}

BOOST_AUTO_TEST_CASE(what_is_printed_is_one_line_of_valid_text_for_any_bytes) {
  BOOST_TEST(printable_line("  a\tb\x01  ") == "a b");
  BOOST_TEST(printable_line("\xC3\xA9t\xC3") == "ét?");
  BOOST_TEST(printable_line("\xED\xA0\x80\xF4\x90\x80\x80\xC0\xAF").find_first_not_of('?') == std::string::npos);
  BOOST_TEST(printable_line("éééé", 5) == "éé…");
  BOOST_TEST(printable_line("") == "");
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const std::string line = printable_line(bytes, 20);
    BOOST_TEST(line.size() <= 23U);
    BOOST_CHECK_NO_THROW(json_text(Json(line)));  // refuses what is no UTF-8
    BOOST_TEST(line.find_first_of("\n\r\t") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_log_of_one_line_without_an_end_takes_no_memory_of_its_size) {
  // 256 MB in a file with a hole; the cause stands behind it.
  const TemporaryFolder folder;
  write_file(folder / "log", "begin ");
  std::filesystem::resize_file(folder / "log", std::size_t{256} << 20);
  {
    FILE* file = std::fopen((folder / "log").c_str(), "a");
    BOOST_REQUIRE(file != nullptr);
    std::fputs("\nmoola pretrain: cannot write /a: No space left on device\n", file);
    std::fclose(file);
  }
  const auto found = diagnose_file(folder / "log", 1).diagnoses;
  BOOST_REQUIRE(!found.empty());
  BOOST_TEST((found.front().cause == Cause::full_disk));
  BOOST_TEST(found.front().line_number == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
