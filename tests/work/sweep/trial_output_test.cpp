#include "work/sweep/trials/trial_output.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <random>

using namespace moola;
using namespace moola::work;

namespace {

std::vector<sweep::Report> all_of(TrialOutput& output, std::string_view text) {
  std::vector<sweep::Report> out = output.take(text);
  for (const sweep::Report& each : output.finish()) out.push_back(each);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(what_trials_say)

BOOST_AUTO_TEST_CASE(lines_with_a_step_are_reports_and_the_last_value_is_the_result) {
  TrialOutput output(1);
  const std::vector<sweep::Report> reports = all_of(
      output, "hello\n{\"step\": 1, \"value\": 0.5}\n  {\"value\":0.25,\"step\":3}\nepoch 4\n{\"value\": 0.125}\n");
  BOOST_TEST((reports == std::vector<sweep::Report>{{1, 0.5}, {3, 0.25}}));
  BOOST_TEST(output.values().value() == std::vector<double>{0.125}, boost::test_tools::per_element());
  BOOST_TEST(output.complaint() == "");
}

BOOST_AUTO_TEST_CASE(without_a_line_of_its_own_the_last_report_is_the_result) {
  TrialOutput output(1);
  all_of(output, "{\"step\": 1, \"value\": 0.5}\n{\"step\": 2, \"value\": 0.75}");
  BOOST_TEST(output.values()->front() == 0.75);
}

BOOST_AUTO_TEST_CASE(it_does_not_matter_how_the_bytes_are_cut) {
  const std::string text =
      "{\"step\":0,\"value\":NaN}\nnoise {\"value\":9}\n{\"step\":1,\"value\":-Infinity,\"note\":\"NaN \\\" "
      "Infinity\"}\n"
      "{\"value\":[1.5,2],\"constraint\":[-1,0.25,0.5],\"returns\":\"r.csv\",\"attributes\":{\"a\":[1,2]}}\n";
  std::mt19937 random(1);
  for (int run = 0; run < 200; ++run) {
    TrialOutput output(2);
    std::vector<sweep::Report> reports;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t length = 1 + random() % 30;
      for (const sweep::Report& each : output.take(text.substr(at, length))) reports.push_back(each);
      at += length;
    }
    BOOST_REQUIRE(output.finish().empty());
    BOOST_REQUIRE_EQUAL(reports.size(), 2U);
    BOOST_REQUIRE(std::isnan(reports[0].value));
    BOOST_REQUIRE_EQUAL(reports[1].value, -std::numeric_limits<double>::infinity());
    BOOST_REQUIRE((output.values() == std::vector<double>{1.5, 2}));
    BOOST_REQUIRE_EQUAL(output.violation(), 0.75);
    BOOST_REQUIRE_EQUAL(output.returns_file(), "r.csv");
    BOOST_REQUIRE_EQUAL(output.attributes().at("a"), "[1,2]");
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_result_is_said) {
  const auto complaint = [](std::string_view line) {
    TrialOutput output(1);
    all_of(output, line);
    BOOST_TEST(!output.values().has_value());
    return output.complaint();
  };
  BOOST_TEST(complaint(R"({"value": "good"})").find("\"good\"") != std::string::npos);
  BOOST_TEST(complaint(R"({"value": [1, 2]})").find("2 numbers") != std::string::npos);
  BOOST_TEST(complaint(R"({"value": 1, "step": 0.5})").find("step") != std::string::npos);
  BOOST_TEST(complaint(R"({"value": )") == "");
  BOOST_TEST(complaint("") == "");
}

BOOST_AUTO_TEST_CASE(a_constraint_that_is_no_number_does_not_hold) {
  TrialOutput output(1);
  all_of(output, R"({"value": 1, "constraint": NaN})");
  BOOST_TEST(std::isinf(output.violation()));
}

BOOST_AUTO_TEST_CASE(a_line_without_end_fills_no_memory_and_hides_nothing_after_it) {
  TrialOutput output(1);
  const std::string piece(1 << 16, 'x');
  for (int i = 0; i < 1000; ++i) BOOST_REQUIRE(output.take(piece).empty());
  all_of(output, "\n{\"value\": 3}\n");
  BOOST_TEST(output.values()->front() == 3);
}

BOOST_AUTO_TEST_SUITE_END()
