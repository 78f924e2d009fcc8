#include "base/step_note.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "base/descriptor.h"
#include "base/log.h"

namespace moola {

void leave_step_note(const Json& note) {
  const char* file = std::getenv(kStepNote);
  if (file == nullptr) return;
  const Descriptor out(file, O_WRONLY | O_CREAT | O_EXCL);
  if (!out.is_open()) return;
  const std::string text = json_text(note) + "\n";
  if (::write(out.get(), text.data(), text.size()) < 0)
    log_warning("cannot write {}: moola status won't know this run.", file);
}

}  // namespace moola
