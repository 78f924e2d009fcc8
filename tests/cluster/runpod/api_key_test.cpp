#include "cluster/runpod/api_key.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>

#include "base/atomic_file.h"
#include "support/messages.h"
#include "support/temporary_folder.h"

using namespace moola;
using namespace moola::test;
using namespace moola::cluster::runpod;

namespace {

struct KeyFile {
  TemporaryFolder folder;
  std::filesystem::path file = folder / "runpod.key";
  KeyFile() {
    ::unsetenv("RUNPOD_API_KEY");
    write_file(file, "rpa_FILE\n");
    std::filesystem::permissions(file, std::filesystem::perms(0600));
  }
  ~KeyFile() { ::unsetenv("RUNPOD_API_KEY"); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(api_key)

BOOST_FIXTURE_TEST_CASE(a_private_file_gives_the_key_and_the_environment_goes_before_it, KeyFile) {
  BOOST_TEST(read_api_key(file).authorization() == "Bearer rpa_FILE");
  ::setenv("RUNPOD_API_KEY", "rpa_ENV", 1);
  BOOST_TEST(read_api_key(file).authorization() == "Bearer rpa_ENV");
  ::setenv("RUNPOD_API_KEY", "", 1);
  BOOST_TEST(read_api_key(file).source() == file.string());
}

BOOST_FIXTURE_TEST_CASE(a_file_that_others_may_read_is_refused_without_showing_it, KeyFile) {
  for (const unsigned mode : {0640U, 0604U, 0620U, 0644U, 0700U}) {
    std::filesystem::permissions(file, std::filesystem::perms(mode));
    const std::string message = refusal_of([&] { read_api_key(file); });
    BOOST_TEST(holds(message, "chmod 600"));
    BOOST_TEST(message.find("rpa_FILE") == std::string::npos);
  }
  std::filesystem::permissions(file, std::filesystem::perms(0400));
  BOOST_TEST(read_api_key(file).authorization() == "Bearer rpa_FILE");
}

BOOST_FIXTURE_TEST_CASE(a_file_of_another_user_is_refused, KeyFile) {
  if (::geteuid() != 0) {
    BOOST_TEST_MESSAGE("only root can give a file away: nothing proved");
    return;
  }
  BOOST_REQUIRE(::chown(file.c_str(), 12345, 12345) == 0);
  BOOST_TEST(holds(refusal_of([&] { read_api_key(file); }), "belongs to user 12345"));
}

BOOST_FIXTURE_TEST_CASE(no_key_at_all_says_where_one_goes, KeyFile) {
  BOOST_TEST(holds_all(refusal_of([&] { read_api_key(folder / "none"); }), {"RUNPOD_API_KEY is not set", "none"}));
  BOOST_TEST(holds(refusal_of([&] { read_api_key(folder.path()); }), "is no file"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_a_key_is_refused_without_showing_it) {
  for (const std::string& text : {std::string(), std::string("rpa_A\r\nX-Evil: 1"), std::string("rpa A"),
                                  std::string("rpa_\xC3\xA9"), std::string(513, 'a')}) {
    const std::string message = refusal_of([&] { ApiKey(text, "RUNPOD_API_KEY"); });
    BOOST_TEST(holds(message, "is no key"));
    BOOST_TEST((text.empty() || message.find(text) == std::string::npos));
  }
  BOOST_TEST(ApiKey(std::string(512, 'a'), "x").authorization().size() == 519U);
}

BOOST_AUTO_TEST_CASE(the_key_is_taken_out_of_whatever_a_server_says) {
  const ApiKey key("rpa_K", "x");
  BOOST_TEST(key.hide("you sent rpa_K, rpa_Krpa_K; not rpa_") == "you sent (key), (key)(key); not rpa_");
}

BOOST_AUTO_TEST_SUITE_END()
