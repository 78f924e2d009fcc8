#include "base/scratch_folder.h"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::test;

namespace {

unsigned permissions(const std::filesystem::path& path) {
  struct stat status = {};
  BOOST_REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777U;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scratch_folder)

BOOST_AUTO_TEST_CASE(it_is_new_its_owners_alone_and_gone_with_what_is_in_it) {
  const TemporaryFolder parent;
  std::filesystem::path first;
  {
    const ScratchFolder one(parent / "work-"), other(parent / "work-");
    first = one.path();
    BOOST_TEST(one.path() != other.path());
    BOOST_TEST(first.filename().string().starts_with("work-"));
    BOOST_TEST(permissions(first) == 0700U);
    one.let_others_read();
    BOOST_TEST(permissions(first) == 0755U);
    std::filesystem::create_directory(first / "inside");
    write_file(first / "inside" / "file", "text");
  }
  BOOST_TEST(!std::filesystem::exists(first));
  BOOST_TEST(std::filesystem::is_empty(parent.path()));
}

BOOST_AUTO_TEST_CASE(one_that_was_renamed_stays) {
  const TemporaryFolder parent;
  {
    const ScratchFolder folder(parent / "work-");
    write_file(folder.path() / "file", "text");
    std::filesystem::rename(folder.path(), parent / "kept");
  }
  BOOST_TEST(read_file(parent / "kept" / "file") == "text");
}

BOOST_AUTO_TEST_CASE(where_none_can_be_made_the_place_is_named) {
  BOOST_TEST(holds(message_of<IoError>([] { const ScratchFolder folder("/nowhere/at/all/work-"); }),
                   "cannot make a folder in /nowhere/at/all"));
}

BOOST_AUTO_TEST_SUITE_END()
