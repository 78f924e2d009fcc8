#include "base/trial_reports.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/error.h"
#include "base/json.h"

namespace moola {

void report_to_sweep(std::int64_t step, double value) {
  const char* const file = std::getenv(kTrialReports);
  if (file == nullptr || *file == 0) return;
  const std::string line = json_text({{"step", step}, {"value", value}}) + "\n";
  const int fd = ::open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) throw IoError(fmt::format("cannot open {}", file), errno);
  const ssize_t written = ::write(fd, line.data(), line.size());
  const int error = errno;
  ::close(fd);
  if (written != static_cast<ssize_t>(line.size()))
    throw IoError(fmt::format("cannot write {}", file), written < 0 ? error : ENOSPC);
}

}  // namespace moola
