// Against an S3 by other hands.
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "base/sha256.h"
#include "base/subprocess.h"
#include "cluster/s3/download_changed.h"
#include "s3_server.h"

using namespace moola;
using namespace moola::test;
using namespace moola::cluster::s3;

BOOST_AUTO_TEST_SUITE(s3_moto)

BOOST_AUTO_TEST_CASE(moto_understands_every_call) {
  const char* named = std::getenv("MOTO_PYTHON");
  const std::string python = named == nullptr ? "/usr/bin/python3" : named;
  if (run_process({python, "-c", "import moto.server, flask"}).exit_code != 0) {
    BOOST_TEST_MESSAGE("SKIPPED: there is no moto; name a python that has it: MOTO_PYTHON=/path/to/python");
    return;
  }
  TestServer server("s3/server/moto_server.py", {"--python", python, "--bucket", kVolume});
  NoWaits waits;
  // Moto, unlike RunPod, knows the least size of a part: 5 MiB, but of the last.
  const Client client = client_of(server, waits, std::uint64_t{5} << 20);
  TemporaryFolder here;
  const std::string small = random_bytes(70'000, 1), large = random_bytes((std::size_t{13} << 20) + 7, 2);
  write_file(here / "small", small);
  write_file(here / "large", large);
  const std::string odd = "d/ü 日+%41&=?#'\"~*.bin";
  BOOST_TEST((client.put_file(here / "small", odd) == Sent::whole));
  BOOST_TEST((client.put_file(here / "small", odd) == Sent::nothing));
  BOOST_TEST((client.put_file(here / "large", "d/e/large") == Sent::whole));
  BOOST_TEST((client.put_file(here / "large", "d/e/large") == Sent::nothing));
  BOOST_TEST(client.head("d/e/large")->bytes == large.size());
  BOOST_TEST(client.head("d/e/large")->etag.ends_with("-3"));

  // An upload that broke off, of which two parts are there.
  client.remove("d/e/large");
  const S3Call begin{.method = "POST", .key = "d/e/large", .query = {{"uploads", ""}}};
  const std::string id = client.session().ask(begin, "InitiateMultipartUpload").text_of("UploadId");
  for (int part = 1; part <= 2; ++part) {
    const std::string bytes = large.substr(static_cast<std::size_t>(part - 1) * (5 << 20), 5 << 20);
    client.session().call({.method = "PUT",
                           .key = "d/e/large",
                           .query = {{"partNumber", std::to_string(part)}, {"uploadId", id}},
                           .source = {bytes.size(),
                                      [&](std::uint64_t at, std::span<char> room) {
                                        return bytes.copy(room.data(), room.size(), static_cast<std::size_t>(at));
                                      }},
                           .source_sha256 = sha256_hex(bytes)});
  }
  BOOST_TEST((client.put_file(here / "large", "d/e/large") == Sent::rest));

  for (int i = 0; i < 30; ++i) client.put_bytes("d/many/" + std::to_string(i), std::to_string(i));
  const Downloaded brought = download_changed(client, "d", here / "out");
  BOOST_TEST(brought.files == 32U);
  BOOST_TEST((read_file(here / "out" / odd.substr(2)) == small));
  BOOST_TEST((read_file(here / "out/e/large") == large));
  BOOST_TEST(download_changed(client, "d", here / "out").same == 32U);
  BOOST_TEST(client.get_bytes("d/many/7", 10).value() == "7");
  BOOST_TEST(!client.get_bytes("d/none", 10).has_value());
  BOOST_TEST(!client.head("d/none").has_value());
  client.remove("d/many/7");
  BOOST_TEST(!client.head("d/many/7").has_value());
  BOOST_TEST(waits.waits.empty());
}

BOOST_AUTO_TEST_SUITE_END()
