#include "cluster/s3/client.h"

#include <boost/test/unit_test.hpp>
#include <set>

#include "base/sha256.h"
#include "s3_server.h"
#include "support/messages.h"

using namespace moola;
using namespace moola::test;
using namespace moola::cluster::s3;

namespace {

std::vector<std::string> keys_of(ObjectListing list) {
  std::vector<std::string> out;
  while (auto next = list.next()) out.push_back(next->key);
  return out;
}

// What the error says, which must hold neither word of the key.
std::string error_of(const auto& action, int status) {
  try {
    action();
  } catch (const S3Error& error) {
    BOOST_TEST(error.status() == status, error.what());
    const std::string message = error.what();
    BOOST_TEST(message.find(kSecret) == std::string::npos, message);
    BOOST_TEST(message.find(kAccessKey) == std::string::npos, message);
    return message;
  }
  BOOST_ERROR("no S3Error was thrown");
  return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(s3_client)

BOOST_FIXTURE_TEST_CASE(bytes_go_there_and_come_back, Volume) {
  client.put_bytes("a/b.txt", "hello");
  BOOST_TEST(server.content("a/b.txt") == "hello");
  BOOST_TEST(client.get_bytes("a/b.txt", 100).value() == "hello");
  BOOST_TEST(client.head("a/b.txt")->bytes == 5U);
  BOOST_TEST(!client.head("a/none").has_value());
  BOOST_TEST(!client.get_bytes("a/none", 100).has_value());
  BOOST_TEST(holds(refusal_of([&] { client.get_bytes("a/b.txt", 4); }), "more than 4 bytes"));
  client.put_bytes("empty", "");
  BOOST_TEST(client.get_bytes("empty", 0).value() == "");
  client.remove("a/b.txt");
  BOOST_TEST(!client.head("a/b.txt").has_value());
  client.remove("a/b.txt");
}

// Any name that a path may be, through signature, request, file system and list.
BOOST_FIXTURE_TEST_CASE(odd_names_arrive_unchanged, Volume) {
  std::mt19937 draw(11);
  const std::vector<std::string> letters{"a",  "B", " ",  "+",  "%",  "%41", "&",    "=",  "?", "#", "'",
                                         "\"", "~", "*",  "(",  ")",  "ü",   "日本", "😀", ":", ";", ",",
                                         "@",  "$", "\n", "\t", "\\", "<",   ">",    "|",  "^", "`", "!"};
  std::set<std::string> made{"x/ leading", "x/trailing ", "x/..a", "x/a..", "x/...",
                             "x/%2F",      "x/a%20b",     "x/a+b", "x/a b"};
  while (made.size() < 80) {
    std::string key = "x/";
    for (auto left = 1 + draw() % 10; left-- > 0;) key += letters[draw() % letters.size()];
    if (draw() % 3 == 0) key += "/" + letters[draw() % letters.size()] + "z";
    // A path is a folder or a file.
    const bool clashes = std::any_of(made.begin(), made.end(), [&](const std::string& other) {
      return other.starts_with(key + "/") || key.starts_with(other + "/");
    });
    if (!clashes) made.insert(key);
  }
  for (const std::string& key : made) client.put_bytes(key, "content of " + key);
  server.limit_pages(7);
  const std::vector<std::string> listed = keys_of(client.list("x/", Depth::all));
  BOOST_TEST((std::set<std::string>(listed.begin(), listed.end()) == made));
  BOOST_TEST(listed.size() == made.size());
  for (const std::string& key : made) {
    BOOST_TEST(server.has(key), key);
    BOOST_TEST(client.get_bytes(key, 1000).value_or("") == "content of " + key);
    client.remove(key);
    BOOST_TEST(!server.has(key), key);
  }
}

BOOST_FIXTURE_TEST_CASE(a_folder_is_listed_page_by_page, Volume) {
  for (int i = 0; i < 9; ++i)
    server.write("runs/a/f" + std::to_string(i), std::string(static_cast<std::size_t>(i), 'x'));
  server.write("runs/a/deep/er/g", "g");
  server.write("runs/a.txt", "not in it");
  server.write(".s3compat_uploads/7/1", "a part of somebody's");
  std::filesystem::create_directories(server.volume() / "runs/empty");
  server.limit_pages(4);
  BOOST_TEST((keys_of(client.list("runs/", Depth::folder)) ==
              std::vector<std::string>{"runs/a.txt", "runs/a/", "runs/empty/"}));
  const std::vector<std::string> all = keys_of(client.list("", Depth::all));
  BOOST_TEST(all.size() == 11U);
  BOOST_TEST(std::set<std::string>(all.begin(), all.end()).size() == 11U);
  BOOST_TEST(keys_of(client.list("runs/none/", Depth::all)).empty());
  // Lazily: nobody has asked for the second page.
  const int before = server.requests("GET");
  ObjectListing lazy = client.list("runs/a/", Depth::folder);
  BOOST_TEST(lazy.next()->key == "runs/a/f0");
  BOOST_TEST(server.requests("GET") == before + 1);
}

BOOST_FIXTURE_TEST_CASE(a_list_that_turns_in_circles_is_tried_again_and_then_given_up, Volume) {
  for (int i = 0; i < 6; ++i) server.write("d/f" + std::to_string(i), "x");
  server.limit_pages(2);
  const std::string second_page = path("?continuation-token=").replace(path("").size() - 1, 1, "");
  server.misbehave("GET " + second_page, {{"kind", "stuck"}}, 2);
  BOOST_TEST(keys_of(client.list("d/", Depth::all)).size() == 6U);
  BOOST_TEST(waits.waits.size() == 2U);
  server.misbehave("GET " + second_page, {{"kind", "stuck"}}, 4);
  BOOST_TEST(holds(error_of([&] { keys_of(client.list("d/", Depth::all)); }, 200), "gives the same page again"));
}

BOOST_FIXTURE_TEST_CASE(what_passes_is_tried_again, Volume) {
  server.write("f", "content");
  for (const Json& how :
       {Json{{"status", 503}, {"detail", "SlowDown"}}, Json{{"status", 500}}, Json{{"status", 429}},
        Json{{"kind", "524"}}, Json{{"kind", "half"}}, Json{{"kind", "close"}}, Json{{"kind", "lose"}},
        Json{{"kind", "silent"}}, Json{{"kind", "half_body"}}, Json{{"status", 502}}}) {
    const int before = server.requests("GET");
    server.misbehave("GET " + path("f"), how);
    BOOST_TEST(client.get_bytes("f", 100).value_or("nothing") == "content", how);
    BOOST_TEST(server.requests("GET") == before + 2, how);
  }
  server.misbehave("GET " + path("f"), {{"status", 503}, {"detail", "SlowDown"}, {"headers", {{"Retry-After", "7"}}}});
  client.get_bytes("f", 100);
  BOOST_TEST((waits.waits.back() == std::chrono::seconds(7)));
  server.misbehave("GET " + path("f"), {{"status", 503}, {"detail", "SlowDown"}}, 4);
  BOOST_TEST(holds_all(error_of([&] { client.get_bytes("f", 100); }, 503), {"SlowDown", "Try again later"}));
  BOOST_TEST(client.get_bytes("f", 100).has_value());
}

BOOST_FIXTURE_TEST_CASE(what_does_not_pass_is_said_at_once, Volume) {
  server.write("f", "content");
  NoWaits other_waits;
  const Client stranger = client_of(server, other_waits, 1 << 20, {kAccessKey, "rps_ANOTHERSECRET", "the file x"});
  BOOST_TEST(holds_all(error_of([&] { stranger.get_bytes("f", 100); }, 403), {"SignatureDoesNotMatch", "the file x"}));
  const Client nobody = client_of(server, other_waits, 1 << 20, {"user_NOBODY", kSecret, "the file x"});
  BOOST_TEST(holds(error_of([&] { nobody.put_bytes("f", "x"); }, 403), "InvalidAccessKeyId"));
  for (const auto& [status, code] : std::vector<std::pair<int, std::string>>{{403, "AccessDenied"},
                                                                             {507, "InsufficientStorage"},
                                                                             {501, "NotImplemented"},
                                                                             {403, "RequestTimeTooSkewed"}}) {
    server.misbehave("GET " + path("f"), {{"status", status}, {"detail", code}});
    BOOST_TEST(holds(error_of([&] { client.get_bytes("f", 100); }, status), code));
  }
  const Client elsewhere(Session(test_keys(), {server.url(), kRegion, "other"}, {.wait = waits.wait()}));
  BOOST_TEST(holds(error_of([&] { elsewhere.list("", Depth::all).next(); }, 404), "no such volume"));
  BOOST_TEST(waits.waits.empty());
  BOOST_TEST(server.content("f") == "content");
}

BOOST_FIXTURE_TEST_CASE(an_answer_that_is_none_of_s3_is_no_list, Volume) {
  server.write("f", "x");
  server.misbehave("GET " + path("?").substr(0, path("").size() - 1), {{"kind", "html"}});
  BOOST_TEST(keys_of(client.list("", Depth::all)).size() == 1U);
  server.misbehave("GET " + path("?").substr(0, path("").size() - 1), {{"kind", "html"}}, 4);
  BOOST_TEST(holds(error_of([&] { client.list("", Depth::all).next(); }, 0), "ListBucket"));
}

BOOST_FIXTURE_TEST_CASE(a_file_that_is_there_is_not_sent_again, Volume) {
  const std::string content = random_bytes(100'000, 1);
  const auto sent = file("f", content);
  BOOST_TEST((client.put_file(sent, "d/f") == Sent::whole));
  BOOST_TEST((server.content("d/f") == content));
  const int before = server.requests("PUT");
  BOOST_TEST((client.put_file(sent, "d/f") == Sent::nothing));
  BOOST_TEST(server.requests("PUT") == before);
  // Of the same size, but not the same; and one that a pod has written.
  BOOST_TEST((client.put_file(file("g", random_bytes(100'000, 2)), "d/f") == Sent::whole));
  server.write("d/h", content);
  BOOST_TEST((client.put_file(sent, "d/h") == Sent::nothing));
  BOOST_TEST((client.put_file(file("e", ""), "d/e") == Sent::whole));
  BOOST_TEST((client.put_file(file("e", ""), "d/e") == Sent::nothing));
  BOOST_TEST(server.content("d/e") == "");
}

BOOST_FIXTURE_TEST_CASE(a_file_that_is_not_what_its_hash_says_is_not_sent, Volume) {
  const auto sent = file("f", "changed");
  BOOST_TEST(holds(message_of<IoError>([&] { client.put_file(sent, "f", {.sha256 = sha256_hex("as it was")}); }),
                   "has changed"));
  BOOST_TEST(!server.has("f"));
  BOOST_TEST((client.put_file(sent, "f", {.sha256 = sha256_hex("changed")}) == Sent::whole));
  BOOST_TEST(holds(message_of<IoError>([&] { client.put_file(here.path(), "f"); }), "as a file"));
  BOOST_TEST(holds(message_of<IoError>([&] { client.put_file(here / "none", "f"); }), "cannot read"));
}

BOOST_FIXTURE_TEST_CASE(a_file_is_brought_whole_or_not_at_all, Volume) {
  const std::string content = random_bytes(3'000'000, 3);
  server.write("f", content);
  for (const char* kind : {"half_body", "short", "close", "half", "silent", "524", "proxied"}) {
    server.misbehave("GET " + path("f"), {{"kind", kind}});
    std::filesystem::remove(here / "out/f");
    const ObjectFacts facts = client.get_file("f", here / "out/f", sha256_hex(content));
    BOOST_TEST((read_file(here / "out/f") == content), kind);
    BOOST_TEST(facts.bytes == content.size());
  }
  server.misbehave("GET " + path("f"), {{"kind", "proxied"}});
  const int asked = server.requests("GET");
  client.get_file("f", here / "out/f");
  BOOST_TEST(server.requests("GET") == asked + 1);
  // What had come before the connection broke is not sent again.
  BOOST_TEST(server.requests_of("GET " + path("f"))[1]["headers"]["range"].get<std::string>().starts_with("bytes=1"));
  std::filesystem::remove(here / "out/f");
  BOOST_TEST(holds(refusal_of([&] { client.get_file("f", here / "out/f", sha256_hex("other")); }), "was expected"));
  server.misbehave("GET " + path("f"), {{"kind", "close"}}, 4);
  error_of([&] { client.get_file("f", here / "out/f"); }, 0);
  error_of([&] { client.get_file("none", here / "out/f"); }, 404);
  BOOST_TEST(std::filesystem::is_empty(here / "out"));
  server.write("empty", "");
  BOOST_TEST(client.get_file("empty", here / "out/e").bytes == 0U);
  BOOST_TEST(read_file(here / "out/e") == "");
}

BOOST_FIXTURE_TEST_CASE(a_slow_answer_is_waited_for_as_long_as_something_comes, Volume) {
  const std::string content = random_bytes(100'000, 4);
  server.write("f", content);
  // Eight pieces 0.5 s apart: twice the longest silence that the client of the test bears.
  server.misbehave("GET " + path("f"), {{"kind", "slow"}, {"seconds", 0.5}});
  client.get_file("f", here / "f");
  BOOST_TEST((read_file(here / "f") == content));
  BOOST_TEST(server.requests("GET") == 1);
}

BOOST_FIXTURE_TEST_CASE(an_object_that_changes_while_it_is_read_does_not_end_torn, Volume) {
  const std::string content = random_bytes(2'000'000, 5);
  server.write("f", content);
  server.misbehave("GET " + path("f"), {{"kind", "change"}});
  client.get_file("f", here / "f");
  BOOST_TEST((read_file(here / "f") == std::string(content.size(), '\0')));
  server.write("f", content);
  write_file(here / "f", "what was here");
  server.misbehave("GET " + path("f"), {{"kind", "half_body"}});
  // After half of it came, it is another: what has come is of no use.
  server.misbehave("GET " + path("f"), {{"status", 412}, {"detail", "PreconditionFailed"}}, 3);
  BOOST_TEST(holds(error_of([&] { client.get_file("f", here / "f"); }, 0), "somebody writes to"));
  BOOST_TEST(read_file(here / "f") == "what was here");
}

BOOST_FIXTURE_TEST_CASE(nothing_that_was_asked_holds_the_secret, Volume) {
  client.put_bytes("f", "x");
  client.get_bytes("f", 10);
  BOOST_TEST(json_text(static_cast<TestServer&>(server).requests()).find(kSecret) == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
