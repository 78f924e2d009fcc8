#include "work/sweep/honesty/track_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/utc_time.h"

namespace moola::work {
namespace {

constexpr std::string_view kTimed = "time,return", kUntimed = "return";

std::int64_t begin_of(std::int64_t time, std::int64_t resolution) {
  const std::int64_t rest = time % resolution;
  return time - (rest < 0 ? rest + resolution : rest);
}

[[noreturn]] void refuse(const std::filesystem::path& file, std::size_t line, const std::string& what) {
  throw DataError(fmt::format("line {} of {} {}", line, file.string(), what));
}

}  // namespace

TrackRecord resampled(const TrackRecord& record, std::int64_t resolution, Compounding compounding) {
  if (compounding == Compounding::simple) {
    const auto wrong = std::ranges::find_if(record.value, [](double x) { return x < -1; });
    if (wrong != record.value.end()) {
      throw DataError(
          fmt::format("row {} is {}: a simple return is not below -1, where all is lost. For logarithmic ones, and for "
                      "gains on a fixed capital, set honesty.returns = \"log\".",
                      wrong - record.value.begin() + 1, *wrong));
    }
  }
  if (record.time.empty()) return record;
  TrackRecord out;
  for (std::size_t row = 0; row < record.value.size();) {
    const std::int64_t begin = begin_of(record.time[row], resolution);
    double total = record.value[row];
    for (++row; row < record.value.size() && begin_of(record.time[row], resolution) == begin; ++row) {
      total = compounding == Compounding::log ? total + record.value[row]
                                              : total + record.value[row] + total * record.value[row];
    }
    out.time.push_back(begin);
    out.value.push_back(total);
  }
  return out;
}

void write_track_record(const std::filesystem::path& file, const TrackRecord& record) {
  std::string text(record.time.empty() ? kUntimed : kTimed);
  text += '\n';
  for (std::size_t row = 0; row < record.value.size(); ++row) {
    if (!record.time.empty()) text += utc_text(record.time[row]) + ",";
    text += fmt::format("{}\n", record.value[row]);
  }
  write_file(file, text);
}

TrackRecord read_track_record(const std::filesystem::path& file) {
  const std::string text = read_file(file);
  std::string_view rest = text;
  const auto take_line = [&] {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return line;
  };
  const std::string_view head = take_line();
  if (head != kTimed && head != kUntimed) refuse(file, 1, fmt::format("is no '{}' and no '{}'.", kTimed, kUntimed));
  TrackRecord out;
  for (std::size_t number = 2; !rest.empty(); ++number) {
    std::string_view line = take_line();
    if (head == kTimed) {
      const std::size_t comma = line.find(',');
      if (comma == std::string_view::npos) refuse(file, number, "has no comma: expected a time and a return.");
      try {
        out.time.push_back(parse_utc(line.substr(0, comma)));
      } catch (const ConfigError& error) {
        refuse(file, number, fmt::format("has no time: {}", error.what()));
      }
      if (out.time.size() > 1 && out.time.back() <= out.time[out.time.size() - 2])
        refuse(file, number, "is not later than the line before.");
      line.remove_prefix(comma + 1);
    }
    double value = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
    if (error != std::errc() || end != line.data() + line.size() || !std::isfinite(value))
      refuse(file, number, "has no number where its return should be.");
    out.value.push_back(value);
  }
  if (out.value.empty()) refuse(file, 2, "is missing: there is no return.");
  return out;
}

bool touches(const TrackRecord& record, std::int64_t from, std::int64_t to) {
  const auto first = std::ranges::lower_bound(record.time, from);
  return first != record.time.end() && *first < to;
}

}  // namespace moola::work
