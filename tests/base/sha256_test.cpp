#include "base/sha256.h"

#include <boost/test/unit_test.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tests/support/temporary_folder.h"

using namespace moola;

BOOST_AUTO_TEST_SUITE(sha256)

// NIST, FIPS 180-4 examples and the long message of the validation suite.
BOOST_AUTO_TEST_CASE(the_examples_of_nist_are_met) {
  BOOST_TEST(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  BOOST_TEST(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  BOOST_TEST(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
             "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  BOOST_TEST(
      sha256_hex("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmno"
                 "pqrstnopqrstu") == "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  BOOST_TEST(sha256_hex(std::string(1'000'000, 'a')) ==
             "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

BOOST_AUTO_TEST_CASE(how_the_bytes_are_cut_does_not_matter) {
  const std::string text(100'000, 'q');
  for (const std::size_t piece : {1U, 63U, 64U, 65U, 4096U}) {
    Sha256 hash;
    for (std::size_t at = 0; at < text.size(); at += piece) hash.update(std::string_view(text).substr(at, piece));
    BOOST_TEST(hash.hex() == sha256_hex(text));
  }
}

BOOST_AUTO_TEST_CASE(a_file_has_the_hash_of_its_bytes) {
  const test::TemporaryFolder folder;
  for (const std::size_t size : {0U, 1U, (1U << 20) - 1, 1U << 20, (1U << 20) + 1}) {
    const std::string content(size, 'x');
    write_file(folder / "a", content);
    BOOST_TEST(sha256_of_file(folder / "a") == sha256_hex(content));
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_has_no_hash) {
  const test::TemporaryFolder folder;
  BOOST_CHECK_THROW(sha256_of_file(folder / "missing"), IoError);
  BOOST_CHECK_THROW(sha256_of_file(folder.path()), IoError);
}

BOOST_AUTO_TEST_SUITE_END()
