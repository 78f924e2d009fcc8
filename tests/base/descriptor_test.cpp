// Descriptors close what they hold, once.
#include "base/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "base/error.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::test;

namespace {

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(descriptors)

BOOST_AUTO_TEST_CASE(what_is_held_is_closed_with_the_holder_and_not_before) {
  int first = -1, second = -1;
  {
    Descriptor one("/dev/null", O_RDONLY), other("/dev/null", O_RDONLY);
    first = one.get();
    second = other.get();
    BOOST_TEST((::fcntl(first, F_GETFD) & FD_CLOEXEC) != 0);
    Descriptor moved(std::move(one));
    BOOST_TEST(!one.is_open());
    BOOST_TEST(moved.get() == first);
    BOOST_TEST(is_open(first));
    moved = Descriptor();
    BOOST_TEST(!is_open(first));
    BOOST_TEST(is_open(second));
  }
  BOOST_TEST(!is_open(second));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_is_not_open_and_can_be_refused) {
  const TemporaryFolder folder;
  const Descriptor none(folder / "none", O_RDONLY);
  const int why = errno;
  BOOST_TEST(!none.is_open());
  BOOST_TEST(why == ENOENT);
  BOOST_TEST(holds(message_of<IoError>([&] { open_file(folder / "none", O_RDONLY); }), (folder / "none").string()));
}

BOOST_AUTO_TEST_CASE(what_is_written_into_a_pipe_comes_out_until_its_end_is_closed) {
  Pipe pipe = open_pipe();
  char letter = 'x';
  BOOST_TEST(::write(pipe.write_end.get(), &letter, 1) == 1);
  pipe.write_end.close();
  letter = ' ';
  BOOST_TEST(::read(pipe.read_end.get(), &letter, 1) == 1);
  BOOST_TEST(letter == 'x');
  BOOST_TEST(::read(pipe.read_end.get(), &letter, 1) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
