#include "cluster/runpod/api_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/error.h"
#include "base/private_file.h"

namespace moola::cluster::runpod {
namespace {

constexpr std::size_t kLongestKey = 512;

}  // namespace

ApiKey::ApiKey(std::string text, std::string source) : text_(std::move(text)), source_(std::move(source)) {
  const bool visible = std::all_of(text_.begin(), text_.end(), [](char c) { return c > ' ' && c < 127; });
  if (text_.empty() || text_.size() > kLongestKey || !visible) {
    throw ConfigError(fmt::format(
        "the RunPod key in {} is no key: expected one word of 1 to {} visible ASCII characters, found {} bytes{}. Copy "
        "it anew from the console (Settings, API Keys).",
        source_, kLongestKey, text_.size(), visible ? "" : ", among them blanks or others"));
  }
}

std::string ApiKey::hide(std::string text) const {
  for (std::size_t at = 0; (at = text.find(text_, at)) != std::string::npos;) text.replace(at, text_.size(), "(key)");
  return text;
}

std::filesystem::path default_key_file() {
  return configuration_folder() / "runpod.key";
}

ApiKey read_api_key(const std::filesystem::path& file) {
  if (const char* text = std::getenv("RUNPOD_API_KEY"); text != nullptr && *text != '\0') {
    return {text, "RUNPOD_API_KEY"};
  }
  std::optional<std::string> text = read_private_file(file, "RunPod key", 2 * kLongestKey);
  if (!text) {
    throw ConfigError(fmt::format(
        "there is no RunPod key: RUNPOD_API_KEY is not set, and there is no file {}. Make a key in the console "
        "(Settings, API Keys) and write it to that file, of mode 600.",
        file.string()));
  }
  return {*std::move(text), file.string()};
}

}  // namespace moola::cluster::runpod
