#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace moola {

/// Without the characters of `blanks` at both ends.
std::string_view trimmed(std::string_view text, std::string_view blanks = " \t");

/// A text of at most `bytes` bytes; a longer one is cut, between letters of UTF-8, and `mark` put in place of the rest.
std::string shortened(std::string_view text, std::size_t bytes, std::string_view mark = "…");

}  // namespace moola
