#include "cluster/diagnose/log_pattern.h"

#include <cctype>

namespace moola::cluster {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Behind the digits at `from`.
std::size_t after_digits(std::string_view line, std::size_t from) {
  while (from < line.size() && is_digit(line[from])) ++from;
  return from;
}

// "3: ", of srun --label.
std::size_t label_length(std::string_view line) {
  const std::size_t end = after_digits(line, line.starts_with(' ') ? line.find_first_not_of(' ') : 0);
  return end > 0 && end < 8 && is_digit(line[end - 1]) && line.substr(end).starts_with(": ") ? end + 2 : 0;
}

// "[1,0]<stderr>:", of mpirun --tag-output.
std::size_t tag_length(std::string_view line) {
  if (!line.starts_with('[')) return 0;
  const std::size_t comma = after_digits(line, 1);
  if (comma == 1 || !line.substr(comma).starts_with(',')) return 0;
  const std::size_t end = after_digits(line, comma + 1);
  if (end == comma + 1) return 0;
  for (const std::string_view stream : {"]<stderr>:", "]<stdout>:"}) {
    if (line.substr(end).starts_with(stream)) return end + stream.size();
  }
  return 0;
}

// "[rank0]: ", of torchrun; "[rank 1] ", of our own log.
std::size_t rank_length(std::string_view line) {
  for (const auto& [begin, end] : {std::pair<std::string_view, std::string_view>("[rank", "]: "), {"[rank ", "] "}}) {
    if (!line.starts_with(begin)) continue;
    const std::size_t digits = after_digits(line, begin.size());
    if (digits > begin.size() && line.substr(digits).starts_with(end)) return digits + end.size();
  }
  return 0;
}

}  // namespace

std::string_view without_rank(std::string_view line) {
  line.remove_prefix(tag_length(line));
  line.remove_prefix(label_length(line));
  line.remove_prefix(rank_length(line));
  return line;
}

bool matches(const LogPattern& pattern, std::string_view line, std::vector<std::string_view>& parts) {
  parts.clear();
  std::string_view text = pattern.text;
  const bool at_begin = text.starts_with('^');
  if (at_begin) text.remove_prefix(1);
  const bool at_end = text.ends_with('$');
  if (at_end) text.remove_suffix(1);
  line = without_rank(line);
  std::size_t at = 0;
  for (bool first = true;; first = false) {
    const std::size_t star = text.find('*');
    const std::string_view part = text.substr(0, star);
    const bool last = star == std::string_view::npos;
    if (first) {
      const std::size_t found = at_begin ? (line.starts_with(part) ? 0 : std::string_view::npos) : line.find(part);
      if (found == std::string_view::npos) return false;
      at = found + part.size();
    } else if (last && part.empty()) {
      parts.push_back(line.substr(at));  // a star at the end takes the rest
      at = line.size();
    } else {
      const std::size_t found = line.find(part, at);
      if (found == std::string_view::npos) return false;
      parts.push_back(line.substr(at, found - at));
      at = found + part.size();
    }
    if (last) return !at_end || at == line.size();
    text.remove_prefix(star + 1);
  }
}

const std::vector<LogPattern>& log_patterns() {
  static const std::vector<LogPattern> all = [] {
    std::vector<LogPattern> patterns;
    add_slurm_patterns(patterns);
    add_system_patterns(patterns);
    add_gpu_patterns(patterns);
    add_mpi_patterns(patterns);
    add_program_patterns(patterns);
    return patterns;
  }();
  return all;
}

}  // namespace moola::cluster
