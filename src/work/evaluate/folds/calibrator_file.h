#pragma once
#include <string>

#include "base/json.h"
#include "validation/calibration.h"

namespace moola::work {

Json calibrator_json(const validation::Calibrator& calibrator);
/// Throws DataError naming `where` for what is missing, of another type, or no calibrator.
validation::Calibrator calibrator_from_json(const Json& json, const std::string& where);

}  // namespace moola::work
