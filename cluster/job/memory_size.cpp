#include "cluster/job/memory_size.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "base/parse_number.h"
#include "cluster/job/job_file.h"

namespace moola::cluster {
namespace {

constexpr double kMost = 1e9;  // MiB: a petabyte is a mistake

double mebibytes_of(char unit) {
  switch (unit) {
    case 'M':
      return 1;
    case 'G':
      return 1024;
    case 'T':
      return 1024.0 * 1024;
    default:
      return 0;
  }
}

}  // namespace

std::int64_t parse_memory(std::string_view text) {
  const double unit = text.empty() ? 0 : mebibytes_of(text.back());
  const std::optional<double> number = unit == 0 ? std::nullopt : parse_number(text.substr(0, text.size() - 1));
  if (!number || !(*number > 0))
    throw ConfigError(
        fmt::format("\"{}\" is no amount of memory: a number with its unit was expected, such as \"64G\" "
                    "(M, G, T; powers of 1024).",
                    text));
  const double out = std::ceil(*number * unit);
  if (out > kMost) throw ConfigError(fmt::format("\"{}\" is more memory than there is anywhere.", text));
  return static_cast<std::int64_t>(out);
}

std::string memory_text(std::int64_t mebibytes) {
  if (mebibytes % (1024 * 1024) == 0) return fmt::format("{}T", mebibytes / (1024 * 1024));
  if (mebibytes % 1024 == 0) return fmt::format("{}G", mebibytes / 1024);
  return fmt::format("{}M", mebibytes);
}

std::string grown_memory(const JobStep& step, int times) {
  const double more = std::pow(step.retry.memory_factor, times);
  return memory_text(static_cast<std::int64_t>(std::ceil(static_cast<double>(parse_memory(step.memory)) * more)));
}

}  // namespace moola::cluster
