#include "base/named_choice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/nearest.h"

namespace moola {

void refuse_choice(std::string_view setting, std::string_view text, const std::vector<std::string>& names) {
  throw ConfigError(
      fmt::format("{} \"{}\" is none of {}.{}", setting, text, fmt::join(names, ", "), did_you_mean(text, names)));
}

}  // namespace moola
