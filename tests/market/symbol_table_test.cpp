#include "market/symbol_table.h"

#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <set>

#include "base/error.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

BOOST_AUTO_TEST_SUITE(symbol_table)

BOOST_AUTO_TEST_CASE(costs_of_futures_are_ticks_in_price_and_not_dollars) {
  // MES: (0.5 + 2 * 0.5) ticks of 0.25 points, each worth 1.25 USD; in turmoil (0.5 + 2 * 1.0).
  const SymbolCosts& mes = symbol_costs("MES");
  BOOST_TEST(mes.round_trip().price == 0.375);
  BOOST_TEST(mes.round_trip().share == 0.0);
  BOOST_TEST(mes.round_trip(Fills::volatile_market).price == 0.625);
  BOOST_TEST(mes.round_trip_value(5000) == 1.875);
  // MGC: (0.3 + 2 * 0.75) ticks of 0.10, each worth 1 USD.
  const SymbolCosts& mgc = symbol_costs("MGC");
  BOOST_TEST(std::fabs(mgc.round_trip().price - 0.18) < 1e-15);
  BOOST_TEST(std::fabs(mgc.round_trip_value(2000) - 1.80) < 1e-12);
}

BOOST_AUTO_TEST_CASE(costs_of_coins_and_currencies_follow_the_price) {
  const SymbolCosts coin{.symbol = "COIN",
                         .currency = "USD",
                         .unit = CostUnit::basis_points,
                         .commission = 20,
                         .slippage_calm = 1,
                         .slippage_volatile = 3};
  BOOST_TEST(coin.round_trip().price == 0.0);
  BOOST_TEST(std::fabs(coin.round_trip().share - 0.0022) < 1e-15);
  BOOST_TEST(std::fabs(coin.round_trip(Fills::volatile_market).share - 0.0026) < 1e-15);
  BOOST_TEST(std::fabs(coin.round_trip_value(1000) - 2.2) < 1e-12);
}

BOOST_AUTO_TEST_CASE(every_line_that_comes_with_moola_can_be_and_stands_once) {
  std::set<std::string> seen;
  for (const SymbolCosts& line : known_symbols()) {
    BOOST_CHECK_NO_THROW(check_symbol(line));
    BOOST_TEST(seen.insert(line.symbol).second);
    BOOST_TEST(line.slippage_calm <= line.slippage_volatile);
    BOOST_TEST(line.currency.size() == 3U);
  }
  // A micro contract is a tenth (of crude and gold too) of the large one.
  for (const auto& [small, large] :
       {std::pair{"MES", "ES"}, {"MNQ", "NQ"}, {"M2K", "RTY"}, {"MYM", "YM"}, {"MGC", "GC"}, {"MCL", "CL"}}) {
    BOOST_TEST(symbol_costs(small).tick_size == symbol_costs(large).tick_size);
    BOOST_TEST(std::fabs(10 * symbol_costs(small).tick_value - symbol_costs(large).tick_value) < 1e-12);
  }
}

BOOST_AUTO_TEST_CASE(a_line_of_the_user_comes_before_ours) {
  SymbolCosts own = symbol_costs("MES");
  own.commission = 9;
  const std::array<SymbolCosts, 1> table{own};
  BOOST_TEST(symbol_costs("MES", table).commission == 9.0);
  BOOST_TEST(symbol_costs("MGC", table).commission == 0.3);
  BOOST_TEST((find_symbol("XYZ", table) == nullptr));
}

BOOST_AUTO_TEST_CASE(a_symbol_that_is_not_known_names_the_nearest) {
  const std::string refused = refusal_of([] { symbol_costs("BTCUSDT"); });
  BOOST_TEST(holds(refused, "what trading BTCUSDT costs is not known"));
  BOOST_TEST(holds(refused, "Did you mean 'BTCUSD'?"));
}

BOOST_AUTO_TEST_CASE(lines_that_cannot_be_are_refused) {
  const SymbolCosts good = symbol_costs("MES");
  const auto refused = [&](auto change) {
    SymbolCosts line = good;
    change(line);
    return refusal_of([&] { check_symbol(line); });
  };
  BOOST_TEST(refused([](SymbolCosts&) {}) == "");
  BOOST_TEST(holds(refused([](SymbolCosts& line) { line.symbol.clear(); }), "no symbol"));
  BOOST_TEST(holds(refused([](SymbolCosts& line) { line.commission = -1; }), "MES: commission = -1"));
  BOOST_TEST(holds(refused([](SymbolCosts& line) { line.slippage_calm = std::nan(""); }), "slippage_calm"));
  BOOST_TEST(holds(refused([](SymbolCosts& line) { line.tick_value = 0; }), "tick_value above 0"));
  BOOST_TEST(refused([](SymbolCosts& line) {
               line.unit = CostUnit::basis_points;
               line.tick_size = line.tick_value = 0;
             }) == "");
  BOOST_TEST((parse_cost_unit("basis_points") == CostUnit::basis_points));
  BOOST_TEST(holds(refusal_of([] { parse_cost_unit("tick"); }), "Did you mean 'ticks'?"));
}

BOOST_AUTO_TEST_SUITE_END()
