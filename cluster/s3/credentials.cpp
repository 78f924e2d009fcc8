#include "cluster/s3/credentials.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <sstream>

#include "base/error.h"
#include "base/private_file.h"

namespace moola::cluster::s3 {
namespace {

constexpr std::size_t kLongestKey = 512;
constexpr const char* kHowTo =
    "Make an S3 key in RunPod's console (Settings, S3 API Keys): it is another than the key of the REST interface.";

void check(const std::string& word, const char* name, const std::string& source) {
  const bool visible = std::all_of(word.begin(), word.end(), [](char c) { return c > ' ' && c < 127; });
  if (word.empty() || word.size() > kLongestKey || !visible) {
    throw ConfigError(fmt::format(
        "the {} of the S3 key in {} is none: expected one word of 1 to {} visible ASCII characters, found {} bytes{}. "
        "{}",
        name, source, kLongestKey, word.size(), visible ? "" : ", among them blanks or others", kHowTo));
  }
}

void replace_all(std::string& text, const std::string& word) {
  constexpr std::string_view kHidden = "(key)";
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += kHidden.size())
    text.replace(at, word.size(), kHidden);
}

std::optional<Credentials> from_environment(const char* access_name, const char* secret_name) {
  const auto set = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  const std::string access = set(access_name), secret = set(secret_name);
  if (access.empty() && secret.empty()) return std::nullopt;
  if (access.empty() || secret.empty()) {
    throw ConfigError(fmt::format("{} is set and {} is not: the S3 key of RunPod is both. Set both or neither.",
                                  access.empty() ? secret_name : access_name,
                                  access.empty() ? access_name : secret_name));
  }
  return Credentials(access, secret, fmt::format("{} and {}", access_name, secret_name));
}

}  // namespace

Credentials::Credentials(std::string access_key, std::string secret, std::string source)
    : access_key_(std::move(access_key)), secret_(std::move(secret)), source_(std::move(source)) {
  check(access_key_, "access key", source_);
  check(secret_, "secret", source_);
}

std::string Credentials::hide(std::string text) const {
  replace_all(text, secret_);
  replace_all(text, access_key_);
  return text;
}

std::filesystem::path default_key_file() {
  return configuration_folder() / "runpod-s3.key";
}

Credentials read_s3_keys(const std::filesystem::path& file) {
  if (auto keys = from_environment("RUNPOD_S3_ACCESS_KEY", "RUNPOD_S3_SECRET_KEY")) return *std::move(keys);
  if (auto keys = from_environment("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")) return *std::move(keys);
  const std::optional<std::string> text = read_private_file(file, "S3 key of RunPod", 4 * kLongestKey);
  if (!text) {
    throw ConfigError(fmt::format(
        "there is no S3 key of RunPod: neither RUNPOD_S3_ACCESS_KEY and RUNPOD_S3_SECRET_KEY nor AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY are set, and there is no file {}. {} Write the access key and the secret to that file, "
        "a "
        "line each, of mode 600.",
        file.string(), kHowTo));
  }
  std::istringstream words(*text);
  std::string access, secret, more;
  words >> access >> secret >> more;
  if (secret.empty() || !more.empty()) {
    throw ConfigError(fmt::format(
        "the S3 key of RunPod {} does not hold two words: expected the access key (user_…) on the first line and the "
        "secret (rps_…) on the second, and nothing else. {}",
        file.string(), kHowTo));
  }
  return {access, secret, file.string()};
}

}  // namespace moola::cluster::s3
