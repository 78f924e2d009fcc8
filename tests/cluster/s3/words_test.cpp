// What is read and written: keys of objects, S3 keys of a user, XML, ETags.
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "cluster/s3/digests.h"
#include "cluster/s3/object_key.h"
#include "s3_server.h"
#include "support/messages.h"

using namespace moola;
using namespace moola::test;
using namespace moola::cluster::s3;

namespace {

struct NoKeysSet {
  TemporaryFolder folder;
  NoKeysSet() { clear(); }
  ~NoKeysSet() { clear(); }
  static void clear() {
    for (const char* name :
         {"RUNPOD_S3_ACCESS_KEY", "RUNPOD_S3_SECRET_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"})
      ::unsetenv(name);
  }
  std::filesystem::path file(const std::string& text, int mode = 0600) const {
    write_file(folder / "key", text);
    std::filesystem::permissions(folder / "key", std::filesystem::perms(mode));
    return folder / "key";
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(s3_words)

BOOST_AUTO_TEST_CASE(what_can_be_no_path_is_no_key) {
  for (const std::string key : {"", "/a", "a/", "a//b", ".", "a/../b", "a/.", "..", "\xff", "a\xc0\x80", "\xed\xa0\x80",
                                "\xf4\x90\x80\x80", "\xc3"})
    BOOST_TEST(holds(refusal_of([&] { check_key(key); }), "is no path on a volume"), key);
  BOOST_TEST(holds(refusal_of([&] { check_key(std::string("a\0b", 3)); }), "zero byte"));
  BOOST_TEST(holds(refusal_of([&] { check_key(std::string(256, 'x')); }), "255 bytes"));
  BOOST_TEST(holds(refusal_of([&] {
                     check_key(std::string(250, 'x') + "/" + std::string(250, 'x') + "/" + std::string(250, 'x') + "/" +
                               std::string(250, 'x') + "/" + std::string(25, 'x'));
                   }),
                   "1029 bytes"));
  for (const std::string key : {"a", "...", "a b/c+d/%41/'\"#?", "ü/日本/😀", "a\nb"}) check_key(key);
  check_key("a/b/", true);
  check_key("", true);
  BOOST_TEST(folder_key("a/b") == "a/b/");
  BOOST_TEST(folder_key("") == "");
  BOOST_TEST(refusal_of([&] { folder_key("a//"); }) != "");
}

BOOST_AUTO_TEST_CASE(what_was_encoded_is_decoded) {
  std::string all;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  BOOST_TEST((decoded(encoded(all)) == all));
  BOOST_TEST((decoded(encoded_path(all)) == all));
  BOOST_TEST(encoded_path("a b/+%") == "a%20b/%2B%25");
  BOOST_TEST(decoded("a+b%2Bc%2") == "a b+c%2");
}

BOOST_FIXTURE_TEST_CASE(keys_come_from_the_environment_or_a_private_file, NoKeysSet) {
  BOOST_TEST(holds_all(refusal_of([&] { read_s3_keys(folder / "none"); }),
                       {"there is no S3 key of RunPod", "AWS_SECRET_ACCESS_KEY", "mode 600"}));
  const Credentials read = read_s3_keys(file("user_a\nrps_b\n"));
  BOOST_TEST(read.access_key() == "user_a");
  BOOST_TEST(read.secret() == "rps_b");
  BOOST_TEST(holds(refusal_of([&] { read_s3_keys(file("user_a\nrps_b\n", 0644)); }), "chmod 600"));
  for (const char* text : {"", "user_a", "user_a rps_b more"}) {
    const std::string message = refusal_of([&] { read_s3_keys(file(text)); });
    BOOST_TEST(holds(message, "does not hold two words"));
    BOOST_TEST(message.find("rps_b") == std::string::npos);
  }
  ::setenv("AWS_ACCESS_KEY_ID", "user_aws", 1);
  BOOST_TEST(holds(refusal_of([&] { read_s3_keys(folder / "key"); }), "AWS_SECRET_ACCESS_KEY is not"));
  ::setenv("AWS_SECRET_ACCESS_KEY", "rps_aws", 1);
  BOOST_TEST(read_s3_keys(folder / "key").access_key() == "user_aws");
  ::setenv("RUNPOD_S3_ACCESS_KEY", "user_own", 1);
  ::setenv("RUNPOD_S3_SECRET_KEY", "rps_own", 1);
  BOOST_TEST(read_s3_keys(folder / "key").secret() == "rps_own");
  ::setenv("RUNPOD_S3_SECRET_KEY", "rps own", 1);
  const std::string message = refusal_of([&] { read_s3_keys(folder / "key"); });
  BOOST_TEST(holds(message, "blanks"));
  BOOST_TEST(message.find("rps own") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(both_words_of_a_key_are_hidden) {
  const Credentials keys("user_a", "rps_b", "x");
  BOOST_TEST(keys.hide("user_a:rps_b:rps_brps_b") == "(key):(key):(key)(key)");
  // A word that the mark holds.
  BOOST_TEST(Credentials("key", "secret", "x").hide("a key") == "a (key)");
}

BOOST_AUTO_TEST_CASE(xml_is_read_as_servers_write_it) {
  const XmlElement read = parse_xml(
      "\xEF\xBB\xBF<?xml version=\"1.0\"?>\n <!-- a --> <s3:A xmlns:s3='x' b = \"<\"><B>1 "
      "&lt;&#xe9;&#26085;&amp;</B><C/>"
      "<B><![CDATA[<&>]]> 2</B><D>\n</D></s3:A> \n",
      "x");
  BOOST_TEST(read.name == "A");
  BOOST_TEST_REQUIRE(read.children.size() == 4U);
  BOOST_TEST(read.text_of("B") == "1 <é日&");
  BOOST_TEST(read.children[2].text == "<&> 2");
  BOOST_TEST(read.has("C"));
  BOOST_TEST(!read.has("E"));
  const std::string odd = "a<b>&\"c";
  BOOST_TEST(parse_xml("<A>" + xml_text(odd) + "</A>", "x").text == odd);
}

BOOST_AUTO_TEST_CASE(what_is_no_xml_is_refused) {
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += "<a>";
  const std::string whole = "<A b=\"c\"><B>1&amp;</B><![CDATA[x]]></A>";
  for (std::size_t cut = 0; cut < whole.size(); ++cut)
    BOOST_TEST(refusal_of([&] { parse_xml(whole.substr(0, cut), "x"); }) != "", whole.substr(0, cut));
  for (const std::string& text :
       {std::string("<A></B>"), std::string("<A/>x"), std::string("{}"), deep, std::string("<A>&what;</A>"),
        std::string("<A>&#0;</A>"), std::string("<A>&#xD800;</A>"),
        std::string("<!DOCTYPE a [<!ENTITY b 'c'>]><A>&b;</A>"), std::string("<A b></A>")})
    BOOST_TEST(holds(refusal_of([&] { parse_xml(text, "an answer"); }), "an answer is not the XML"), text);
}

// The ETag of two parts: MD5 of the parts' MD5s, written out by hand with md5sum.
BOOST_AUTO_TEST_CASE(etags_are_compared_in_both_forms) {
  TemporaryFolder folder;
  write_file(folder / "f", "hello world");
  const FileToSend file(folder / "f");
  const PartPlan two{.bytes = 11, .part_bytes = 6};
  // echo -n "hello world" | md5sum
  BOOST_TEST((compare_etag(file, two, "5eb63bbbe01eeed093cb22bb8f5acdc3") == SameContent::yes));
  BOOST_TEST((compare_etag(file, two, "5EB63BBBE01EEED093CB22BB8F5ACDC3") == SameContent::yes));
  BOOST_TEST((compare_etag(file, two, "5eb63bbbe01eeed093cb22bb8f5acdc4") == SameContent::no));
  const auto md5_bytes = [](const std::string& hex_digits) {
    std::string out;
    for (std::size_t i = 0; i < hex_digits.size(); i += 2)
      out += static_cast<char>(std::stoi(hex_digits.substr(i, 2), nullptr, 16));
    return out;
  };
  // echo -n "hello " | md5sum; echo -n "world" | md5sum
  const std::string together =
      digests_of(md5_bytes("f814893777bcc2295fff05f00e508da6") + md5_bytes("7d793037a0760186574b0282f2f435e7")).md5;
  BOOST_TEST((compare_etag(file, two, together + "-2") == SameContent::yes));
  BOOST_TEST((compare_etag(file, two, "5eb63bbbe01eeed093cb22bb8f5acdc3-2") == SameContent::no));
  BOOST_TEST((compare_etag(file, two, together + "-3") == SameContent::unknown));
  for (const char* etag : {"", "abc", "W/5eb63bbbe01eeed093cb22bb8f5acdc3"})
    BOOST_TEST((compare_etag(file, two, etag) == SameContent::unknown));
}

BOOST_AUTO_TEST_CASE(parts_are_as_large_as_their_number_demands) {
  BOOST_TEST(part_plan(10, 4).count() == 3U);
  BOOST_TEST(part_plan(10, 4).size(2) == 2U);
  BOOST_TEST(part_plan(0, 4).count() == 0U);
  BOOST_TEST(part_plan(8, 4).count() == 2U);
  const PartPlan largest = part_plan(4'000'000'000'000, std::uint64_t{64} << 20);
  BOOST_TEST(largest.count() <= 10'000U);
  BOOST_TEST(largest.part_bytes <= 500'000'000U);
}

BOOST_AUTO_TEST_CASE(a_volume_has_its_address) {
  const Endpoint there = volume_endpoint("abc123", "EU-RO-1");
  BOOST_TEST(there.url == "https://s3api-eu-ro-1.runpod.io");
  BOOST_TEST(there.region == "EU-RO-1");
  BOOST_TEST(there.bucket == "abc123");
  for (const char* wrong : {"", "a/b", "a.b", "a b", "../x"}) {
    BOOST_TEST(refusal_of([&] { volume_endpoint(wrong, "EU-RO-1"); }) != "");
    BOOST_TEST(refusal_of([&] { volume_endpoint("abc", wrong); }) != "");
  }
}

BOOST_AUTO_TEST_SUITE_END()
