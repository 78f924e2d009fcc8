#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace moola {

/// A word as a POSIX shell reads it back unchanged, quoted only where it must be. Throws std::invalid_argument for one
/// with a zero byte, which no program can be given.
std::string shell_word(std::string_view word);

/// All of them, with spaces between.
std::string shell_words(const std::vector<std::string>& words);

/// Whether a variable of the environment may be called so: letters, digits and '_', no digit first.
bool is_variable_name(std::string_view name);

/// Throws ConfigError where a command that should be a list of words is a single one with spaces in it, a shell's line;
/// `key` names it and the message shows the list.
void check_words(const std::vector<std::string>& command, const std::string& key);

}  // namespace moola
