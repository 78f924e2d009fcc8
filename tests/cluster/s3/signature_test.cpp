#include "cluster/s3/signature.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "base/json.h"
#include "base/sha256.h"
#include "base/subprocess.h"
#include "cluster/s3/object_key.h"
#include "s3_server.h"

using namespace moola;
using namespace moola::test;
using namespace moola::cluster::s3;

namespace {

std::string hex(const std::string& bytes) {
  std::string out;
  for (const char c : bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[c & 15];
  }
  return out;
}

std::string signature_in(const std::string& authorization) {
  return authorization.substr(authorization.find("Signature=") + 10);
}

// The account and the moment of AWS's examples.
const Credentials kExample{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "the example"};

std::string example_signature(const std::string& method, const std::string& path,
                              std::vector<std::pair<std::string, std::string>> query,
                              std::map<std::string, std::string> headers, const std::string& body) {
  headers.insert({{"host", "examplebucket.s3.amazonaws.com"},
                  {"x-amz-content-sha256", sha256_hex(body)},
                  {"x-amz-date", "20130524T000000Z"}});
  return signature_in(
      authorization({.method = method, .path = path, .query = std::move(query), .headers = std::move(headers)},
                    kExample, "us-east-1"));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(s3_signature)

// RFC 4231, cases 1, 2 and 6.
BOOST_AUTO_TEST_CASE(hmac_has_the_values_of_its_standard) {
  BOOST_TEST(hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")) ==
             "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  BOOST_TEST(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
             "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  BOOST_TEST(hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")) ==
             "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

// Amazon S3 API Reference, "Signature calculations for the Authorization header": its four examples.
BOOST_AUTO_TEST_CASE(the_examples_of_aws_have_the_signatures_that_it_published) {
  BOOST_TEST(example_signature("GET", "/test.txt", {}, {{"range", "bytes=0-9"}}, "") ==
             "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  BOOST_TEST(
      example_signature("PUT", "/test$file.text", {},
                        {{"date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                        "Welcome to Amazon S3.") == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  BOOST_TEST(example_signature("GET", "/", {{"lifecycle", ""}}, {}, "") ==
             "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  BOOST_TEST(example_signature("GET", "/", {{"prefix", "J"}, {"max-keys", "2"}}, {}, "") ==
             "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

BOOST_AUTO_TEST_CASE(a_query_is_sorted_as_it_is_encoded) {
  BOOST_TEST(canonical_query({{"b", "2 +"}, {"a/", "%"}, {"b", "1"}, {"uploads", ""}}) ==
             "a%2F=%25&b=1&b=2%20%2B&uploads=");
}

// Names without rule, signed here and by botocore.
BOOST_AUTO_TEST_CASE(botocore_signs_the_same) {
  const char* named = std::getenv("BOTOCORE_PYTHON");
  const std::string python = named == nullptr ? "/usr/bin/python3" : named;
  if (run_process({python, "-c", "import botocore"}).exit_code != 0) {
    BOOST_TEST_MESSAGE("SKIPPED: there is no botocore; name a python that has it: BOTOCORE_PYTHON=/path/to/python");
    return;
  }
  std::mt19937 draw(7);
  const std::vector<std::string> letters{"a", "Z", "0",  " ",  "+",   "%", "&", "=", "?", "#", "'",  "\"", "~", "*",
                                         "(", "ü", "日", "😀", "%41", ":", ";", ",", "@", "$", "\n", "\\", "<"};
  const auto word = [&] {
    std::string out;
    for (auto left = 1 + draw() % 12; left-- > 0;) out += letters[draw() % letters.size()];
    return out;
  };
  Json asked = Json::array();
  std::vector<std::string> ours;
  for (int i = 0; i < 300; ++i) {
    SignedParts parts{.method = i % 2 == 0 ? "GET" : "PUT", .path = "/bucket/" + word() + "/" + word()};
    for (auto left = draw() % 4; left-- > 0;) parts.query.emplace_back("q" + std::to_string(left) + word(), word());
    const std::string body = word();
    parts.headers = {{"host", "s3api-eu-ro-1.runpod.io"},
                     {"x-amz-content-sha256", sha256_hex(body)},
                     {"x-amz-date", "20261122T101112Z"}};
    ours.push_back(authorization(parts, test_keys(), kRegion));
    Json query = Json::array();
    for (const auto& [name, value] : parts.query) query.push_back({name, value});
    asked.push_back({{"method", parts.method}, {"path", encoded_path(parts.path)}, {"query", query}, {"body", body}});
  }
  TemporaryFolder folder;
  write_file(folder / "asked.json", json_text({{"access", kAccessKey},
                                               {"secret", kSecret},
                                               {"region", kRegion},
                                               {"host", "s3api-eu-ro-1.runpod.io"},
                                               {"date", "20261122T101112Z"},
                                               {"requests", asked}}));
  const ProcessResult signed_there = run_process(
      {python, "-B", MOOLA_SOURCE_DIR "/tests/cluster/s3/server/botocore_sign.py", (folder / "asked.json").string()});
  BOOST_TEST_REQUIRE(signed_there.exit_code == 0, signed_there.errors);
  const Json theirs = parse_json(signed_there.output, "botocore");
  BOOST_TEST_REQUIRE(theirs.size() == ours.size());
  for (std::size_t i = 0; i < ours.size(); ++i) BOOST_TEST(theirs[i].get<std::string>() == ours[i]);
}

BOOST_AUTO_TEST_SUITE_END()
