#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>

#include "base/atomic_file.h"
#include "cluster/http/test_server.h"
#include "cluster/job/job_file.h"
#include "tests/jobs/program.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::test;
using namespace moola::cluster;
namespace fs = std::filesystem;

namespace {

constexpr const char* kStep = "[job]\nname = \"night\"\n[step.one]\ncommand = [\"true\"]\n";

struct Job {
  TemporaryFolder folder;
  PlainServer server;
  fs::path file = folder / "night.toml";
  std::string address = server.url() + "/services/SECRET";

  void write(const std::string& notify) const { write_file(file, std::string(kStep) + "[notify]\n" + notify); }
  void write_hook(const fs::path& hook) const {
    write_file(hook, address + "\n");
    fs::permissions(hook, fs::perms(0600));
  }
  ProcessResult notify(std::vector<std::string> arguments = {}) const {
    arguments.insert(arguments.begin(), file.string());
    const ProcessResult out = run_program("moola-notify", arguments);
    BOOST_TEST((out.output + out.errors).find("SECRET") == std::string::npos, out.output + out.errors);
    return out;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(notify_command)

BOOST_FIXTURE_TEST_CASE(a_test_message_arrives_and_it_is_said_where, Job) {
  write_hook(folder / "hook.url");
  write("webhook = \"hook.url\"\n");
  const ProcessResult said = notify();
  BOOST_TEST(said.exit_code == 0, said.errors);
  BOOST_TEST(holds(said.output, server.url() + " has taken the message"));
  BOOST_TEST(holds(server.requests()[0]["body"], "*night* sends a test message"));
  write_file(folder / "digest.txt", "three of four steps\n");
  const ProcessResult json = notify(
      {"--event", "failure", "--digest", (folder / "digest.txt").string(), "--json", "--set", "notify.format=json"});
  BOOST_TEST(parse_json(json.output, "output")["arrived"] == true);
  BOOST_TEST(parse_json(server.requests()[1]["body"].get<std::string>(), "body")["digest"] == "three of four steps\n");
}

BOOST_FIXTURE_TEST_CASE(a_dry_run_posts_nothing_and_needs_no_address, Job) {
  write("webhook = \"MOOLA_NO_SUCH_VARIABLE\"\n");
  const ProcessResult said = notify({"--dry-run"});
  BOOST_TEST(said.exit_code == 0, said.errors);
  BOOST_TEST(Json::accept(said.output));
  BOOST_TEST(server.requests("") == 0);
}

BOOST_FIXTURE_TEST_CASE(what_cannot_arrive_leaves_with_2_and_what_may_later_with_1, Job) {
  write_file(file, kStep);
  BOOST_TEST(holds(notify().errors, "has no webhook"));
  BOOST_TEST(notify().exit_code == 2);
  write("webhook = \"MOOLA_NO_SUCH_VARIABLE\"\n");
  BOOST_TEST(notify().exit_code == 2);
  write("webhook = \"" + address + "\"\n");
  server.misbehave("POST", {{"status", 404}, {"detail", "no_service"}});
  const ProcessResult gone = notify();
  BOOST_TEST(gone.exit_code == 2);
  BOOST_TEST(holds(gone.errors, "no_service"));
  server.misbehave("POST", {{"status", 429}, {"headers", {{"Retry-After", "3600"}}}});
  BOOST_TEST(notify().exit_code == 1);
}

BOOST_FIXTURE_TEST_CASE(an_address_in_the_job_file_stands_in_no_resolved_text_and_is_found_by_it, Job) {
  write("webhook = \"" + address + "\"\n");
  const JobFile job = load_job_file(file);
  BOOST_TEST(job.text.find("SECRET") == std::string::npos, job.text);
  BOOST_TEST(job.notify.url == address);
  const fs::path run = folder / "run";
  write_file(run / "job.toml", job.text);
  keep_webhook(job.notify, run);
  BOOST_TEST((fs::status(run / kWebhookFile).permissions() == fs::perms(0600)));
  BOOST_TEST(read_file(run / kWebhookFile) == address + "\n");
  const JobFile again = load_job_file(run / "job.toml");
  BOOST_TEST(again.notify.webhook == (run / kWebhookFile).string());
  BOOST_TEST(again.notify.url.empty());
  keep_webhook(job.notify, run);  // twice does no harm
}

BOOST_FIXTURE_TEST_CASE(settings_that_make_no_sense_are_refused_without_showing_the_address, Job) {
  const auto refused = [&](const std::string& notify, const std::string& part) {
    write(notify);
    const std::string message = message_of<ConfigError>([&] { load_job_file(file); });
    BOOST_TEST(holds(message, part));
    BOOST_TEST(message.find("SECRET") == std::string::npos, message);
  };
  refused("webhook = \"secret-SECRET\"\n", "notify.webhook is no address");
  refused("webhook = \"X\"\non = [\"finished\"]\n", "there is no event 'finished'");
  refused("webhook = \"X\"\nformat = \"teams\"\n", "notify.format");
  refused("webhok = \"https://SECRET\"\n", "Did you mean 'notify.webhook'?");
  write("webhook = \"X\"\non = [\"failure\"]\n");
  const JobFile job = load_job_file(file);
  BOOST_TEST(job.notify.wants("failure"));
  BOOST_TEST(!job.notify.wants("finish"));
  write("on = [\"failure\"]\n");
  BOOST_TEST(!load_job_file(file).notify.wants("failure"));
  BOOST_TEST(holds(job_reference(), "## [notify]"));
}

BOOST_FIXTURE_TEST_CASE(a_site_profile_may_say_it_for_all_jobs, Job) {
  const fs::path sites = folder / "sites";
  write_file(sites / "home.toml", "[notify]\nwebhook = \"hook.url\"\nformat = \"json\"\n");
  write_file(file, kStep);
  const JobFile job = load_job_file(file, {}, "home", sites);
  BOOST_TEST(job.notify.webhook == (sites / "hook.url").string());
  BOOST_TEST(job.notify.format == "json");
}

BOOST_AUTO_TEST_SUITE_END()
