// The traps of real files. They are not in the repository; without them every test here says so and is skipped.
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "base/utc_time.h"
#include "data/bars/import_bars.h"

using namespace moola;
using namespace moola::data;
using market::Fault;

namespace {

namespace fs = std::filesystem;

fs::path real_file(const std::string& name) {
  return fs::path(MOOLA_SOURCE_DIR) / "../shared/data/bars" / name;
}

boost::test_tools::assertion_result has_real_bars(boost::unit_test::test_unit_id) {
  boost::test_tools::assertion_result there(fs::exists(real_file("bitfinex_BTCUSD_1m.csv.xz")));
  there.message() << "SKIPPED: the real bars are not in ../shared/data/bars";
  return there;
}
const boost::unit_test::precondition kRealBars(has_real_bars);

ImportedBars read(const std::string& name, BarsImport import) {
  import.files = {real_file(name)};
  return read_bars_files(import);
}

BarsImport request(const std::string& symbol, const std::string& timezone = "") {
  BarsImport import;
  import.symbol = symbol;
  import.timezone = timezone;
  return import;
}

std::size_t row_of(const ImportedBars& imported, const std::string& utc) {
  const auto& time = imported.bars.time;
  const auto found = std::lower_bound(time.begin(), time.end(), parse_utc(utc));
  BOOST_REQUIRE(found != time.end());
  BOOST_REQUIRE(*found == parse_utc(utc));
  return static_cast<std::size_t>(found - time.begin());
}

std::size_t gaps_above(const market::Bars& bars, std::int64_t minutes) {
  std::size_t n = 0;
  for (std::size_t i = 1; i < bars.size(); ++i) n += bars.time[i] - bars.time[i - 1] > minutes * 60'000'000'000 ? 1 : 0;
  return n;
}

// The first bar of every week: after more than a day without one.
std::vector<std::string> openings(const market::Bars& bars, const std::string& from, const std::string& to) {
  std::vector<std::string> found;
  for (std::size_t i = 1; i < bars.size(); ++i) {
    const bool inside = bars.time[i] >= parse_utc(from) && bars.time[i] < parse_utc(to);
    if (inside && bars.time[i] - bars.time[i - 1] > 24 * 3'600'000'000'000) found.push_back(utc_text(bars.time[i]));
  }
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(real_bars, *kRealBars)

BOOST_AUTO_TEST_CASE(bitfinex_is_clean_and_has_its_gaps) {
  const ImportedBars btc = read("bitfinex_BTCUSD_1m.csv.xz", request("BTCUSD"));
  BOOST_TEST(btc.bars.size() == 2'630'217U);
  BOOST_TEST(btc.faults.empty());
  BOOST_TEST(btc.info.bar_seconds == 60);
  BOOST_TEST(gaps_above(btc.bars, 1) == 274'154U);
  BOOST_TEST(gaps_above(btc.bars, 10) == 9'889U);
  BOOST_TEST(gaps_above(btc.bars, 24 * 60) == 4U);
  BOOST_TEST(utc_text(btc.bars.time.front()) == "2013-04-01T00:07:00Z");
  BOOST_TEST(btc.bars.close.back() == 7208.3);
  // Outliers are prices that were traded; nothing smooths them away.
  double lowest = 1e9;
  for (std::size_t i = 0; i < btc.bars.size(); ++i) {
    if (btc.bars.time[i] >= parse_utc("2013-04-10") && btc.bars.time[i] < parse_utc("2013-04-11"))
      lowest = std::min(lowest, btc.bars.low[i]);
  }
  BOOST_TEST(lowest < 50);
  BOOST_TEST(read("bitfinex_ETHUSD_1m.csv.xz", request("ETHUSD")).bars.size() == 1'464'148U);
}

BOOST_AUTO_TEST_CASE(histdata_repeats_an_hour_word_for_word_and_it_is_dropped) {
  for (const auto& [name, rows, line] : {std::tuple{"histdata_EURUSD_M1_2018_2019.csv.zst", 745'137U, 678'626U},
                                         std::tuple{"histdata_NSXUSD_M1_2018_2019.csv.zst", 690'002U, 629'514U}}) {
    const ImportedBars bars = read(name, request("X"));
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST(bars.rows_read == rows);
      BOOST_TEST(bars.bars.size() == rows - 60);
      BOOST_TEST(bars.faults.count(Fault::duplicate_row) == 60U);
      BOOST_TEST(bars.faults.dropped() == 60U);
      BOOST_TEST(bars.faults.repaired() == 0U);
      BOOST_TEST(bars.faults.first_cases().front().origin.line == line);
      BOOST_TEST(bars.info.source_timezone == "America/New_York");
    }
  }
}

BOOST_AUTO_TEST_CASE(histdata_follows_new_york_in_2018) {
  // Currency trade begins on Sundays at 17:00 in New York: 22:00 UTC in winter, 21:00 in summer (from 11 March, to 4
  // November).
  const ImportedBars eur = read("histdata_EURUSD_M1_2018_2019.csv.zst", request("EURUSD"));
  BOOST_TEST(openings(eur.bars, "2018-03-01", "2018-03-20") ==
                 (std::vector<std::string>{"2018-03-04T22:00:00Z", "2018-03-11T21:00:00Z", "2018-03-18T21:00:00Z"}),
             boost::test_tools::per_element());
  BOOST_TEST(openings(eur.bars, "2018-10-25", "2018-11-12") ==
                 (std::vector<std::string>{"2018-10-28T21:00:00Z", "2018-11-04T22:00:00Z", "2018-11-11T22:00:00Z"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(histdata_changes_its_clock_with_europe_in_2019_and_exceptions_put_that_right) {
  BarsImport import = request("EURUSD", "America/New_York");
  import.utc_offsets = {parse_offset_exception("2019-03-10/2019-03-31=-05:00"),
                        parse_offset_exception("2019-10-27/2019-11-03=-05:00")};
  const ImportedBars eur = read("histdata_EURUSD_M1_2018_2019.csv.zst", import);
  // Summer time in New York from 10 March to 3 November, as the market keeps it.
  BOOST_TEST(openings(eur.bars, "2019-03-01", "2019-03-20") ==
                 (std::vector<std::string>{"2019-03-03T22:00:00Z", "2019-03-10T21:00:00Z", "2019-03-17T21:00:00Z"}),
             boost::test_tools::per_element());
  BOOST_TEST(openings(eur.bars, "2019-10-25", "2019-11-12") ==
                 (std::vector<std::string>{"2019-10-27T21:00:00Z", "2019-11-03T22:00:00Z", "2019-11-10T22:00:00Z"}),
             boost::test_tools::per_element());
  // The payrolls of 1 November 2019 came at 8:30 in New York, 12:30 UTC: a 20-point minute.
  const std::size_t row = row_of(eur, "2019-11-01T12:30");
  BOOST_TEST(eur.bars.high[row] - eur.bars.low[row] > 0.0015);
  BOOST_TEST(eur.faults.dropped() == 60U);
}

BOOST_AUTO_TEST_CASE(taifex_gives_the_front_month_with_its_three_rolls) {
  for (const market::RollRule roll : {market::RollRule::volume, market::RollRule::expiry}) {
    BarsImport import = request("TX", "Asia/Taipei");
    import.roll = roll;
    const ImportedBars tx = read("taifex_1m_all_20241105_20250204.tar.zst", import);
    BOOST_TEST(tx.rows_read == 2'259'190U);
    BOOST_TEST(tx.faults.empty());
    std::vector<std::string> begins, months;
    for (const market::ContractSpan& span : tx.contracts) {
      months.push_back(span.month);
      begins.push_back(utc_text(tx.bars.time[span.begin]));
      BOOST_TEST(((tx.bars.flags[span.begin] & market::kRoll) != 0) == (span.begin > 0));
    }
    BOOST_TEST(months == (std::vector<std::string>{"202411", "202412", "202501", "202502"}),
               boost::test_tools::per_element());
    // The night session after the last trading day begins at 15:00 in Taipei.
    BOOST_TEST(begins == (std::vector<std::string>{"2024-11-04T07:00:00Z", "2024-11-20T07:00:00Z",
                                                   "2024-12-18T07:00:00Z", "2025-01-15T07:00:00Z"}),
               boost::test_tools::per_element());
    BOOST_TEST(*std::min_element(tx.bars.low.begin(), tx.bars.low.end()) > 20'000);  // a spread would be near 0
    BOOST_TEST(tx.bars.size() == 65'634U);
  }
}

BOOST_AUTO_TEST_SUITE_END()
