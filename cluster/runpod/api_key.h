#pragma once
#include <filesystem>
#include <string>

namespace moola::cluster::runpod {

/// The key of an account. It goes into the header of a request and nowhere else: nothing prints it, and what a server
/// says passes through `hide` before anybody reads it.
class ApiKey {
 public:
  /// `source` is where the key comes from, for messages: "RUNPOD_API_KEY". Throws ConfigError, which does not show it,
  /// when `text` is empty, longer than 512 characters, or holds anything but visible ASCII.
  ApiKey(std::string text, std::string source);

  /// The value of the header Authorization.
  std::string authorization() const { return "Bearer " + text_; }
  const std::string& source() const { return source_; }
  /// `text` with "(key)" in the place of every occurrence of the key.
  std::string hide(std::string text) const;

 private:
  std::string text_, source_;
};

/// The key in RUNPOD_API_KEY or, where that is not set, in the file, which must belong to this user and be of mode 600
/// or less. Throws ConfigError that says how to make one, IoError.
ApiKey read_api_key(const std::filesystem::path& file);

/// runpod.key in the folder moola of $XDG_CONFIG_HOME, which is ~/.config where it is not set.
std::filesystem::path default_key_file();

}  // namespace moola::cluster::runpod
