// Packs to a volume, and folders from it.
#include <boost/test/unit_test.hpp>

#include "base/sha256.h"
#include "cluster/s3/download_changed.h"
#include "cluster/s3/upload_pack.h"
#include "s3_server.h"
#include "support/messages.h"
#include "tests/cluster/pack/pack_folder.h"

using namespace moola;
using namespace moola::test;
using namespace moola::cluster;
using namespace moola::cluster::s3;

namespace {

struct PackedVolume : Volume {
  std::filesystem::path pack = here / "pack";
  MadeFiles files{{"data a.txt", {"one"}}, {"b/ü.txt", {"two"}}, {"large", {random_bytes(2'500'000, 6)}}};

  WrittenPack write() const { return write_pack(planned(here / "source", files, PackPart::files), pack); }
  SentPack send() const { return upload_pack(pack, client, "packs/p"); }
  // Every file of the pack is on the volume, and what manifest.json does not name is not.
  void check_it_is_whole() const {
    for (const auto& [path, file] : found_in(pack)) {
      if (path != ".lock") BOOST_TEST((server.content("packs/p/" + path) == file.content), path);
    }
  }
};

struct Results : Volume {
  std::filesystem::path out = here / "out";
  Results() {
    server.write("runs/a/state/x.json", "{}");
    server.write("runs/a/logs/0 1.txt", "line\n");
    server.write("runs/a/logs/deep/z", random_bytes(50'000, 8));
    server.write("runs/ab/other", "not of this run");
  }
  Downloaded get() const { return download_changed(client, "runs/a", out); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(s3_folders)

BOOST_FIXTURE_TEST_CASE(a_pack_goes_once_and_then_what_changed, PackedVolume) {
  const WrittenPack first = write();
  const SentPack sent = send();
  BOOST_TEST(sent.id == first.id);
  BOOST_TEST(sent.files == 3U + 4U);
  BOOST_TEST(sent.files_there == 0U);
  check_it_is_whole();

  const SentPack again = send();
  BOOST_TEST(again.files == 0U);
  BOOST_TEST(again.bytes == 0U);
  BOOST_TEST(again.files_there == 7U);

  files["data a.txt"].content = "changed";
  const WrittenPack second = write();
  const std::uint64_t before = server.bytes_of("PUT " + path("packs/p/objects"));
  const SentPack changed = send();
  BOOST_TEST(changed.id == second.id);
  BOOST_TEST(server.bytes_of("PUT " + path("packs/p/objects")) - before == 7U);
  BOOST_TEST(changed.files == 1U + 3U);  // start is the same
  check_it_is_whole();
}

BOOST_FIXTURE_TEST_CASE(id_goes_last_and_first_away, PackedVolume) {
  write();
  send();
  const Json first = static_cast<TestServer&>(server).requests();
  BOOST_TEST(first.back()["path"] == path("packs/p/id"));
  files["data a.txt"].content = "changed";
  write();
  // What stands there while manifest.json is replaced is no pack.
  server.misbehave("PUT " + path("packs/p/manifest.json"), {{"status", 403}, {"detail", "AccessDenied"}});
  BOOST_TEST(refusal_of([&] { send(); }) != "");
  BOOST_TEST(!server.has("packs/p/id"));
  BOOST_TEST(send().files == 2U);
  check_it_is_whole();
}

BOOST_FIXTURE_TEST_CASE(an_object_that_is_spoilt_here_or_there_is_found, PackedVolume) {
  const WrittenPack packed = write();
  send();
  const std::string object = object_path(packed.manifest.files[0].sha256).string();
  const std::string good = read_file(pack / object);
  server.write("packs/p/" + object, std::string(good.size(), '?'));
  BOOST_TEST(send().files == 1U);
  check_it_is_whole();
  client.remove("packs/p/" + object);
  write_file(pack / object, std::string(good.size(), '!'));
  BOOST_TEST(holds(message_of<IoError>([&] { send(); }), "has changed"));
  BOOST_TEST(!server.has("packs/p/" + object));
}

BOOST_FIXTURE_TEST_CASE(a_folder_that_is_no_pack_is_refused, PackedVolume) {
  BOOST_TEST(holds(refusal_of([&] { send(); }), "is no pack"));
  write();
  write_file(pack / "id", std::string(64, '0') + "\n");
  BOOST_TEST(holds(refusal_of([&] { send(); }), "not the hash"));
  BOOST_TEST(server.requests("") == 0);
}

BOOST_FIXTURE_TEST_CASE(what_is_new_or_changed_is_brought, Results) {
  const Downloaded first = get();
  BOOST_TEST(first.files == 3U);
  BOOST_TEST(first.bytes == 2U + 5U + 50'000U);
  BOOST_TEST(read_file(out / "logs/0 1.txt") == "line\n");
  BOOST_TEST(!std::filesystem::exists(out / "other"));

  const int before = server.requests("GET " + path("runs"));
  const Downloaded second = get();
  BOOST_TEST(second.files == 0U);
  BOOST_TEST(second.same == 3U);
  BOOST_TEST(server.requests("GET " + path("runs")) == before);

  server.write("runs/a/logs/0 1.txt", "LINE\n");  // as long as before
  server.write("runs/a/state/new", "new");
  client.remove("runs/a/state/x.json");
  write_file(out / "logs/deep/z", "cut short here");
  const Downloaded third = get();
  BOOST_TEST(third.files == 3U);
  BOOST_TEST(third.same == 0U);
  BOOST_TEST(read_file(out / "logs/0 1.txt") == "LINE\n");
  BOOST_TEST(std::filesystem::file_size(out / "logs/deep/z") == 50'000U);
  BOOST_TEST(read_file(out / "state/x.json") == "{}");  // nothing is removed
}

BOOST_FIXTURE_TEST_CASE(a_record_that_was_cut_off_costs_one_file, Results) {
  get();
  std::string record = read_file(out / kDownloadRecord);
  record.resize(record.size() - 10);
  write_file(out / kDownloadRecord, record);
  const Downloaded again = get();
  BOOST_TEST(again.files == 1U);
  BOOST_TEST(again.same == 2U);
  BOOST_TEST(get().same == 3U);
}

BOOST_FIXTURE_TEST_CASE(one_file_that_fails_does_not_keep_the_others, Results) {
  server.misbehave("GET " + path("runs/a/state"), {{"status", 403}, {"detail", "AccessDenied"}});
  BOOST_TEST(holds(refusal_of([&] { get(); }), "AccessDenied"));
  BOOST_TEST(!std::filesystem::exists(out / "state/x.json"));
  BOOST_TEST(std::filesystem::exists(out / "logs/deep/z"));
  const Downloaded rest = get();
  BOOST_TEST(rest.files == 1U);
  BOOST_TEST(rest.same == 2U);
}

BOOST_FIXTURE_TEST_CASE(a_file_that_is_being_written_is_left_for_the_next_time, Results) {
  get();
  server.write("runs/a/logs/deep/z", random_bytes(60'000, 9));
  const std::string was = read_file(out / "logs/deep/z");
  for (int i = 0; i < 3; ++i) {
    server.misbehave("GET " + path("runs/a/logs/deep/z"), {{"kind", "half_body"}});
    server.misbehave("GET " + path("runs/a/logs/deep/z"), {{"status", 412}, {"detail", "PreconditionFailed"}});
  }
  const Downloaded second = get();
  BOOST_TEST((second.changing == std::vector<std::string>{"runs/a/logs/deep/z"}));
  BOOST_TEST((read_file(out / "logs/deep/z") == was));
  BOOST_TEST(get().files == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_name_that_can_be_none_here_does_not_keep_the_others, Results) {
  // What a pod may call a file: no UTF-8. And the record of a download from elsewhere.
  server.write("runs/a/\xff", "x");
  server.write("runs/a/" + std::string(kDownloadRecord), "not ours");
  BOOST_TEST(holds(refusal_of([&] { get(); }), "no UTF-8"));
  BOOST_TEST(read_file(out / "logs/0 1.txt") == "line\n");
  client.remove("runs/a/state/x.json");
  std::filesystem::remove(server.volume() / "runs/a/\xff");
  BOOST_TEST(get().same == 2U);
  // A list that breaks off after its first page brings that page.
  server.limit_pages(1);
  server.write("runs/a/logs/deep/zz", "new");
  server.misbehave("GET /testvol42?continuation-token=", {{"status", 403}, {"detail", "AccessDenied"}});
  BOOST_TEST(holds(refusal_of([&] { get(); }), "AccessDenied"));
  BOOST_TEST(get().files <= 1U);
}

BOOST_FIXTURE_TEST_CASE(a_list_that_leads_out_of_the_folder_is_refused, Results) {
  for (const char* key : {"runs/a/../../x", "runs/a//x", "runs/a/..", "elsewhere"}) {
    server.misbehave("GET /", {{"kind", "body"},
                               {"body", "<ListBucketResult><Contents><Key>" + std::string(key) +
                                            "</Key><Size>1</Size><ETag>e</ETag></Contents></ListBucketResult>"}});
    const std::string said = refusal_of([&] { get(); });
    BOOST_TEST(holds(said, std::string(key) == "elsewhere" ? "was asked for what lies in"
                                                           : "holds a name that can't be brought"),
               key);
    BOOST_TEST(!std::filesystem::exists(here / "x"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
