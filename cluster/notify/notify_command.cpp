#include "cluster/notify/notify_command.h"

#include <fmt/format.h>

#include <iostream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json.h"
#include "cluster/job/job_file.h"
#include "cluster/notify/notice_text.h"
#include "cluster/notify/send_notice.h"
#include "cluster/notify/webhook.h"

namespace moola::cluster {

void notify_command(const NotifyOptions& options) {
  const JobFile job = load_job_file(options.job_file, options.settings, options.site);
  if (job.notify.webhook.empty()) {
    throw ConfigError(fmt::format(
        "{} has no webhook: give [notify] webhook = \"MOOLA_WEBHOOK\", the name of a variable, or a file of mode 600 "
        "that holds the address.",
        options.job_file.string()));
  }
  const Notice notice{
      .event = options.event,
      .job = job.name,
      .run = {},
      .digest = options.digest.empty() ? "Nothing has run; moola notify has sent this." : read_file(options.digest),
      .json = {{"test", true}}};
  if (options.dry_run) {
    std::cout << (job.notify.format == "json" ? json_body(notice) : slack_body(notice)) << "\n";
    return;
  }
  const Webhook webhook = read_webhook(job.notify);
  const Delivery delivery = send(job.notify, notice);
  if (!delivery.arrived()) throw Error(delivery.problem, delivery.permanent ? ExitCode::permanent : ExitCode::failed);
  if (options.common.json) {
    std::cout << json_text({{"arrived", true}, {"server", webhook.server()}, {"attempts", delivery.attempts}}) << "\n";
  } else if (!options.common.quiet) {
    std::cout << fmt::format("{} has taken the message.\n", webhook.server());
  }
}

}  // namespace moola::cluster
