#pragma once
#include <string>
#include <string_view>

namespace moola::cluster::s3 {

/// `text` as it stands in a query: all but letters, digits and -._~ as %XX.
std::string encoded(std::string_view text);
/// The same with "/" left as it is: a path.
std::string encoded_path(std::string_view key);
/// The text that `encoded` was made of; "+" is a blank, as S3's lists have it. What is no %XX stays.
std::string decoded(std::string_view text);

/// Throws ConfigError when `key` can't name an object: a volume is a file system, so a key is a path below it, of 1 to
/// 1024 bytes of UTF-8, without empty parts, "." and "..", none longer than 255 bytes, and without a zero byte.
/// `folder_too`: one "/" may stand at its end, and it may be empty, which is the whole volume.
void check_key(std::string_view key, bool folder_too = false);

/// `name` with one "/" at its end, unless it is empty. Throws ConfigError as `check_key`.
std::string folder_key(std::string name);

/// Whether the interface keeps the parts of unfinished uploads there; they are nobody's files.
bool is_hidden(std::string_view key);

}  // namespace moola::cluster::s3
