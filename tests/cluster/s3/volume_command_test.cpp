// moola runpod volume.
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "s3_server.h"
#include "support/messages.h"
#include "tests/cluster/runpod/runpod_server.h"
#include "tests/jobs/program.h"

using namespace moola;
using namespace moola::test;

namespace {

// An account whose volume is elsewhere than its REST interface.
struct Account : Volume {
  RunpodServer rest;
  SkippedWaits skipped;
  std::string id = "testvol42";
  Account() {
    ::setenv("MOOLA_RUNPOD_URL", rest.url().c_str(), 1);
    ::setenv("RUNPOD_API_KEY", kTestKey, 1);
    ::setenv("MOOLA_RUNPOD_S3_URL", server.url().c_str(), 1);
    ::setenv("RUNPOD_S3_ACCESS_KEY", kAccessKey, 1);
    ::setenv("RUNPOD_S3_SECRET_KEY", kSecret, 1);
  }
  ~Account() {
    for (const char* name :
         {"MOOLA_RUNPOD_URL", "RUNPOD_API_KEY", "MOOLA_RUNPOD_S3_URL", "RUNPOD_S3_ACCESS_KEY", "RUNPOD_S3_SECRET_KEY"})
      ::unsetenv(name);
  }
  ProcessResult volume(std::vector<std::string> words, const std::string& data_center = kRegion) const {
    words.insert(words.begin(), "volume");
    if (!data_center.empty()) words.insert(words.end(), {"--data-center", data_center});
    const ProcessResult result = run_program("moola-runpod", words);
    for (const char* secret : {kSecret, kAccessKey, kTestKey}) {
      BOOST_TEST(result.output.find(secret) == std::string::npos);
      BOOST_TEST(result.errors.find(secret) == std::string::npos, result.errors);
    }
    return result;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(volume_command)

BOOST_FIXTURE_TEST_CASE(results_are_got_when_no_pod_is_left, Account) {
  server.write("runs/a/report 1.html", "<html>");
  server.write("runs/a/metrics/x", std::string(2000, 'x'));
  const ProcessResult listed = volume({"ls", id, "runs/a"});
  BOOST_TEST(listed.exit_code == 0, listed.errors);
  BOOST_TEST(holds_all(listed.output, {"runs/a/report 1.html", "6 B", "runs/a/metrics/"}));
  BOOST_TEST(listed.output.find("metrics/x") == std::string::npos);
  const Json all = parse_json(volume({"ls", id, "--recursive", "--json"}).output, "output");
  BOOST_TEST(all["files"].size() == 2U);
  BOOST_TEST(holds(volume({"ls", id, "runs/a/metrics/x"}).output, "2.0 kB"));

  const ProcessResult got = volume({"get", id, "runs/a", (here / "out").string()});
  BOOST_TEST(got.exit_code == 0, got.errors);
  BOOST_TEST(holds(got.output, "2 files, 2.0 kB"));
  BOOST_TEST(read_file(here / "out/report 1.html") == "<html>");
  BOOST_TEST(read_file(here / "out/metrics/x").size() == 2000U);
  BOOST_TEST(holds(volume({"get", id, "runs/a/", (here / "out").string()}).output, "2 were the same"));
  BOOST_TEST(volume({"get", id, "runs/a/metrics/x", (here / "one").string()}).exit_code == 0);
  BOOST_TEST(read_file(here / "one").size() == 2000U);
  BOOST_TEST(volume({"get", id, "runs/a/metrics/x", here.path().string()}).exit_code == 0);
  BOOST_TEST(read_file(here / "x").size() == 2000U);
}

BOOST_FIXTURE_TEST_CASE(files_and_folders_are_put, Account) {
  file("f", "one");
  file("d/e/g", "two");
  file("d/ü +", "three");
  BOOST_TEST(volume({"put", (here / "f").string(), id, "data/renamed"}).exit_code == 0);
  BOOST_TEST(server.content("data/renamed") == "one");
  BOOST_TEST(volume({"put", (here / "f").string(), id, "data/"}).exit_code == 0);
  BOOST_TEST(server.content("data/f") == "one");
  const ProcessResult folder = volume({"put", (here / "d").string(), id, "data/d"});
  BOOST_TEST(folder.exit_code == 0, folder.errors);
  BOOST_TEST(server.content("data/d/e/g") == "two");
  BOOST_TEST(server.content("data/d/ü +") == "three");
  const Json again = parse_json(volume({"put", (here / "d").string(), id, "data/d/", "--json"}).output, "output");
  BOOST_TEST(again["files"] == 0);
  BOOST_TEST(again["same"] == 2);
}

BOOST_FIXTURE_TEST_CASE(rest_is_asked_where_the_volume_is, Account) {
  const std::string made =
      client_of(rest, skipped).create_volume({.name = "v", .size_gb = 10, .data_center = "US-KS-2"}).value.id;
  // The signature names the data centre: this server is of another one.
  const ProcessResult other = volume({"ls", made}, "");
  BOOST_TEST(other.exit_code == 2);
  BOOST_TEST(holds(other.errors, "the region is EU-RO-1, not US-KS-2"));
  const ProcessResult none = volume({"ls", "novolume"}, "");
  BOOST_TEST(none.exit_code == 2);
  BOOST_TEST(holds(none.errors, "404"));
}

BOOST_FIXTURE_TEST_CASE(what_is_wrong_with_a_volume_is_one_paragraph_and_exit_2, Account) {
  BOOST_TEST(holds(volume({"get", id, "none", (here / "out").string()}).errors, "there is no file or folder"));
  BOOST_TEST(holds(volume({"ls", id, "none"}).errors, "there is no file or folder"));
  BOOST_TEST(volume({"put", (here / "none").string(), id, "x"}).exit_code == 2);
  BOOST_TEST(holds(volume({"put", here.path().string(), id, "../x"}).errors, "is no path on a volume"));
  BOOST_TEST(holds(volume({"ls", "a/b"}).errors, "no id of a network volume"));
  BOOST_TEST(volume({"ls", "other"}).exit_code == 2);
  ::setenv("RUNPOD_S3_SECRET_KEY", "rps_WRONG", 1);
  const ProcessResult refused = volume({"ls", id});
  BOOST_TEST(refused.exit_code == 2);
  BOOST_TEST(holds_all(refused.errors, {"SignatureDoesNotMatch", "RUNPOD_S3_ACCESS_KEY"}));
  BOOST_TEST(refused.errors.find("rps_WRONG") == std::string::npos);
  ::unsetenv("RUNPOD_S3_SECRET_KEY");
  BOOST_TEST(holds(volume({"ls", id}).errors, "RUNPOD_S3_SECRET_KEY is not"));
  ::unsetenv("RUNPOD_S3_ACCESS_KEY");
  ::setenv("XDG_CONFIG_HOME", here.path().c_str(), 1);
  BOOST_TEST(holds(volume({"ls", id}).errors, "there is no S3 key of RunPod"));
  write_file(here / "moola/runpod-s3.key", std::string(kAccessKey) + "\n" + kSecret + "\n");
  std::filesystem::permissions(here / "moola/runpod-s3.key", std::filesystem::perms(0600));
  BOOST_TEST(volume({"ls", id}).exit_code == 0);
  ::unsetenv("XDG_CONFIG_HOME");
}

BOOST_AUTO_TEST_SUITE_END()
