// A user's own symbols: what a file of them says, and what is refused.
#include "work/labels/symbol_file.h"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <filesystem>

#include "base/atomic_file.h"
#include "tests/support/messages.h"
#include "tests/work/bars_workspace.h"

using namespace moola;
using namespace moola::test;
using work::parse_symbol_file;

namespace {

const std::string kDax =
    "[FDAX]\nunit = \"ticks\"\ntick_size = 0.5\ntick_value = 12.5\ncurrency = \"EUR\"\ncommission = 0.3\n"
    "slippage_calm = 0.5\nslippage_volatile = 1.5\n";

std::string refusal(const std::string& text) {
  return refusal_of([&] { parse_symbol_file(text, "own.toml", "label"); });
}

std::string without(std::string text, const std::string& line) {
  const std::size_t at = text.find(line);
  return text.erase(at, text.find('\n', at) + 1 - at);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(symbol_file)

BOOST_AUTO_TEST_CASE(a_symbol_of_ones_own_has_its_costs_in_ticks_or_in_basis_points) {
  const auto own = parse_symbol_file(
      kDax + "[SOLUSD]\nunit = \"basis_points\"\ncommission = 20\nslippage_calm = 2.0\nslippage_volatile = 6.0\n",
      "own.toml", "label");
  BOOST_REQUIRE(own.size() == 2U);
  const market::SymbolCosts &dax = market::symbol_costs("FDAX", own), &sol = market::symbol_costs("SOLUSD", own);
  // 0.3 ticks and two fills of 0.5 are 1.3 ticks of 0.5; of 1.5: 3.3 ticks. A tick is worth 12.50.
  BOOST_TEST(std::fabs(dax.round_trip().price - 0.65) < 1e-12);
  BOOST_TEST(std::fabs(dax.round_trip(market::Fills::volatile_market).price - 1.65) < 1e-12);
  BOOST_TEST(std::fabs(dax.round_trip_value(18'000) - 16.25) < 1e-12);
  BOOST_TEST(dax.currency == "EUR");
  // 20 and two fills of 2 basis points.
  BOOST_TEST(std::fabs(sol.round_trip().share - 0.0024) < 1e-12);
  BOOST_TEST(sol.round_trip().price == 0);
}

BOOST_AUTO_TEST_CASE(what_is_not_said_of_a_known_symbol_stays_as_it_is_known) {
  const auto own = parse_symbol_file("[MES]\ncommission = 1.0\n", "own.toml", "label");
  const market::SymbolCosts &mes = market::symbol_costs("MES", own), &known = market::symbol_costs("MES");
  BOOST_TEST(mes.commission == 1.0);
  BOOST_TEST(mes.slippage_calm == known.slippage_calm);
  BOOST_TEST(mes.tick_value == known.tick_value);
}

BOOST_AUTO_TEST_CASE(keys_and_values_that_cannot_be_are_refused_with_file_and_line) {
  const auto both = [](const std::string& text, const std::string& place, const std::string& what) {
    const std::string said = refusal(text);
    BOOST_TEST(holds(said, place), text << said);
    BOOST_TEST(holds(said, what), text << said);
  };
  both(kDax + "tick_siz = 1.0\n", "own.toml, line 9", "'FDAX.tick_size'");
  both(without(kDax, "tick_size") + "tick_size = 0.0\n", "own.toml, line 8", "FDAX.tick_size must be above 0");
  both(without(kDax, "unit") + "unit = \"tick\"\n", "own.toml, line 8", "'ticks'");
  both(without(kDax, "commission") + "commission = \"0.1%\"\n", "own.toml, line 8", "FDAX.commission must be a number");
  both(without(kDax, "commission") + "commission = -0.1\n", "own.toml, line 8", "FDAX.commission must be at least 0");
  both(without(kDax, "commission") + "commission = inf\n", "own.toml, line 8", "finite");
  both(kDax + "\n" + kDax, "own.toml, line 10", "FDAX");
  both("unit = \"ticks\"\n" + kDax, "own.toml, line 1", "[SYMBOL]");
  both("inherit = \"other.toml\"\n" + kDax, "own.toml, line 1", "inherit");
  both("", "own.toml", "empty");
}

BOOST_AUTO_TEST_CASE(an_unknown_symbol_needs_a_unit_and_all_costs_in_it) {
  BOOST_TEST(holds(refusal(without(kDax, "unit")), "own.toml, line 1"));
  BOOST_TEST(holds(refusal(without(kDax, "unit")), "unit = \"ticks\""));
  for (const char* key : {"commission", "slippage_calm", "slippage_volatile"})
    BOOST_TEST(holds(refusal(without(kDax, key)), std::string("FDAX.") + key + " is missing"), key);
  BOOST_TEST(holds(refusal(without(kDax, "tick_size")), "tick_size and tick_value above 0"));
  BOOST_TEST(holds(refusal(without(kDax, "tick_value")), "tick_size and tick_value above 0"));
}

// 0.5 ticks of MES would be 0.5 basis points.
BOOST_AUTO_TEST_CASE(another_unit_of_a_known_symbol_needs_the_costs_in_it) {
  const std::string said = refusal("[MES]\nunit = \"basis_points\"\ncommission = 1.0\n");
  BOOST_TEST(holds(said, "MES.slippage_calm is missing"));
  BOOST_TEST(holds(said, "in ticks"));
  BOOST_TEST(
      refusal("[MES]\nunit = \"basis_points\"\ncommission = 1.0\nslippage_calm = 0.5\nslippage_volatile = 1\n") == "");
}

BOOST_AUTO_TEST_CASE(a_line_as_text_is_read_back_the_same) {
  for (const market::SymbolCosts& known : market::known_symbols()) {
    const std::string text = work::symbol_text(known);
    BOOST_TEST(work::symbol_text(parse_symbol_file(text, "own.toml", "label").front()) == text);
  }
}

BOOST_AUTO_TEST_CASE(the_shipped_example_is_one) {
  const auto own = work::read_symbol_file(std::filesystem::path(MOOLA_SOURCE_DIR) / "configs/symbols.toml", "label");
  BOOST_TEST(own.size() == 3U);
}

BOOST_AUTO_TEST_CASE(labels_count_the_costs_of_the_users_file) {
  const BarsWorkspace workspace(walking_bars(1, 400));
  const auto arguments = [&](std::vector<std::string> more) {
    std::vector<std::string> all{"--bars",  "SYM/v1",     "--up", "2", "--down", "2", "--out", workspace.path("l.h5"),
                                 "--force", "--max-bars", "20"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const std::string own = std::string(MOOLA_SOURCE_DIR) + "/tests/work/prepare/own_symbols.toml";
  // 10 and two fills of 5 basis points; of 15 where the market is volatile.
  const Json calm = workspace.answer("label", arguments({"--symbols", own, "--cost", "auto"}));
  BOOST_TEST(std::fabs(calm["cost_share"].get<double>() - 0.0020) < 1e-15);
  const Json in_turmoil = workspace.answer("label", arguments({"--symbols", own, "--cost", "auto_volatile"}));
  BOOST_TEST(std::fabs(in_turmoil["cost_share"].get<double>() - 0.0040) < 1e-15);
  BOOST_TEST(holds(workspace.refusal("label", arguments({"--cost", "auto"})), "not known"));
  BOOST_TEST(holds(workspace.refusal("label", arguments({"--symbols", own})), "--cost auto"));
  write_file(workspace.path("other.toml"), kDax);
  const std::string other =
      workspace.refusal("label", arguments({"--symbols", workspace.path("other.toml"), "--cost", "auto"}));
  BOOST_TEST(holds(other, "no table of SYM"));
  BOOST_TEST(holds(workspace.refusal("label", {"--bars", "SYM/v1", "--strategy", "trend_scan", "--symbols", own,
                                               "--out", workspace.path("l.h5")}),
                   "means nothing"));
}

BOOST_AUTO_TEST_SUITE_END()
