#include <boost/test/unit_test.hpp>
#include <fstream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "sweep/journal/journal_reader.h"
#include "sweep/journal/repair.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"
#include "tests/sweep/journal_studies.h"

using namespace moola;
using namespace moola::sweep;
using namespace moola::test;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
    out.push_back(text.substr(at, end + 1 - at));
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(journal_repair)

BOOST_AUTO_TEST_CASE(a_journal_without_faults_stays_as_it_is) {
  const TemporaryFolder folder;
  const std::string journal = random_journal(1, 200).lines;
  write_file(folder / "j.log", journal);
  const JournalRepair repair = repair_journal(folder / "j.log", folder / "out.log");
  BOOST_TEST(repair.dropped.empty());
  BOOST_TEST(repair.kept == lines_of(journal).size());
  BOOST_TEST(read_file(folder / "out.log") == journal);
  BOOST_TEST(repair_journal_in_place(folder / "j.log").original.empty());
  BOOST_TEST(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 2);
  BOOST_CHECK_THROW(repair_journal(folder / "j.log", folder / "out.log"), IoError);
}

BOOST_AUTO_TEST_CASE(what_can_be_read_of_a_damaged_journal_is_kept_and_the_rest_is_listed) {
  const TemporaryFolder folder;
  const std::vector<std::string> lines = lines_of(random_journal(2, 60).lines);
  const auto bare = [&](std::size_t i) { return lines[i].substr(0, lines[i].size() - 1); };
  std::string damaged, expected;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    switch (i) {
      case 10:
        damaged += "\n" + lines[i];
        break;  // 11 is blank
      case 20:
        damaged += bare(20) + lines[21];
        break;  // two in one line
      case 21:
        break;
      case 30:
        damaged += lines[5].substr(0, 25) + lines[30];
        break;  // torn, then a whole one
      case 31:
        damaged += "disk quota exceeded\n" + lines[31];
        break;
      case 32:
        damaged += "{\"op_code\":77,\"worker_id\":\"w\"}\n" + lines[32];
        break;
      case 33:
        damaged += bare(33) + "}\n";
        break;  // something behind it
      default:
        damaged += lines[i];
    }
    expected += lines[i];
  }
  damaged += lines[7].substr(0, 30);
  write_file(folder / "j.log", damaged);
  const JournalRepair repair = repair_journal(folder / "j.log", folder / "out.log");
  BOOST_TEST(read_file(folder / "out.log") == expected);
  BOOST_TEST(repair.kept == lines.size());
  BOOST_TEST(repair.parted == 4U);
  std::vector<std::uint64_t> dropped;
  for (const DroppedText& each : repair.dropped) {
    dropped.push_back(each.line);
    BOOST_TEST(!each.reason.empty());
    BOOST_TEST((each.bytes > 0 || each.line == 11));
  }
  const std::uint64_t last = lines_of(damaged).size() + 1;
  BOOST_TEST(dropped == (std::vector<std::uint64_t>{11, 31, 32, 34, 36, last}), boost::test_tools::per_element());
  BOOST_TEST(same_studies(read_journal(folder / "out.log"), random_journal(2, 60).studies));
}

BOOST_AUTO_TEST_CASE(a_journal_cut_anywhere_and_gone_on_with_is_readable_after_repair) {
  const std::string journal = random_journal(3, 40).lines, more = random_journal(4, 5).lines;
  for (std::size_t size = 0; size < journal.size(); size += 171) {
    const TemporaryFolder folder;
    write_file(folder / "j.log", journal.substr(0, size) + more);
    repair_journal_in_place(folder / "j.log");
    JournalReader reader(folder / "j.log");
    reader.update();
    BOOST_TEST(reader.lines() >= lines_of(journal.substr(0, size)).size() + lines_of(more).size());
  }
}

BOOST_AUTO_TEST_CASE(the_damaged_journal_is_kept_beside_the_repaired_one) {
  const TemporaryFolder folder;
  const std::string journal = random_journal(5, 20).lines;
  for (const char* name : {"j.log.damaged", "j.log.damaged-2"}) {
    write_file(folder / "j.log", journal + "\n");
    const JournalRepair repair = repair_journal_in_place(folder / "j.log");
    BOOST_TEST(repair.original == folder / name);
    BOOST_TEST(read_file(folder / name) == journal + "\n");
    BOOST_TEST(read_file(folder / "j.log") == journal);
  }
  BOOST_TEST(!fs::is_symlink(folder / "j.log.lock"));
}

BOOST_AUTO_TEST_SUITE_END()
