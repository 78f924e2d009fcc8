#pragma once
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

namespace moola {

/// The text of a file that holds a secret, without blanks and line breaks at its end; nothing where there is no such
/// file. It must belong to this user and be of mode 600 or less. `what` is what it holds, for messages: "RunPod key";
/// `most` so many bytes are read. Throws ConfigError that says what to do and does not show the text, IoError.
std::optional<std::string> read_private_file(const std::filesystem::path& file, const std::string& what,
                                             std::size_t most);

/// The folder of this user's settings and secrets: moola in $XDG_CONFIG_HOME, which is ~/.config where it is not set.
std::filesystem::path configuration_folder();

}  // namespace moola
