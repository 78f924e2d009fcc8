#pragma once
#include <filesystem>
#include <string>

namespace moola::cluster::s3 {

/// The two words of an S3 key of RunPod's ("user_…" and "rps_…"), which is another than the key of its REST interface.
/// The secret signs requests and goes nowhere else; what a server says passes through `hide` before anybody reads it.
class Credentials {
 public:
  /// `source` is where they come from, for messages. Throws ConfigError, which does not show them, when one is empty,
  /// longer than 512 characters, or holds anything but visible ASCII.
  Credentials(std::string access_key, std::string secret, std::string source);

  const std::string& access_key() const { return access_key_; }
  const std::string& secret() const { return secret_; }
  const std::string& source() const { return source_; }
  /// `text` with "(key)" in the place of every occurrence of either word.
  std::string hide(std::string text) const;

 private:
  std::string access_key_, secret_, source_;
};

/// The pair in RUNPOD_S3_ACCESS_KEY and RUNPOD_S3_SECRET_KEY, else that in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY,
/// else the two lines of the file, which must belong to this user and be of mode 600 or less. Throws ConfigError that
/// says how to make a key, IoError.
Credentials read_s3_keys(const std::filesystem::path& file);

/// runpod-s3.key in the folder of this user's settings.
std::filesystem::path default_key_file();

}  // namespace moola::cluster::s3
