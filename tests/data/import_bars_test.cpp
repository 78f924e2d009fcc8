#include "data/bars/import_bars.h"

#include <fmt/format.h>
#include <boost/test/unit_test.hpp>
#include <random>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/utc_time.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::data;
using namespace moola::test;
using market::Fault;

namespace {

constexpr std::int64_t kMinute = 60'000'000'000;
const std::string kHeader = "time,open,high,low,close,volume\n";

/// A file of its own, imported without writing.
class Imported {
 public:
  explicit Imported(const std::string& text, BarsImport import = {}) {
    write_file(folder_ / "bars.csv", text);
    import.files = {folder_ / "bars.csv"};
    if (import.symbol.empty()) import.symbol = "S";
    result_ = read_bars_files(import);
  }
  const ImportedBars* operator->() const { return &result_; }
  const ImportedBars& operator*() const { return result_; }

 private:
  TemporaryFolder folder_;
  ImportedBars result_;
};

std::string refusal(const std::string& text, BarsImport import = {}) {
  return refusal_of([&] { Imported imported(text, import); });
}

// n sound rows from 2018-01-01 on, a minute apart.
std::string sound_rows(int n, int first = 0) {
  std::string text;
  for (int i = first; i < first + n; ++i) {
    std::string stamp = utc_text(parse_utc("2018-01-01") + i * kMinute);
    text += stamp + ",10,12,9,11," + std::to_string(i) + "\n";
  }
  return text;
}

std::string stamp(int minute) {
  return utc_text(parse_utc("2018-01-01") + minute * kMinute);
}

std::vector<std::uint32_t> lines_of(const ImportedBars& imported, Fault fault) {
  std::vector<std::uint32_t> lines;
  for (const auto& each : imported.faults.first_cases()) {
    if (each.fault == fault) lines.push_back(each.origin.line);
  }
  return lines;
}

std::size_t entries_under(const std::filesystem::path& folder) {
  std::size_t n = 0;
  std::error_code none;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, none))
    n += entry.is_regular_file() ? 1 : 0;
  return n;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(import_bars_files)

BOOST_AUTO_TEST_CASE(a_clean_file_gives_its_numbers) {
  const Imported imported(kHeader +
                          "1364774820000,93.25,93.3,93.25,93.3,93.3\n1364774880000,100,100.5,99.5,100,1e-3\n");
  BOOST_TEST(imported->bars.time == (std::vector<std::int64_t>{1364774820'000'000'000, 1364774880'000'000'000}),
             boost::test_tools::per_element());
  BOOST_TEST(imported->bars.open == (std::vector<double>{93.25, 100}), boost::test_tools::per_element());
  BOOST_TEST(imported->bars.high == (std::vector<double>{93.3, 100.5}), boost::test_tools::per_element());
  BOOST_TEST(imported->bars.low == (std::vector<double>{93.25, 99.5}), boost::test_tools::per_element());
  BOOST_TEST(imported->bars.close == (std::vector<double>{93.3, 100}), boost::test_tools::per_element());
  BOOST_TEST(imported->bars.volume == (std::vector<double>{93.3, 1e-3}), boost::test_tools::per_element());
  BOOST_TEST(imported->info.bar_seconds == 60);
  BOOST_TEST(imported->info.source_timezone == "UTC");
  BOOST_TEST(imported->faults.empty());
  BOOST_TEST(imported->notes.empty());
}

BOOST_AUTO_TEST_CASE(every_cause_is_counted_and_its_true_line_is_named) {
  // Blank lines count as lines, though they are no rows.
  const Imported imported(kHeader + sound_rows(10) +          // lines 2 to 11
                          "\n" +                              // 12
                          stamp(10) + ",10,12,9,11\n" +       // 13: a column too few
                          "yesterday,10,12,9,11,1\n" +        // 14
                          stamp(11) + ",10,abc,9,11,1\n" +    // 15
                          stamp(12) + ",10,,9,11,1\n" +       // 16
                          stamp(13) + ",10,nan,9,11,1\n" +    // 17
                          stamp(14) + ",10,12,0,11,1\n" +     // 18
                          stamp(15) + ",10,9,12,11,1\n" +     // 19: high below low
                          stamp(16) + ",10,10.5,9,11,1\n" +   // 20: high below close
                          stamp(17) + ",10,12,10.5,11,1\n" +  // 21: low above open
                          stamp(18) + ",10,12,9,11,many\n" +  // 22
                          stamp(19) + ",10,12,9,11,-5\n" +    // 23
                          stamp(19) + ",10,12,9,11,0\n" +     // 24: the row before, as repaired
                          stamp(19) + ",10,12,9,11.5,0\n" +   // 25: another close
                          stamp(21) + ",10,12,9,11,1\r\n" +   // 26
                          stamp(20) + ",10,12,9,11,1\n" +     // 27: backward
                          stamp(22) + ",10,12,9,11,1");       // 28: no end of line
  const auto one = [&](Fault fault, std::vector<std::uint32_t> lines) {
    BOOST_TEST_CONTEXT(market::name_of(fault)) {
      BOOST_TEST(imported->faults.count(fault) == lines.size());
      BOOST_TEST(lines_of(*imported, fault) == lines, boost::test_tools::per_element());
    }
  };
  one(Fault::wrong_columns, {13});
  one(Fault::unparsable_time, {14});
  one(Fault::unparsable_price, {15, 16, 17});
  one(Fault::price_not_positive, {18});
  one(Fault::high_below_low, {19});
  one(Fault::high_below_body, {20});
  one(Fault::low_above_body, {21});
  one(Fault::unparsable_volume, {22});
  one(Fault::negative_volume, {23});
  one(Fault::duplicate_row, {24});
  one(Fault::duplicate_stamp, {25});
  one(Fault::backward_stamp, {27});
  BOOST_TEST(imported->bars.size() == 18U);
  BOOST_TEST(imported->faults.dropped() == 8U);
  BOOST_TEST(imported->rows_read == 26U);
  BOOST_TEST(imported->rows_read - imported->faults.dropped() == imported->bars.size());
  BOOST_TEST(holds(describe_faults(*imported), "line 14"));
  BOOST_TEST(holds(describe_faults(*imported), "yesterday"));
  BOOST_TEST(imported->manifest["first_cases"][0]["line"] == 13);
}

BOOST_AUTO_TEST_CASE(the_manifest_knows_no_place) {
  const Imported imported(kHeader + sound_rows(3) + "x,1,1,1,1,1\n");
  BOOST_TEST(!holds(imported->manifest.dump(), "/"));
  BOOST_TEST(imported->manifest["sources"][0]["name"] == "bars.csv");
  BOOST_TEST(imported->manifest["dropped"]["unparsable_time"] == 1);
}

BOOST_AUTO_TEST_CASE(strict_takes_no_file_with_a_fault_and_says_where_it_is) {
  BarsImport strict;
  strict.strict = true;
  BOOST_TEST(Imported(kHeader + sound_rows(5), strict)->bars.size() == 5U);
  const std::string message = refusal(kHeader + sound_rows(5) + stamp(9) + ",10,9,12,11,1\n", strict);
  BOOST_TEST(holds(message, "--strict"));
  BOOST_TEST(holds(message, "line 7"));
}

BOOST_AUTO_TEST_CASE(files_that_hold_no_series_are_refused) {
  BOOST_TEST(holds(refusal(""), "it is empty"));
  BOOST_TEST(holds(refusal(kHeader), "no rows"));
  BOOST_TEST(holds(refusal(kHeader + sound_rows(1)), "1 bar is no series"));
  BOOST_TEST(holds(refusal("20180101 170000;1.2;1.3;1.1;1.2;0\n"), "1 bar is no series"));
  BOOST_TEST(Imported(kHeader + sound_rows(2))->bars.size() == 2U);
  BOOST_TEST(holds(refusal(std::string("\x00\x01\x02\x03", 4)), "binary"));
  BOOST_TEST(holds(refusal("a,b\n1,2\n"), "no column for"));
}

BOOST_AUTO_TEST_CASE(a_file_of_which_more_than_half_cannot_be_used_is_refused) {
  BOOST_TEST(Imported(kHeader + sound_rows(3) + "x,1,1,1,1,1\nx,1,1,1,1,1\nx,1,1,1,1,1\n")->bars.size() == 3U);
  BOOST_TEST(holds(refusal(kHeader + sound_rows(3) + "x,1,1,1,1,1\nx,1,1,1,1,1\nx,1,1,1,1,1\nx,1,1,1,1,1\n"),
                   "more than half"));
}

BOOST_AUTO_TEST_CASE(stamps_without_a_zone_are_taken_as_utc_and_that_is_said) {
  const std::string rows = "2018-01-01 17:00:00,1,1,1,1,1\n2018-01-01 17:01:00,1,1,1,1,1\n";
  const Imported silent(kHeader + rows);
  BOOST_TEST(utc_text(silent->bars.time[0]) == "2018-01-01T17:00:00Z");
  BOOST_REQUIRE(silent->notes.size() == 1U);
  BOOST_TEST(holds(silent->notes[0], "--timezone"));
  BarsImport said;
  said.timezone = "America/New_York";
  const Imported told(kHeader + rows, said);
  BOOST_TEST(utc_text(told->bars.time[0]) == "2018-01-01T22:00:00Z");
  BOOST_TEST(told->notes.empty());
  BOOST_TEST(told->info.source_timezone == "America/New_York");
}

BOOST_AUTO_TEST_CASE(histdata_is_new_york_time_unless_told_otherwise) {
  const std::string rows = "20180701 170000;1.2;1.3;1.1;1.2;0\n20180701 170100;1.2;1.3;1.1;1.2;0\n";
  BOOST_TEST(utc_text(Imported(rows)->bars.time[0]) == "2018-07-01T21:00:00Z");
  BarsImport fixed;
  fixed.timezone = "UTC-5";
  BOOST_TEST(utc_text(Imported(rows, fixed)->bars.time[0]) == "2018-07-01T22:00:00Z");
}

BOOST_AUTO_TEST_CASE(a_local_time_that_does_not_exist_is_dropped_and_counted) {
  BarsImport import;
  import.timezone = "America/New_York";
  const Imported imported(
      kHeader + "2018-03-11 01:59,1,1,1,1,1\n2018-03-11 02:00,1,1,1,1,1\n2018-03-11 03:00,1,1,1,1,1\n", import);
  BOOST_TEST(imported->bars.size() == 2U);
  BOOST_TEST(lines_of(*imported, Fault::nonexistent_time) == (std::vector<std::uint32_t>{3}),
             boost::test_tools::per_element());
  BOOST_TEST(imported->bars.time[1] - imported->bars.time[0] == kMinute);
}

// A line end ends a row, also where somebody forgot to close a quote: the fast reader must not swallow rows.
BOOST_AUTO_TEST_CASE(a_quote_that_is_not_closed_swallows_no_row) {
  std::string rows = "time,open,high,low,close,volume,note\n";
  for (int i = 0; i < 30; ++i)
    rows += fmt::format("{},1,2,0.5,1.5,{},{}\n", 1'600'000'000 + 60 * i, i,
                        i == 10   ? "\"so"
                        : i == 20 ? "so\""
                                  : "so");
  const Imported quoted(rows);
  BOOST_TEST(quoted->bars.size() == 30U);
}

BOOST_AUTO_TEST_CASE(fast_and_careful_reading_give_the_same_bars) {
  std::mt19937 random(9);
  std::string rows;
  for (int i = 0; i < 5000; ++i) {
    const double low = 1 + random() % 100'000 / 997.0;
    const auto number = [](double x) { return fmt::format("{}", x); };
    rows += stamp(i) + "," + number(low * 1.25) + "," + number(low * 1.5) + "," + number(low) + "," +
            number(low * 1.125) + "," + number(random() % 1000 / 7.0) + "\n";
  }
  const Imported fast(kHeader + rows);
  const Imported careful(kHeader + rows + "broken\n");
  BOOST_TEST(fast->faults.empty());
  BOOST_TEST(careful->faults.count(Fault::wrong_columns) == 1U);
  BOOST_TEST((fast->bars.time == careful->bars.time));
  BOOST_TEST((fast->bars.open == careful->bars.open));
  BOOST_TEST((fast->bars.high == careful->bars.high));
  BOOST_TEST((fast->bars.low == careful->bars.low));
  BOOST_TEST((fast->bars.close == careful->bars.close));
  BOOST_TEST((fast->bars.volume == careful->bars.volume));
}

BOOST_AUTO_TEST_CASE(files_are_joined_in_the_order_of_their_stamps_and_overlaps_are_found) {
  const TemporaryFolder folder;
  write_file(folder / "b.csv", kHeader + sound_rows(10, 5));
  write_file(folder / "a.csv", kHeader + sound_rows(8));
  BarsImport import;
  import.symbol = "S";
  import.files = {folder / "b.csv", folder / "a.csv"};
  const ImportedBars imported = read_bars_files(import);
  BOOST_TEST(imported.bars.size() == 15U);
  BOOST_TEST(imported.faults.count(Fault::duplicate_row) == 3U);
  BOOST_TEST(imported.inputs[imported.faults.first_cases()[0].origin.file] == (folder / "b.csv").string());
  BOOST_TEST(imported.faults.first_cases()[0].origin.line == 2U);
}

BOOST_AUTO_TEST_CASE(a_file_that_runs_backward_is_turned_round) {
  std::string rows;
  for (int i = 9; i >= 0; --i) rows += sound_rows(1, i);
  const Imported imported(kHeader + rows);
  BOOST_TEST(imported->faults.empty());
  BOOST_TEST(imported->bars.volume.front() == 0);
  BOOST_TEST(imported->bars.volume.back() == 9);
}

BOOST_AUTO_TEST_CASE(a_file_without_volume_has_none) {
  const Imported imported("time,open,high,low,close\n2018-01-01T00:00Z,1,1,1,1\n2018-01-01T00:01Z,1,1,1,1\n");
  BOOST_TEST(imported->bars.volume == (std::vector<double>{0, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(only_the_chosen_product_and_no_spreads_are_taken) {
  const std::string text =
      "symbol,exp_month,time,open,high,low,close,volume\n"
      "TX,202411,2024-11-05 08:45:00,5,5,5,5,9\nTX,202411/202412,2024-11-05 "
      "08:45:00,-1,-1,-1,-1,1\nTX,202411W2,2024-11-05 08:45:00,5,5,5,5,1\n"
      "MTX,202411,2024-11-05 08:45:00,7,7,7,7,1\nTX,202411,2024-11-05 08:46:00,5,5,5,5,9\nTX,202412,2024-11-05 "
      "08:46:00,6,6,6,6,1\n"
      "TX,202412,2024-11-05 08:47:00,6,6,6,6,1\n";
  BarsImport import;
  import.timezone = "Asia/Taipei";
  import.symbol = "TX";
  const Imported front(text, import);
  BOOST_TEST(front->bars.close == (std::vector<double>{5, 5}), boost::test_tools::per_element());
  BOOST_TEST(front->passed_over.at("calendar_spread") == 1U);
  BOOST_TEST(front->passed_over.at("other_product") == 1U);
  BOOST_TEST(front->passed_over.at("other_contract") == 1U);
  BOOST_TEST(front->faults.empty());  // the spread's prices below 0 are no faults
  import.contract = "202412";
  BOOST_TEST(Imported(text, import)->bars.close == (std::vector<double>{6, 6}), boost::test_tools::per_element());
  import.contract = "202503";
  BOOST_TEST(holds(refusal(text, import), "They hold 202411, 202412"));
  import.contract = "next";
  BOOST_TEST(holds(refusal(text, import), "neither 'front' nor a delivery month"));
  import.contract = "front";
  import.symbol = "TWII";
  BOOST_TEST(holds(refusal(text, import), "MTX, TX"));
  import.product = "TXX";
  BOOST_TEST(holds(refusal(text, import), "Did you mean 'TX'?"));
  import.product = "TX";
  BOOST_TEST(Imported(text, import)->bars.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_single_product_needs_no_naming) {
  BarsImport import;
  import.symbol = "anything";
  BOOST_TEST(
      Imported("ticker,time,open,high,low,close\nX,1364774820,1,1,1,1\nX,1364774880,1,1,1,1\n", import)->bars.size() ==
      2U);
}

BOOST_AUTO_TEST_CASE(a_request_that_cannot_be_met_is_refused_before_reading) {
  BarsImport import;
  import.timezone = "America/NewYork";
  BOOST_TEST(holds(refusal(kHeader + sound_rows(3), import), "Did you mean 'America/New_York'?"));
  import = {};
  import.symbol = "a/b";
  BOOST_TEST(holds(refusal(kHeader + sound_rows(3), import), "the symbol 'a/b'"));
  import = {};
  import.contract = "202412";
  BOOST_TEST(holds(refusal(kHeader + sound_rows(3), import), "name no delivery months"));
}

BOOST_AUTO_TEST_CASE(whatever_goes_wrong_the_workspace_stays_empty) {
  const TemporaryFolder folder, workspace;
  for (const char* text : {"", "x", "time,open,high,low,close\n", "time,open,high,low,close\n1364774820,1,1,1,1\n"}) {
    write_file(folder / "bars.csv", text);
    BarsImport import;
    import.symbol = "S";
    import.files = {folder / "bars.csv"};
    BOOST_CHECK_THROW(import_bars(workspace.path(), import), Error);
  }
  BOOST_TEST(entries_under(workspace.path()) == 0U);
}

BOOST_AUTO_TEST_CASE(the_same_files_give_the_same_hash_and_the_next_version) {
  const TemporaryFolder folder, workspace;
  write_file(folder / "bars.csv", kHeader + sound_rows(20));
  BarsImport import;
  import.symbol = "S";
  import.files = {folder / "bars.csv"};
  const ImportedBars first = import_bars(workspace.path(), import), second = import_bars(workspace.path(), import);
  BOOST_TEST(first.content_sha256 == second.content_sha256);
  BOOST_TEST(to_string(second.id) == "bars/S/v2");
  import.version = 2;
  BOOST_TEST(holds(refusal_of([&] { import_bars(workspace.path(), import); }), "exists already"));
  BOOST_TEST(
      (read_file(dataset_file(workspace.path(), first.id)) == read_file(dataset_file(workspace.path(), second.id))));
}

BOOST_AUTO_TEST_CASE(the_order_of_parquet_magic_and_nothing_behind_it_is_said) {
  BOOST_TEST(holds(refusal("PAR1"), "cannot be read as Parquet"));
  BOOST_TEST(holds(refusal("PAR1 and something that is none PAR1"), "cannot be read as Parquet"));
}

BOOST_AUTO_TEST_CASE(flags_of_an_export_come_back_and_other_columns_of_that_name_do_not) {
  const std::string rows = "2019-01-01 00:00,1,2,1,2,3,";
  const std::string next = "2019-01-01 00:01,2,3,2,2,3,";
  const Imported back("time,open,high,low,close,volume,flags\n" + rows + "8\n" + next + "4\n", {});
  BOOST_TEST(static_cast<int>(back->bars.flags[0]) == 8);
  BOOST_TEST(static_cast<int>(back->bars.flags[1]) == 4);
  BOOST_TEST(back->notes.size() == 1U);  // of the zone
  const Imported foreign("time,open,high,low,close,volume,flags\n" + rows + "4\n" + next + "177\n", {});
  BOOST_TEST(static_cast<int>(foreign->bars.flags[0]) == 0);
  BOOST_TEST(foreign->notes.size() == 2U);
}

BOOST_AUTO_TEST_CASE(columns_without_a_place_are_named) {
  const Imported all(
      "time,open,high,low,close,volume,trades\n2019-01-01 00:00,1,2,1,2,3,7\n2019-01-01 00:01,1,2,1,2,3,7\n", {});
  BOOST_TEST(all->ignored == (std::vector<std::string>{"trades"}), boost::test_tools::per_element());
  BOOST_TEST(
      holds(refusal("time,open,high,low,close,close\n2019-01-01 00:00,1,2,1,2,3\n"), "two columns are called 'close'"));
}

BOOST_AUTO_TEST_CASE(a_decimal_comma_is_explained) {
  const std::string said =
      refusal("time;open;high;low;close\n2019-01-01 00:00;1,5;2,5;1,5;2,5\n2019-01-01 00:01;1,5;2,5;1,5;2,5\n");
  BOOST_TEST(holds(said, "'1,5'"));
  BOOST_TEST(holds(said, "decimal point"));
}

BOOST_AUTO_TEST_CASE(options_that_would_change_nothing_are_refused_or_noted) {
  const std::string text = "time,open,high,low,close\n2019-07-01 00:00,1,2,1,2\n2019-07-01 00:01,1,2,1,2\n";
  BarsImport product, offset, summer, epoch;
  product.product = "TX";
  BOOST_TEST(holds(refusal(text, product), "name no products"));
  offset.utc_offsets = {parse_offset_exception("2030-10-27/2030-11-03=-05:00")};
  BOOST_TEST(holds(refusal(text, offset), "covers no local stamp"));
  summer.timezone = "EST";
  BOOST_TEST(holds(Imported(text, summer)->notes.at(0), "UTC-5"));
  epoch.timezone = "America/New_York";
  BOOST_TEST(holds(Imported("time,open,high,low,close\n1561939200,1,2,1,2\n1561939260,1,2,1,2\n", epoch)->notes.at(0),
                   "is not used"));
}

BOOST_AUTO_TEST_SUITE_END()
