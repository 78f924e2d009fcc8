#pragma once
#include "base/json.h"

namespace moola {

/// Names a file, for a program that is a step of a submitted job.
inline constexpr const char* kStepNote = "MOOLA_STEP_NOTE";

/// Tells the step that this program is what it works on, {"run": ID} or {"study": NAME}, so that `moola status` can say
/// how far it is. The first of a step's programs to say so is the one; elsewhere, and where the file can't be written,
/// nothing happens.
void leave_step_note(const Json& note);

}  // namespace moola
