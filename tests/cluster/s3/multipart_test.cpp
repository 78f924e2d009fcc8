#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <set>
#include <thread>

#include "cluster/s3/digests.h"
#include "s3_server.h"
#include "support/messages.h"

using namespace moola;
using namespace moola::test;
using namespace moola::cluster::s3;

namespace {

// A file of 4.5 parts of 1 MiB.
struct LargeFile : Volume {
  std::string content = random_bytes((std::size_t{9} << 20) / 2, 9);
  std::filesystem::path sent = file("large", content);
  std::string part = "PUT " + path("d/large?partNumber=");
  std::string completion = "POST " + path("d/large?uploadId=");

  Sent send() const { return client.put_file(sent, "d/large"); }
  void check_it_is_there() {
    BOOST_TEST((server.content("d/large") == content));
    BOOST_TEST(server.uploads().empty());
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(s3_multipart)

BOOST_FIXTURE_TEST_CASE(a_large_file_goes_in_parts, LargeFile) {
  BOOST_TEST((send() == Sent::whole));
  check_it_is_there();
  BOOST_TEST(server.requests(part) == 5);
  BOOST_TEST((send() == Sent::nothing));
  BOOST_TEST(server.requests(part) == 5);
}

BOOST_FIXTURE_TEST_CASE(a_part_that_fails_is_sent_again, LargeFile) {
  for (const Json& how : {Json{{"status", 503}, {"detail", "SlowDown"}}, Json{{"kind", "lose"}}, Json{{"kind", "524"}},
                          Json{{"kind", "close"}}, Json{{"kind", "deaf"}}})
    server.misbehave(part, how);
  BOOST_TEST((send() == Sent::whole));
  check_it_is_there();
  BOOST_TEST(server.requests(part) == 10);
}

BOOST_FIXTURE_TEST_CASE(a_completion_is_judged_by_what_is_there, LargeFile) {
  for (const Json& how : {Json{{"kind", "524"}}, Json{{"kind", "lose"}}, Json{{"kind", "late"}, {"heads", 2}},
                          Json{{"kind", "close"}}, Json{{"kind", "error_200"}}, Json{{"kind", "silent"}},
                          Json{{"kind", "html"}}, Json{{"status", 503}, {"detail", "SlowDown"}}}) {
    server.misbehave(completion, how);
    BOOST_TEST((send() == Sent::whole), how);
    check_it_is_there();
    client.remove("d/large");
  }
  BOOST_TEST(server.requests(part) == 8 * 5);
}

// The same over an object of the same size: that one is not taken for ours.
BOOST_FIXTURE_TEST_CASE(what_was_there_before_is_not_taken_for_the_upload, LargeFile) {
  for (const Json& how : {Json{{"kind", "524"}}, Json{{"kind", "close"}}, Json{{"kind", "late"}, {"heads", 3}}}) {
    server.write("d/large", std::string(content.size(), 'x'));
    server.misbehave(completion, how);
    BOOST_TEST((send() == Sent::whole), how);
    check_it_is_there();
  }
}

BOOST_FIXTURE_TEST_CASE(success_without_a_file_is_an_error, LargeFile) {
  server.misbehave(completion, {{"kind", "lie"}});
  BOOST_TEST(holds(refusal_of([&] { send(); }), "no such file of 4718592 bytes"));
  // Its parts are still there.
  BOOST_TEST((send() == Sent::rest));
  check_it_is_there();
  BOOST_TEST(server.requests(part) == 5);
}

BOOST_FIXTURE_TEST_CASE(parts_that_were_lost_are_sent_anew, LargeFile) {
  server.misbehave(completion, {{"status", 400}, {"detail", "InvalidPart"}});
  BOOST_TEST((send() == Sent::whole));
  BOOST_TEST((server.content("d/large") == content));
  client.remove("d/large");
  server.misbehave(completion, {{"status", 404}, {"detail", "NoSuchUpload"}}, 10);
  BOOST_TEST(holds(message_of([&] { send(); }), "could not be put together of its parts, 2 times"));
}

BOOST_FIXTURE_TEST_CASE(a_full_volume_is_said_at_once, LargeFile) {
  server.tell({{"do", "capacity"}, {"bytes", 3'000'000}});
  BOOST_TEST(holds_all(refusal_of([&] { send(); }), {"507", "The volume is full"}));
  BOOST_TEST(waits.waits.empty());
}

BOOST_FIXTURE_TEST_CASE(an_upload_that_was_killed_goes_on_with_the_rest, LargeFile) {
  server.limit_pages(2);
  server.misbehave(part + "4", {{"kind", "deaf"}}, 1);
  server.misbehave(part + "5", {{"kind", "deaf"}}, 1);
  const pid_t child = ::fork();
  if (child == 0) {
    Client patient(Session(test_keys(), {server.url(), kRegion, kVolume}), {.connections = 2, .part_bytes = 1 << 20});
    patient.put_file(sent, "d/large");
    ::_exit(0);
  }
  for (int i = 0; i < 600; ++i) {
    const Json uploads = server.uploads();
    if (!uploads.empty() && uploads[0]["parts"].size() == 3U && server.requests(part) == 5) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  BOOST_TEST_REQUIRE(server.uploads().size() == 1U);
  BOOST_TEST(!server.has("d/large"));
  BOOST_TEST((send() == Sent::rest));
  check_it_is_there();
  // Five of the first, of which two were never read, and these two.
  BOOST_TEST(server.requests(part) == 7);
  std::set<std::string> again;
  const std::vector<Json> parts = server.requests_of(part);
  for (std::size_t i = 5; i < parts.size(); ++i)
    again.insert(parts[i]["path"].get<std::string>().substr(part.size() - 4, 1));
  BOOST_TEST((again == std::set<std::string>{"4", "5"}));
}

BOOST_FIXTURE_TEST_CASE(parts_of_another_content_are_not_taken, LargeFile) {
  server.misbehave(completion, {{"status", 403}, {"detail", "AccessDenied"}});
  refusal_of([&] { send(); });
  BOOST_TEST(server.uploads().size() == 1U);
  // Of the five parts two have other bytes now.
  content[10] = static_cast<char>(content[10] + 1);
  content[(std::size_t{3} << 20) + 5] = static_cast<char>(content[(std::size_t{3} << 20) + 5] + 1);
  write_file(sent, content);
  BOOST_TEST((send() == Sent::rest));
  check_it_is_there();
  BOOST_TEST(server.requests(part) == 7);
}

BOOST_FIXTURE_TEST_CASE(two_who_send_the_same_at_once_both_arrive, LargeFile) {
  for (const bool unfinished : {false, true}) {
    if (unfinished) client.session().call({.method = "POST", .key = "d/large", .query = {{"uploads", ""}}});
    std::string failed;
    std::thread other([&] { failed = message_of([&] { send(); }); });
    const std::string failed_too = message_of([&] { send(); });
    other.join();
    BOOST_TEST(failed == "");
    BOOST_TEST(failed_too == "");
    BOOST_TEST((server.content("d/large") == content));
    client.remove("d/large");
  }
}

// The ETag is that of parts of another size, and says nothing of these.
BOOST_FIXTURE_TEST_CASE(what_an_etag_does_not_tell_a_name_may, LargeFile) {
  const Client other = client_of(server, waits, 2 << 20);
  other.put_file(sent, "d/large");
  BOOST_TEST((client.put_file(sent, "d/large", {.names_object = true}) == Sent::nothing));
  BOOST_TEST((client.put_file(sent, "d/large") == Sent::whole));
  check_it_is_there();
}

BOOST_FIXTURE_TEST_CASE(older_unfinished_uploads_of_a_key_are_taken_away, LargeFile) {
  for (int i = 0; i < 3; ++i) client.session().call({.method = "POST", .key = "d/large", .query = {{"uploads", ""}}});
  client.session().call({.method = "POST", .key = "d/large2", .query = {{"uploads", ""}}});
  BOOST_TEST(server.uploads().size() == 4U);
  server.limit_pages(1);
  BOOST_TEST((send() == Sent::whole));
  const Json left = server.uploads();
  BOOST_TEST_REQUIRE(left.size() == 1U);
  BOOST_TEST(left[0]["key"] == "d/large2");
}

BOOST_FIXTURE_TEST_CASE(a_file_that_shrinks_while_it_is_sent_is_an_error, LargeFile) {
  const FileToSend open(sent);
  open.demand_unchanged();
  write_derived_file(sent, std::string(content.size(), 'x'));
  BOOST_TEST(holds(message_of<IoError>([&] { open.demand_unchanged(); }), "has changed"));
  write_derived_file(sent, "short");
  BOOST_TEST(holds(message_of<IoError>([&] { open.digests(0, open.bytes()); }), "has become shorter"));
}

// While its parts are on their way: it would be put together of two files.
BOOST_FIXTURE_TEST_CASE(a_file_that_is_written_to_while_it_is_sent_is_not_put_together, LargeFile) {
  int arrived = 0;
  const Client disturbed(Session(test_keys(), {server.url(), kRegion, kVolume}, {.wait = waits.wait()}),
                         {.connections = 1, .part_bytes = 1 << 20, .moved = [&](std::uint64_t) {
                            if (++arrived == 2) write_derived_file(sent, std::string(content.size(), 'x'));
                          }});
  BOOST_TEST(holds(message_of<IoError>([&] { disturbed.put_file(sent, "d/large"); }), "has changed while it was sent"));
  BOOST_TEST(!server.has("d/large"));
  BOOST_TEST(server.requests(part) == 5);
  write_derived_file(sent, content);
  BOOST_TEST((send() == Sent::rest));
  check_it_is_there();
  BOOST_TEST(server.requests(part) == 5 + 3);
}

BOOST_AUTO_TEST_SUITE_END()
