#include "data/bars/csv_layout.h"

#include <boost/test/unit_test.hpp>
#include <random>

#include "base/error.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::data;
using namespace moola::test;

namespace {

CsvLayout layout_of(const std::string& text) {
  return recognise_csv(text, "file.csv");
}

std::string refusal(const std::string& text) {
  return refusal_of([&] { layout_of(text); });
}

std::vector<std::string> fields(const std::string& line, char delimiter = ',') {
  std::vector<std::string_view> views;
  std::vector<std::string> unquoted;
  split_fields(line, delimiter, views, unquoted);
  return {views.begin(), views.end()};
}

// Columns of time, open, high, low, close, volume, clock.
std::vector<int> columns(const CsvLayout& layout) {
  std::vector<int> found;
  for (int c = 0; c < 7; ++c) found.push_back(layout.index[static_cast<BarColumn>(c)]);
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(csv_layout)

BOOST_AUTO_TEST_CASE(names_are_understood_in_their_usual_spellings) {
  const std::vector<int> usual{0, 1, 2, 3, 4, 5, -1};
  for (const char* header :
       {"timestamp_ms_utc,open,high,low,close,volume", "Time,Open,High,Low,Close,Volume",
        "\"datetime\",\"o\",\"h\",\"l\",\"c\",\"v\"", "dt, OPEN , HIGH , LOW , CLOSE , VOL",
        "Gmt time,Open,High,Low,Close,Volume", "Open time,Open,High,Low,Close,trade_volume",
        "unix,open,high,low,close,Volume BTC", "date,open,high,low,close,tick_volume", "epoch_s,o,h,l,last,tickvol"}) {
    BOOST_TEST_CONTEXT(header) {
      BOOST_TEST(columns(layout_of(std::string(header) + "\n1364774820,1,2,0.5,1.5,3\n")) == usual,
                 boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(delimiters_orders_and_further_columns_do_not_matter) {
  const CsvLayout layout =
      layout_of("symbol\tclose\tlow\thigh\topen\tclose_time\tvolume\ttime\nX\t1\t1\t1\t1\t9\t5\t2018-01-01 00:00\n");
  BOOST_TEST(layout.delimiter == '\t');
  BOOST_TEST(columns(layout) == (std::vector<int>{7, 4, 3, 2, 1, 6, -1}), boost::test_tools::per_element());
  BOOST_TEST(layout.index[BarColumn::product] == 0);
}

BOOST_AUTO_TEST_CASE(a_better_name_goes_before_an_earlier_one) {
  BOOST_TEST(layout_of("date,timestamp,open,high,low,close\n2018-01-01,1364774820,1,1,1,1\n").index[BarColumn::time] ==
             1);
}

BOOST_AUTO_TEST_CASE(a_date_and_a_time_of_day_are_one_stamp) {
  const CsvLayout named = layout_of(
      "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
      "2018.01.01\t17:00:00\t1\t1\t1\t1\t5\t0\t2\n");
  BOOST_TEST(named.index[BarColumn::time] == 0);
  BOOST_TEST(named.index[BarColumn::clock] == 1);
  BOOST_TEST(named.index[BarColumn::volume] == 7);
  const CsvLayout plain = layout_of("2018.01.01,17:00,1,1,1,1,5\n");
  BOOST_TEST(plain.form == "MetaTrader");
  BOOST_TEST(columns(plain) == (std::vector<int>{0, 2, 3, 4, 5, 6, 1}), boost::test_tools::per_element());
  const CsvLayout whole =
      layout_of("date,time,open,high,low,close\n2018-01-01 17:00,1,1,1,1,1\n2018-01-01 17:01,2,1,1,1,1\n");
  BOOST_TEST(whole.index[BarColumn::clock] == -1);
}

BOOST_AUTO_TEST_CASE(files_without_names_are_known_by_their_rows) {
  BOOST_TEST(layout_of("20180101 170000;1.2;1.3;1.1;1.2;0\r\n").is_histdata());
  BOOST_TEST(layout_of("\xef\xbb\xbf"
                       "20180101 170000;1.2;1.3;1.1;1.2;0\n")
                 .is_histdata());
  BOOST_TEST(layout_of("1364774820,1,1,1,1,5\n").form == "rows without names");
  BOOST_TEST(columns(layout_of("1364774820,1,1,1,1\n")) == (std::vector<int>{0, 1, 2, 3, 4, -1, -1}),
             boost::test_tools::per_element());
  BOOST_TEST(layout_of("1499040000000,1,1,1,1,5,1499644799999,2,3,4,5,0\n").form == "Binance klines");
}

BOOST_AUTO_TEST_CASE(a_broken_row_at_the_front_does_not_decide) {
  const CsvLayout layout = layout_of("time,open,high,low,close\ngarbage,1,1,1,1\n1,2\n2018-01-01 17:00,1,1,1,1\n");
  BOOST_TEST(layout.columns == 5U);
  BOOST_TEST(layout.stamps.description() == "calendar");
}

BOOST_AUTO_TEST_CASE(a_delimiter_at_the_end_of_every_row_is_a_column_more) {
  BOOST_TEST(layout_of("time,open,high,low,close\n2018-01-01 17:00,1,1,1,1,\n").columns == 6U);
}

BOOST_AUTO_TEST_CASE(what_holds_no_bars_is_said) {
  BOOST_TEST(holds(refusal(""), "it is empty"));
  BOOST_TEST(holds(refusal("\n \n\n"), "blank lines only"));
  BOOST_TEST(holds(refusal("time,open,high,low,close,volume\n"), "a header"));
  BOOST_TEST(holds(refusal("time,open,high,low,volume\n1,1,1,1,1\n"), "no column for close"));
  BOOST_TEST(holds(refusal("hello world\n"), "no column for time, open, high, low, close"));
  BOOST_TEST(holds(refusal(std::string("\x7f"
                                       "ELF\x02\x01\x00\x00",
                                       8)),
                   "binary"));
  BOOST_TEST(holds(refusal("\x7f"
                           "ELF\x02\x01\x03\x04"),
                   "binary"));
  BOOST_TEST(holds(refusal("\xff\xfet\x01"), "UTF-16"));
  BOOST_TEST(holds(refusal("time,open,high,low,close\n01/02/2018,1,1,1,1\n"), "January or February"));
  BOOST_TEST(
      holds(refusal("time,open,high,low,close\n1364774820,1\n"), "its header has 5 columns and its rows have 2"));
  BOOST_TEST(holds(refusal("1364774820,a,b,c,d\n"), "neither a header nor a row"));
  BOOST_TEST(holds(refusal("1364774820,1,1,1,1,1,1,1\n"), "neither a header nor a row"));
}

BOOST_AUTO_TEST_CASE(fields_are_split_by_the_rules_of_quotes) {
  BOOST_TEST(fields("a,b,,c") == (std::vector<std::string>{"a", "b", "", "c"}), boost::test_tools::per_element());
  BOOST_TEST(fields("") == (std::vector<std::string>{""}), boost::test_tools::per_element());
  BOOST_TEST(fields(",") == (std::vector<std::string>{"", ""}), boost::test_tools::per_element());
  BOOST_TEST(fields("\"a,b\",\"say \"\"x\"\"\",c") == (std::vector<std::string>{"a,b", "say \"x\"", "c"}),
             boost::test_tools::per_element());
  BOOST_TEST(fields("\"a\",") == (std::vector<std::string>{"a", ""}), boost::test_tools::per_element());
  BOOST_TEST(fields("\"never closed,b") == (std::vector<std::string>{"never closed,b"}),
             boost::test_tools::per_element());
  BOOST_TEST(fields("\"\"") == (std::vector<std::string>{""}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(any_fields_written_with_quotes_are_read_back) {
  std::mt19937 random(2);
  const std::string letters = "ab,;\" 1";
  for (int trial = 0; trial < 2000; ++trial) {
    std::vector<std::string> written(1 + random() % 5);
    std::string line;
    for (std::string& field : written) {
      for (std::size_t n = random() % 5; n > 0; --n) field += letters[random() % letters.size()];
      std::string quoted;
      for (const char c : field) quoted += c == '"' ? "\"\"" : std::string(1, c);
      line += (&field == &written.front() ? "" : ",") + ("\"" + quoted + "\"");
    }
    BOOST_REQUIRE(fields(line) == written);
  }
}

BOOST_AUTO_TEST_SUITE_END()
