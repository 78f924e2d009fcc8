#include "base/step_note.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "base/log.h"

namespace moola {

void leave_step_note(const Json& note) {
  const char* file = std::getenv(kStepNote);
  if (file == nullptr) return;
  const int fd = ::open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) return;
  const std::string text = json_text(note) + "\n";
  if (::write(fd, text.data(), text.size()) < 0)
    log_warning("cannot write {}: moola status won't know this run.", file);
  ::close(fd);
}

}  // namespace moola
