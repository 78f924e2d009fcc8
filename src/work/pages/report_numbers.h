#pragma once
// How pages of results write numbers, times and lists.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "record/html.h"

namespace moola::work {

/// What is no number is a dash in all of these.
std::string figure_text(double value);                 // three digits
std::string fixed_text(double value, int digits);      // never "-0.00"
std::string share_text(double share, int digits = 1);  // 0.25: "25.0 %", the space one that does not break
/// A chance: "0.97", but "> 0.99" rather than 1, and "< 0.01" rather than 0.
std::string chance_text(double chance);
std::string between_text(double low, double high, int digits);  // "0.31 to 2.53"
std::string between_shares_text(double low, double high, int digits = 1);
/// "2024-03-01", or with its minute where `with_clock`. A dash for kNoTime.
std::string date_text(std::int64_t time, bool with_clock = false);
/// "1 split", "15 splits".
std::string count_text(std::size_t count, std::string_view one, std::string_view many);

/// `rest` is said after "and 3 more".
record::Html bullet_list(const std::vector<std::string>& lines, std::size_t most, std::string_view rest);

}  // namespace moola::work
