#include "base/trial_reports.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/json.h"

namespace moola {

void report_to_sweep(std::int64_t step, double value) {
  const char* const file = std::getenv(kTrialReports);
  if (file == nullptr || *file == 0) return;
  const std::string line = json_text({{"step", step}, {"value", value}}) + "\n";
  const Descriptor out = open_file(file, O_WRONLY | O_CREAT | O_APPEND);
  const ssize_t written = ::write(out.get(), line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size()))
    throw IoError(fmt::format("cannot write {}", file), written < 0 ? errno : ENOSPC);
}

}  // namespace moola
