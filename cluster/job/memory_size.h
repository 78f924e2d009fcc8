#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace moola::cluster {

/// Mebibytes of "512M", "64G", "1.5T", as Slurm counts: powers of 1024. Throws ConfigError that says what was expected;
/// a number without unit is refused, for Slurm takes it for megabytes and people mean gigabytes.
std::int64_t parse_memory(std::string_view text);

/// "64G", "1536M": the shortest that parse_memory reads back.
std::string memory_text(std::int64_t mebibytes);

struct JobStep;

/// What a step gets that has run out of memory `times` times: so many times retry.memory_factor of its own.
std::string grown_memory(const JobStep& step, int times);

}  // namespace moola::cluster
