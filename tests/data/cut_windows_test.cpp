#include "data/windows/cut_windows.h"

#include <fstream>

#include "base/subprocess.h"
#include "data/window_workspace.h"

using namespace moola;
using namespace moola::data;
using namespace moola::test;

namespace {

void overwrite_byte(const std::filesystem::path& file, std::int64_t from_end) {
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(-from_end, std::ios::end);
  const char byte = static_cast<char>(stream.get() ^ 0x5a);
  stream.seekp(-from_end, std::ios::end);
  stream.put(byte);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cutting_windows)

BOOST_AUTO_TEST_CASE(cutting_the_same_again_finds_what_is_there_and_anything_else_is_a_new_version) {
  const Workspace workspace;
  const CutResult again = cut_windows(workspace.folder.path(), workspace.ids, workspace.shape);
  BOOST_TEST(again.existed);
  BOOST_TEST((again.id == workspace.cut.id));
  BOOST_TEST(again.content_sha256 == workspace.cut.content_sha256);
  WindowShape longer = workspace.shape;
  longer.length = 33;
  const CutResult other = cut_windows(workspace.folder.path(), workspace.ids, longer);
  BOOST_TEST(!other.existed);
  BOOST_TEST(other.id.version == 2);
  // Also when something else has been cut since.
  BOOST_TEST((cut_windows(workspace.folder.path(), workspace.ids, workspace.shape).id == workspace.cut.id));
  BOOST_CHECK_THROW(cut_windows(workspace.folder.path(), workspace.ids, longer, "", 1), ConfigError);
}

BOOST_AUTO_TEST_CASE(a_window_longer_than_every_stretch_says_how_long_they_are) {
  const Workspace workspace;
  BOOST_CHECK_EXCEPTION(cut_windows(workspace.folder.path(), workspace.ids, {.length = 5000}), DataError,
                        says("the longest stretch"));
  BOOST_CHECK_EXCEPTION(
      cut_windows(workspace.folder.path(), std::vector<DatasetId>{workspace.ids[0], workspace.ids[0]}, {}), ConfigError,
      says("named twice"));
}

BOOST_AUTO_TEST_CASE(bitcoins_minutes_give_the_known_numbers_of_windows) {
  const std::filesystem::path source =
      std::filesystem::path(MOOLA_SOURCE_DIR) / "../shared/data/bars/bitfinex_BTCUSD_1m.csv.xz";
  if (!std::filesystem::exists(source)) {
    BOOST_TEST_MESSAGE("SKIPPED: " << source << " is not there; it is kept apart from the repository");
    BOOST_TEST(true);
    return;
  }
  test::TemporaryFolder folder;
  const auto call = run_process({MOOLA_BINARY_DIR "/moola-data", "import", "bars", source.string(), "--symbol",
                                 "BTCUSD", "--workspace", folder.path().string()});
  BOOST_REQUIRE_MESSAGE(call.exit_code == 0, call.errors);
  const std::vector<DatasetId> bars{{"bars", "BTCUSD", 1}};
  const auto windows = [&](std::int64_t length, std::int64_t minutes) {
    return cut_windows(folder.path(), bars, {.length = length, .stride = 1, .max_gap = minutes * kMinute}).windows;
  };
  // Counted apart from this program, by the definition, from the stamps of the file.
  BOOST_TEST(windows(105, 1) == 1'005'098);
  BOOST_TEST(windows(105, 2) == 1'521'509);
  BOOST_TEST(windows(105, 5) == 2'076'368);
  BOOST_TEST(windows(105, 10) == 2'398'110);
  BOOST_TEST(windows(105, 30) == 2'587'229);
  BOOST_TEST(windows(105, 60) == 2'614'589);
  BOOST_TEST(windows(256, 10) == 2'285'002);
}

BOOST_AUTO_TEST_CASE(breaks_are_read_back_as_they_are_written) {
  for (const char* text : {"none", "roll", "session", "roll,session"})
    BOOST_TEST(break_flags_text(parse_break_flags(text)) == text);
  BOOST_CHECK_THROW(parse_break_flags("weekend"), ConfigError);
}

BOOST_AUTO_TEST_CASE(bars_that_are_no_longer_what_was_cut_are_refused) {
  const Workspace workspace;
  const std::filesystem::path file = dataset_file(workspace.folder.path(), workspace.ids[1]);
  std::filesystem::permissions(file.parent_path(), std::filesystem::perms::owner_all);
  std::filesystem::remove(file);
  BOOST_CHECK_EXCEPTION(workspace.open(), DataError, says("no longer there"));
  market::Bars changed = workspace.bars[1];
  changed.close[5] += 0.001;
  store(workspace.folder.path(), "BBB", changed);
  BOOST_CHECK_EXCEPTION(workspace.open(), DataError, says("unlabeled_windows/AAA+BBB/v1 was made from bars/BBB/v1"));
}

BOOST_AUTO_TEST_CASE(a_price_without_a_log_is_refused_with_its_bar_where_a_log_is_needed) {
  test::TemporaryFolder folder;
  market::Bars bars = random_bars(200, 1);
  bars.low[150] = -1.0;
  const DatasetId id = store(folder.path(), "SPREAD", bars);
  const CutResult cut =
      cut_windows(folder.path(), std::vector<DatasetId>{id}, {.length = 10, .stride = 1, .max_gap = std::nullopt});
  BOOST_CHECK_EXCEPTION(open_windows(folder.path(), cut.id), DataError, says("low is -1 in bar 150 of bars/SPREAD/v1"));
  BOOST_CHECK_NO_THROW(open_windows(folder.path(), cut.id, {.normalize = Normalisation::zscore}));
}

BOOST_AUTO_TEST_CASE(a_truncated_view_is_found_when_it_is_opened) {
  const Workspace workspace;
  const std::filesystem::path file = workspace.cut.file;
  const auto size = std::filesystem::file_size(file);
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  std::filesystem::resize_file(file, size / 2);
  BOOST_CHECK_EXCEPTION(workspace.open(), DataError, says(file.string()));
}

BOOST_AUTO_TEST_CASE(a_flipped_byte_of_the_bars_is_found_when_they_are_read) {
  const Workspace workspace;
  const std::filesystem::path file = dataset_file(workspace.folder.path(), workspace.ids[0]);
  // One byte somewhere in the middle of the file: prices, which the chunks' checksums cover.
  overwrite_byte(file, static_cast<std::int64_t>(std::filesystem::file_size(file)) / 2);
  BOOST_CHECK_EXCEPTION(workspace.open({.normalize = Normalisation::zscore, .channels = "ohlcv"}), DataError,
                        says("bars/AAA/v1.h5"));
}

BOOST_AUTO_TEST_CASE(other_kinds_hold_no_windows) {
  const Workspace workspace;
  BOOST_CHECK_EXCEPTION(open_windows(workspace.folder.path(), workspace.ids[0]), ConfigError, says("holds no windows"));
}

BOOST_AUTO_TEST_SUITE_END()
