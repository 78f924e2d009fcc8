#pragma once
#include <string>
#include <string_view>

namespace moola {

enum class Colour { red, green, yellow, blue, dim, bold };

/// Whether standard error is a terminal.
bool is_terminal();
/// `text` in a colour when standard error is a terminal and NO_COLOR is not set, else as it is.
std::string paint(Colour colour, std::string_view text);
/// Columns of the terminal; 80 when that can't be known.
int terminal_width();

/// Writes to standard error in one piece. A status line that `show_status` left there is taken off first and put back
/// after it.
void write_to_terminal(std::string_view text);
/// Replaces the line at the bottom of the terminal; empty takes it off. Does nothing when standard error is not a
/// terminal.
void show_status(std::string_view line);

}  // namespace moola
