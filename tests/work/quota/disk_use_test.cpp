#include "work/quota/disk_use.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <random>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/subprocess.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;
namespace fs = std::filesystem;

namespace {

std::uint64_t use_of(const fs::path& path) {
  DiskUse use;
  use.add(disk_entries(path));
  return use.bytes();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(disk_use)

BOOST_AUTO_TEST_CASE(a_tree_takes_what_du_says) {
  const TemporaryFolder folder;
  write_file(folder / "a/one", std::string(70'000, 'x'));
  write_file(folder / "a/b/two", std::string(5'000, 'x'));
  fs::create_hard_link(folder / "a/one", folder / "a/b/again");
  write_file(folder / "sparse", "");
  fs::resize_file(folder / "sparse", 1 << 30);
  fs::create_symlink("/usr", folder / "link");
  const ProcessResult du = run_process({"du", "--summarize", "--block-size=1", folder.path().string()});
  BOOST_TEST_REQUIRE(du.exit_code == 0, du.errors);
  BOOST_TEST(use_of(folder.path()) == std::strtoull(du.output.c_str(), nullptr, 10));
}

BOOST_AUTO_TEST_CASE(what_is_not_there_takes_nothing) {
  BOOST_TEST(disk_entry("/nowhere/at/all").empty());
  BOOST_TEST(disk_entries("/nowhere/at/all").empty());
}

// Some entries are names of the same file; what is left is counted by brute force.
BOOST_AUTO_TEST_CASE(room_is_free_when_the_last_name_has_gone) {
  std::mt19937 random(7);
  for (int turn = 0; turn < 200; ++turn) {
    std::vector<std::vector<DiskEntry>> sets(6);
    for (auto& set : sets) {
      for (unsigned i = 0; i < random() % 6; ++i) {
        const std::uint64_t number = random() % 8;
        set.push_back({.device = 1, .number = number, .bytes = 512 * (number + 1)});
      }
    }
    DiskUse use;
    for (const auto& set : sets) use.add(set);
    for (std::size_t gone = 0; gone < sets.size(); ++gone) {
      DiskUse rest;
      for (std::size_t i = gone + 1; i < sets.size(); ++i) rest.add(sets[i]);
      const std::uint64_t before = use.bytes(), would = use.freed_by(sets[gone]);
      BOOST_TEST(use.remove(sets[gone]) == would);
      BOOST_TEST(before - use.bytes() == would);
      BOOST_TEST(use.bytes() == rest.bytes());
    }
    BOOST_TEST(use.bytes() == 0U);
  }
}

BOOST_AUTO_TEST_SUITE_END()
