#include "cluster/s3/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"

namespace moola::cluster::s3 {
namespace {

bool is_id(const std::string& text) {
  return !text.empty() && text.size() <= 63 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}

}  // namespace

Endpoint volume_endpoint(const std::string& volume, const std::string& data_center) {
  if (!is_id(volume)) {
    throw ConfigError(fmt::format(
        "'{}' is no id of a network volume: expected letters, digits and '-', as RunPod's console shows it.", volume));
  }
  if (!is_id(data_center)) {
    throw ConfigError(fmt::format("'{}' is no id of a data centre: expected one such as EU-RO-1.", data_center));
  }
  const char* other = std::getenv("MOOLA_RUNPOD_S3_URL");
  if (other != nullptr && *other != '\0') return {other, data_center, volume};
  std::string lower = data_center;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return {fmt::format("https://s3api-{}.runpod.io", lower), data_center, volume};
}

}  // namespace moola::cluster::s3
