#pragma once
#include <chrono>
#include <optional>
#include <string_view>

namespace moola::cluster {

/// The seconds of a header Retry-After; nothing when it holds none, or a date.
std::optional<std::chrono::seconds> retry_after(std::string_view header);

}  // namespace moola::cluster
