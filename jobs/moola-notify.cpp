// moola notify: a message to the webhook of a job file.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/command_line.h"
#include "cluster/notify/notify_command.h"

int main(int argc, char** argv) {
  moola::cluster::NotifyOptions options;
  CLI::App app(
      "Posts a test message to the webhook that [notify] of a job file names, as notices of its runs will come.\n"
      "Example: moola notify night.toml");
  moola::add_common_options(app, options.common);
  app.add_option("JOB", options.job_file, "a job file")->required();
  app.add_option("--set", options.settings, "KEY=VALUE instead of what the file says, such as notify.format=json");
  app.add_option("--site", options.site, "a profile of ~/.config/moola/sites");
  app.add_option("--event", options.event, "what the message says has happened: test, finish, failure or over-budget")
      ->capture_default_str()
      ->check(CLI::IsMember({"test", "finish", "failure", "over-budget"}));
  app.add_option("--digest", options.digest, "a file whose text it brings");
  app.add_flag("--dry-run", options.dry_run, "print what would be posted, without the address");
  app.callback([&options] { notify_command(options); });
  return moola::run_command(app, "notify", argc, argv);
}
