#include "base/file_lock.h"

#include <boost/test/unit_test.hpp>

#include "base/error.h"
#include "child_process.h"
#include "config_fixture.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;

BOOST_AUTO_TEST_SUITE(file_lock)

BOOST_AUTO_TEST_CASE(one_process_holds_it_until_it_dies) {
  const TemporaryFolder folder;
  const auto file = folder / "lock";
  ChildProcess holder([&](const auto& ready) {
    const FileLock lock(file);
    ready();
    ::pause();
  });
  BOOST_REQUIRE(holder.ready());
  BOOST_TEST(is_locked(file));
  const std::string message = message_of<CommError>([&] { FileLock lock(file); });
  BOOST_TEST(holds(message, "another process holds the lock " + file.string()), message);
  holder.kill();
  BOOST_TEST(!is_locked(file));
  BOOST_CHECK_NO_THROW(FileLock lock(file));
}

BOOST_AUTO_TEST_CASE(patience_outlasts_a_holder_that_lets_go) {
  const TemporaryFolder folder;
  const auto file = folder / "lock";
  ChildProcess holder([&](const auto& ready) {
    const FileLock lock(file);
    ready();
    ::usleep(200'000);
  });
  BOOST_REQUIRE(holder.ready());
  BOOST_CHECK_NO_THROW(FileLock(file, std::chrono::seconds(60)));
}

BOOST_AUTO_TEST_CASE(a_second_lock_of_the_same_process_is_refused_too) {
  const TemporaryFolder folder;
  {
    const FileLock lock(folder / "lock");
    BOOST_CHECK_THROW(FileLock(folder / "lock"), CommError);
    BOOST_TEST(is_locked(folder / "lock"));
  }
  BOOST_TEST(!is_locked(folder / "lock"));
}

BOOST_AUTO_TEST_CASE(a_moved_lock_is_held_by_the_new_owner_alone) {
  const TemporaryFolder folder;
  auto first = std::make_unique<FileLock>(folder / "lock");
  {
    const FileLock second(std::move(*first));
    first.reset();
    BOOST_TEST(is_locked(folder / "lock"));
  }
  BOOST_TEST(!is_locked(folder / "lock"));
}

BOOST_AUTO_TEST_CASE(a_lock_that_nobody_made_is_free_and_one_that_cannot_be_made_is_an_error) {
  const TemporaryFolder folder;
  BOOST_TEST(!is_locked(folder / "missing"));
  BOOST_CHECK_THROW(FileLock(folder / "no-folder/lock"), IoError);
}

BOOST_AUTO_TEST_SUITE_END()
