#include "cluster/commands/notices.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "base/descriptor.h"
#include "base/log.h"
#include "cluster/commands/status_text.h"
#include "cluster/notify/send_notice.h"

namespace moola::cluster {
namespace {

constexpr std::array<const char*, 3> kEvents{"finish", "failure", "over-budget"};

std::filesystem::path mark(const JobRun& run, const std::string& event) {
  return run.folder / ".told" / event;
}

// The first of several processes that want to tell the same.
bool is_first(const JobRun& run, const std::string& event) {
  std::error_code none;
  std::filesystem::create_directory(run.folder / ".told", none);
  return Descriptor(mark(run, event), O_WRONLY | O_CREAT | O_EXCL).is_open();
}

}  // namespace

void give_notice(const JobRun& run, const RunStatus& status, const PlaceView& view, const std::string& event) noexcept {
  try {
    if (run.job.notify.webhook.empty() || !run.job.notify.wants(event) || !is_first(run, event)) return;
    const Delivery delivery = send(run.job.notify, {.event = event,
                                                    .job = run.job.name,
                                                    .run = run.id(),
                                                    .digest = digest_text(run, status),
                                                    .json = status_json(run, status, view)});
    if (!delivery.arrived()) log_warning("the notice of {} did not arrive: {}", event, delivery.problem);
  } catch (const std::exception& error) {
    log_text(LogLevel::warning, std::string("no notice was sent: ") + error.what());
  }
}

void give_notice_of_end(const JobRun& run, const RunStatus& status, const PlaceView& view) noexcept {
  if (status.is_over()) give_notice(run, status, view, "finish");
}

void forget_notices(const JobRun& run) {
  std::error_code none;
  for (const char* each : kEvents) std::filesystem::remove(mark(run, each), none);
}

}  // namespace moola::cluster
