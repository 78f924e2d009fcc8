// From bars to windows for annotators, and from their tables to labelled windows.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "data/annotation/merge_annotations.h"
#include "data/annotation/sample_file.h"
#include "data/annotation/sample_windows.h"
#include "data/annotation/window_strata.h"
#include "data/windows/blacklist.h"
#include "tests/data/window_workspace.h"

using namespace moola;
using namespace moola::test;

namespace {

// Minute bars of eight days without a gap: every minute of the day is there eight times.
market::Bars steady_bars() {
  market::Bars bars = random_bars(8 * 24 * 60, 5);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    bars.time[i] = static_cast<std::int64_t>(i) * kMinute;
    bars.flags[i] = 0;
  }
  return bars;
}

struct Annotated {
  Annotated() : bars(steady_bars()), id(store(folder.path(), "NQ", bars)) {}

  SampleRequest request(const std::string& out = "batch") const {
    SampleRequest wanted;
    wanted.bars = id;
    wanted.per_cell = 3;
    wanted.out = folder / out;
    return wanted;
  }
  SampleResult draw(const SampleRequest& wanted) const { return sample_windows(folder.path(), wanted); }
  // The windows of a first sample.
  AnnotationSample sample() const {
    if (!std::filesystem::exists(folder / "batch/windows.h5")) draw(request());
    return read_sample(folder / "batch/windows.h5");
  }
  std::filesystem::path put(const std::string& name, const std::string& content) const {
    write_file(folder / name, content);
    return folder / name;
  }
  MergeRequest merge_of(const std::string& annotations) const {
    sample();
    MergeRequest wanted;
    wanted.name = "nq";
    wanted.sample = folder / "batch/windows.h5";
    wanted.annotations =
        put("annotated.csv", "window_id,label,expansion_start,expansion_end,grade,reason\n" + annotations);
    wanted.date = "2025-10-18";
    return wanted;
  }
  MergeResult merge(const MergeRequest& wanted) const { return merge_annotations(folder.path(), wanted); }
  // A second version out of the first, whose windows are batch_seed17_000 (up), _001 (down) and two of _002.
  MergeRequest first_version() const {
    return merge_of(
        "batch_seed17_000,up,40,45,A,\nbatch_seed17_001,down,30,74,B,\nbatch_seed17_002,up,31,33,A,\n"
        "batch_seed17_002,down,50,60,B,\n");
  }
  MergeRequest correction_of(const std::string& rows) const {
    MergeRequest wanted;
    wanted.parent = merge(first_version()).id;
    wanted.corrections =
        put("corrections.csv",
            "window_id,corrected_label,corrected_start,corrected_end,action,given_label,reason\n" + rows);
    return wanted;
  }

  TemporaryFolder folder;
  market::Bars bars;
  DatasetId id;
};

std::vector<Candidate> candidates_of(const std::vector<std::pair<double, double>>& range_and_trend) {
  std::vector<Candidate> candidates;
  for (const auto& [range, trend] : range_and_trend) {
    const auto begin = static_cast<std::int64_t>(candidates.size());
    candidates.push_back({.begin = begin, .session = 0, .volatility = 1, .range = range, .trend = trend});
  }
  return candidates;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(annotation)

BOOST_AUTO_TEST_CASE(a_session_may_go_over_midnight) {
  const DaySession night = parse_session("A=22:00-01:00"), noon = parse_session("noon=13:00-17:00");
  BOOST_TEST(night.holds(22 * 60));
  BOOST_TEST(night.holds(59));
  BOOST_TEST(!night.holds(60));
  BOOST_TEST(!night.holds(21 * 60 + 59));
  BOOST_TEST(noon.holds(13 * 60));
  BOOST_TEST(!noon.holds(17 * 60));
  for (const char* text : {"A", "A=22-01", "=22:00-01:00", "A=24:00-01:00", "A=22:60-01:00", "A=2200-01:00 "})
    BOOST_CHECK_THROW(parse_session(text), ConfigError);
}

BOOST_AUTO_TEST_CASE(a_window_is_measured_by_its_closes_and_its_highest_and_lowest) {
  market::Bars bars;
  bars.resize(4);
  bars.time = {0, kMinute, 2 * kMinute, 3 * kMinute};
  bars.open = bars.close = {1, 10, 20, 5};
  bars.high = {99, 11, 22, 6};
  bars.low = {1, 9, 18, 4};
  const auto all_day = std::vector<DaySession>{{"day", 0, 24 * 60}};
  const std::vector<Candidate> found = measure_windows(bars, std::vector<std::int64_t>{1}, 3, 0, all_day);
  // Log returns log 2 and -log 4: their mean is -log(2)/2, and both lie 3 log(2)/2 away from it.
  BOOST_TEST(std::fabs(found.at(0).volatility - 1.5 * std::log(2.0)) < 1e-15);
  BOOST_TEST(found.at(0).range == (22.0 - 4.0) / 10.0);
  BOOST_TEST(found.at(0).trend == 0.5);
}

BOOST_AUTO_TEST_CASE(the_session_of_a_window_is_that_of_its_first_bar_that_may_be_marked) {
  market::Bars bars = steady_bars();
  const std::vector<DaySession> hour{{"one", 60, 120}};
  const std::vector<std::int64_t> begins{29, 30, 89, 90};
  const std::vector<Candidate> found = measure_windows(bars, begins, 105, 30, hour);
  // Bar 30 of these windows is minute 59, 60, 119 and 120 of the day.
  BOOST_TEST(found.size() == 2U);
  BOOST_TEST(found.front().begin == 30);
  BOOST_TEST(found.back().begin == 89);
}

BOOST_AUTO_TEST_CASE(cells_are_halves_of_volatility_in_the_order_of_the_sum_of_two_ranks) {
  std::vector<Candidate> candidates = candidates_of({{3, 1}, {1, 2}, {2, 3}, {9, 9}, {8, 8}});
  candidates[3].volatility = candidates[4].volatility = 2;
  candidates[0].volatility = 1.5;  // ascending: 1, 2, then 0, 4, 3: the lower half are two of five
  const std::vector<Stratum> strata = stratify(candidates, 1);
  const auto begins = [](const Stratum& stratum) {
    std::vector<std::int64_t> result;
    for (const Candidate& each : stratum.candidates) result.push_back(each.begin);
    return result;
  };
  // Low: windows 1 and 2 have ranks 0 + 0 and 1 + 1. High: 0, 4 and 3 have 0 + 0, 1 + 1, 2 + 2.
  BOOST_TEST(begins(strata.at(0)) == (std::vector<std::int64_t>{1, 2}), boost::test_tools::per_element());
  BOOST_TEST(begins(strata.at(1)) == (std::vector<std::int64_t>{0, 4, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(one_window_is_drawn_from_each_equal_stretch_of_a_cell) {
  Stratum stratum;
  for (std::int64_t i = 0; i < 100; ++i) stratum.candidates.push_back({.begin = i});
  const auto any = [](const Candidate&) { return true; };
  std::set<std::vector<std::int64_t>> drawings;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const std::vector<Candidate> drawn = draw(stratum, 7, seed, 0, any);
    BOOST_TEST(drawn.size() == 7U);
    std::vector<std::int64_t> begins;
    for (std::size_t k = 0; k < drawn.size(); ++k) {
      begins.push_back(drawn[k].begin);
      BOOST_TEST(drawn[k].begin >= static_cast<std::int64_t>(k * 100 / 7));
      BOOST_TEST(drawn[k].begin < static_cast<std::int64_t>((k + 1) * 100 / 7));
    }
    drawings.insert(begins);
  }
  BOOST_TEST(drawings.size() == 5U);
}

BOOST_AUTO_TEST_CASE(a_stretch_that_has_none_to_give_is_made_up_for_from_the_others) {
  Stratum stratum;
  for (std::int64_t i = 0; i < 100; ++i) stratum.candidates.push_back({.begin = i});
  std::set<std::int64_t> taken;
  const auto upper_half = [&](const Candidate& each) { return each.begin >= 50 && taken.insert(each.begin).second; };
  BOOST_TEST(draw(stratum, 10, 1, 0, upper_half).size() == 10U);
  BOOST_TEST(draw(stratum, 60, 1, 0, upper_half).size() == 40U);  // all that were left
}

BOOST_AUTO_TEST_CASE(a_sample_has_as_many_windows_of_each_cell_and_none_that_meets_another) {
  const Annotated set;
  const SampleResult result = set.draw(set.request());
  BOOST_TEST(result.drawn == 24U);  // 4 sessions x 2 halves x 3
  BOOST_TEST(result.cells.size() == 8U);
  for (const SampleResult::Cell& cell : result.cells) BOOST_TEST(cell.drawn == 3U);
  const WindowTable table = set.sample().table;
  for (std::uint64_t w = 0; w < table.windows; ++w) {
    BOOST_TEST(table.raw_end[w] == table.raw_start[w] + 104);
    if (w > 0) BOOST_TEST(table.raw_start[w] > table.raw_end[w - 1]);
    const std::int64_t minute = (table.raw_start[w] + 30) % (24 * 60);
    BOOST_TEST((minute < 7 * 60 || minute >= 13 * 60));
    BOOST_TEST(table.t0[w] == table.raw_start[w] * kMinute);
    BOOST_TEST(table.t1[w] == (table.raw_end[w] + 1) * kMinute - 1);
    BOOST_TEST(table.x[w * 420] == static_cast<float>(set.bars.open[static_cast<std::size_t>(table.raw_start[w])]));
  }
  const std::string csv = read_file(result.csv);
  BOOST_TEST(std::ranges::count(csv, '\n') == 25);
  BOOST_TEST(csv.find("\nbatch_seed17_000,NQ,") != csv.npos);
}

BOOST_AUTO_TEST_CASE(the_same_seed_draws_the_same_windows_and_another_one_others) {
  const Annotated set;
  const std::string first = set.draw(set.request("a")).content_sha256;
  BOOST_TEST(set.draw(set.request("b")).content_sha256 == first);
  BOOST_TEST(read_file(set.folder / "a/windows.csv") == read_file(set.folder / "b/windows.csv"));
  SampleRequest other = set.request("c");
  other.seed = 18;
  BOOST_TEST(set.draw(other).content_sha256 != first);
  BOOST_CHECK_EXCEPTION(set.draw(set.request("a")), ConfigError, says("--force"));
}

BOOST_AUTO_TEST_CASE(blacklisted_bars_and_labelled_windows_are_not_drawn_again) {
  const Annotated set;
  const MergeResult merged = set.merge(set.first_version());
  const WindowTable before = set.sample().table;
  SampleRequest again = set.request("again");
  again.labelled = {merged.id};
  again.blacklist = set.put("black.csv", "window_id,raw_start_idx,raw_end_idx,reason\n,3000,9000,holiday\n");
  set.draw(again);
  const WindowTable table = read_sample(again.out / "windows.h5").table;
  for (std::uint64_t w = 0; w < table.windows; ++w) {
    const RawRange range{table.raw_start[w], table.raw_end[w]};
    BOOST_TEST(!range.meets({3000, 9000}));
    for (std::uint64_t labelled = 0; labelled < 3; ++labelled)  // those that were annotated
      BOOST_TEST(!range.meets({before.raw_start[labelled], before.raw_end[labelled]}));
  }
  again.blacklist = set.put("black.csv", "window_id,raw_start_idx,raw_end_idx,reason\na,,,D\n");
  again.out = set.folder / "third";
  BOOST_CHECK_EXCEPTION(set.draw(again), ConfigError, says("window 'a' without raw_start_idx"));
}

BOOST_AUTO_TEST_CASE(a_sample_that_no_window_fits_says_so) {
  const Annotated set;
  SampleRequest wanted = set.request();
  wanted.shape.length = 20000;
  BOOST_CHECK_EXCEPTION(set.draw(wanted), DataError, says("no window of 20000 bars"));
  wanted = set.request();
  wanted.per_cell = 0;
  BOOST_CHECK_THROW(set.draw(wanted), ConfigError);
  wanted = set.request();
  wanted.per_cell = 1000;
  BOOST_TEST(set.draw(wanted).drawn < 8U * 24 * 60 / 105 + 1);  // as many as there is room for
}

BOOST_AUTO_TEST_CASE(annotations_become_labelled_windows_with_their_time_and_their_bars) {
  const Annotated set;
  const MergeResult result = set.merge(set.first_version());
  BOOST_TEST(to_string(result.id) == "labeled_windows/nq/v1");
  const DatasetReader reader(set.folder.path(), result.id);
  const WindowTable sample = set.sample().table;
  BOOST_TEST(reader.file().list_attribute("window_ids") ==
                 (std::vector<std::string>{"batch_seed17_000", "batch_seed17_001", "batch_seed17_002_exp_1",
                                           "batch_seed17_002_exp_2"}),
             boost::test_tools::per_element());
  BOOST_TEST(reader.file().list_attribute("label_names") == (std::vector<std::string>{"down", "up"}),
             boost::test_tools::per_element());
  BOOST_TEST(reader.read<std::int32_t>("y") == (std::vector<std::int32_t>{1, 0, 1, 0}),
             boost::test_tools::per_element());
  BOOST_TEST(reader.read<std::int64_t>("group") == (std::vector<std::int64_t>{0, 1, 2, 2}),
             boost::test_tools::per_element());
  BOOST_TEST(reader.read<std::int32_t>("expansion_start") == (std::vector<std::int32_t>{40, 30, 31, 50}),
             boost::test_tools::per_element());
  BOOST_TEST(reader.read<std::int64_t>("t0") ==
                 (std::vector<std::int64_t>{sample.t0[0], sample.t0[1], sample.t0[2], sample.t0[2]}),
             boost::test_tools::per_element());
  BOOST_TEST(reader.file().text_attribute("intervals") == "known");
  BOOST_TEST(to_string(reader.parents().at(0).id) == "bars/NQ/v1");
  BOOST_TEST(result.changes.at("added") == 4U);
}

BOOST_AUTO_TEST_CASE(grades_decide_what_is_kept_listed_or_blacklisted) {
  const Annotated set;
  MergeRequest wanted = set.merge_of(
      "batch_seed17_000,up,40,45,a,\nbatch_seed17_001,,,,D,\"flat, no move\"\nbatch_seed17_002,up,40,45,C,\n"
      "batch_seed17_003,,,,,\n");
  const MergeResult result = set.merge(wanted);
  BOOST_TEST(result.windows == 1U);
  const std::map<std::string, std::uint64_t> changes{
      {"added", 1}, {"blacklisted", 1}, {"marginal", 1}, {"not_annotated", 1}};
  BOOST_TEST((result.changes == changes));
  const WindowTable sample = set.sample().table;
  BOOST_TEST(read_file(result.blacklist) ==
             fmt::format("window_id,raw_start_idx,raw_end_idx,reason,blacklisted_date\n"
                         "batch_seed17_001,{},{},\"grade D: flat, no move\",2025-10-18\n",
                         sample.raw_start[1], sample.raw_end[1]));
  wanted.keep = "ABC";
  BOOST_TEST(set.merge(wanted).windows == 2U);
  wanted.keep = "AD";
  BOOST_CHECK_THROW(set.merge(wanted), ConfigError);
}

BOOST_AUTO_TEST_CASE(corrections_make_a_new_version_of_the_parent_and_a_list_of_what_changed) {
  const Annotated set;
  const MergeResult result = set.merge(
      set.correction_of("batch_seed17_000,down,,,,up,model disagrees\nbatch_seed17_001,,31,40,correct,,pointers\n"
                        "batch_seed17_002_exp_1,,,,drop,,ambiguous\nbatch_seed17_002_exp_2,,,,,,not decided\n"));
  BOOST_TEST(to_string(result.id) == "labeled_windows/nq/v2");
  BOOST_TEST(result.before == 4U);
  const DatasetReader reader(set.folder.path(), result.id);
  BOOST_TEST(reader.read<std::int32_t>("y") == (std::vector<std::int32_t>{0, 0, 0}), boost::test_tools::per_element());
  BOOST_TEST(reader.read<std::int32_t>("expansion_end") == (std::vector<std::int32_t>{45, 40, 60}),
             boost::test_tools::per_element());
  BOOST_TEST(to_string(reader.parents().at(0).id) == "labeled_windows/nq/v1");
  BOOST_TEST(read_file(result.review_csv) ==
             "window_id,change,before,after,reason\n"
             "batch_seed17_000,relabelled,up 40-45,down 40-45,model disagrees\n"
             "batch_seed17_001,moved,down 30-74,down 31-40,pointers\n"
             "batch_seed17_002_exp_1,dropped,up 31-33,,ambiguous\n"
             "batch_seed17_002_exp_2,open,down 50-60,down 50-60,not decided\n");
  const Json review = read_json(result.review_json);
  BOOST_TEST(review["changes"]["relabelled"] == 1);
  BOOST_TEST(review["windows_after"] == 3);
  BOOST_TEST(review["parent"] == "labeled_windows/nq/v1");
}

BOOST_AUTO_TEST_CASE(a_blacklist_takes_labelled_windows_out_by_id_and_by_their_bars) {
  const Annotated set;
  MergeRequest wanted;
  wanted.parent = set.merge(set.first_version()).id;
  const std::int64_t end = set.sample().table.raw_end[0];
  wanted.blacklist = set.put("black.csv", fmt::format("window_id,raw_start_idx,raw_end_idx,reason\n"
                                                      "batch_seed17_002,,,D\n,{},{},holiday\n",
                                                      end, end));
  const MergeResult result = set.merge(wanted);
  const DatasetReader reader(set.folder.path(), result.id);
  BOOST_TEST(reader.file().list_attribute("window_ids") == std::vector<std::string>{"batch_seed17_001"},
             boost::test_tools::per_element());
  BOOST_TEST(result.changes.at("dropped") == 3U);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_the_windows_is_refused_with_its_row_and_no_version_is_made) {
  const Annotated set;
  const auto refused = [&](const std::string& rows, const std::string& reason) {
    BOOST_CHECK_EXCEPTION(set.merge(set.merge_of(rows)), DataError, says(reason));
  };
  refused("batch_seed17_00,up,40,45,A,\n", "Did you mean 'batch_seed17_00");
  refused("batch_seed17_000,up,40,45,E,\n", "row 0 (counted from 0) has the grade 'E'");
  refused("batch_seed17_000,,40,45,A,\n", "has grade A and no label");
  refused("batch_seed17_000,up,29,45,A,\n", "expansion_outside");
  refused("batch_seed17_000,up,45,45,A,\n", "expansion_order");
  refused("batch_seed17_000,up,40,,A,\n", "expansion_incomplete");
  refused("batch_seed17_000,up,40.5,45,A,\n", "expected the number of a bar");
  refused("batch_seed17_000,up,x,45,A,\n", "expected the number of a bar");
  refused("batch_seed17_000,up,40,45,A,\nbatch_seed17_000,,,,D,\n", "and D in another row");
  refused(",up,40,45,A,\n", "has no window_id");
  refused("batch_seed17_000,,,,D,\n", "no labelled window would be left");
  BOOST_TEST(list_versions(set.folder.path(), "labeled_windows", "nq").empty());

  const auto uncorrected = [&](const std::string& rows, const std::string& reason) {
    const MergeRequest wanted = set.correction_of(rows);
    BOOST_CHECK_EXCEPTION(set.merge(wanted), DataError, says(reason));
  };
  uncorrected("batch_seed17_000,up,,,,down,\n", "was reviewed as 'down', but is 'up' now");
  uncorrected("batch_seed17_000,upp,,,,,\n", "Did you mean 'up'?");
  uncorrected("batch_seed17_000,,40,,,,\n", "only one of corrected_start");
  uncorrected("batch_seed17_000,up,,,drop,,\n", "drops the window and corrects it");
  uncorrected("batch_seed17_000,,,,correct,,\n", "nothing that is corrected");
  uncorrected("batch_seed17_000,,,,drp,,\n", "Did you mean 'drop'?");
  uncorrected("batch_seed17_009,up,,,,,\n", "there is no window");
  uncorrected("batch_seed17_000,up,,,,,\nbatch_seed17_000,up,,,,,\n", "in another row too");
  MergeRequest twice = set.first_version();
  twice.parent = DatasetId{"labeled_windows", "nq", 1};
  BOOST_CHECK_EXCEPTION(set.merge(twice), DataError, says("in the labelled windows already"));
}

BOOST_AUTO_TEST_CASE(a_sample_that_was_changed_is_refused) {
  const Annotated set;
  const MergeRequest wanted = set.first_version();
  std::filesystem::permissions(wanted.sample, std::filesystem::perms::owner_write, std::filesystem::perm_options::add);
  const std::string bytes = read_file(wanted.sample);
  const WindowTable original = set.sample().table;
  for (std::size_t at = 0; at < bytes.size(); at += 997) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    write_file(wanted.sample, changed);
    try {
      const AnnotationSample sample = read_sample(wanted.sample);
      BOOST_TEST((sample.table.x == original.x));
      BOOST_TEST(sample.table.raw_start == original.raw_start, boost::test_tools::per_element());
      BOOST_TEST(sample.table.t1 == original.t1, boost::test_tools::per_element());
      BOOST_TEST(sample.table.window_ids == original.window_ids, boost::test_tools::per_element());
    } catch (const DataError&) {
    }
  }
  write_file(wanted.sample, bytes.substr(0, bytes.size() / 2));
  BOOST_CHECK_THROW(set.merge(wanted), DataError);
}

BOOST_AUTO_TEST_SUITE_END()
