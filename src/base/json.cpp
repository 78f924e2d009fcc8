#include "base/json.h"

#include <string>

#include "base/atomic_file.h"
#include "base/error.h"

namespace moola {

Json parse_json(std::string_view text, std::string_view where) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw DataError(std::string(where) + " is not JSON: " + error.what());
  }
}

Json read_json(const std::filesystem::path& file) { return parse_json(read_file(file), file.string()); }

}  // namespace moola
