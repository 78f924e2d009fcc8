#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace moola::work {

/// What a trial earned out of sample, in order of time.
struct TrackRecord {
  std::vector<std::int64_t> time = {};  // ns UTC, strictly increasing; empty: the rows have no times
  std::vector<double> value = {};       // finite
};

/// How returns of a span are put together: simple ones compound, (1 + a)(1 + b) - 1, logarithmic ones add up, as sums
/// of money on a fixed capital do.
enum class Compounding : std::uint8_t { simple, log };

/// One row for each stretch of `resolution` nanoseconds (counted from 1970-01-01 UTC) in which there is a row, at its
/// beginning. Rows without times stay as they are. Throws DataError for a simple return below -1, which is no return.
TrackRecord resampled(const TrackRecord& record, std::int64_t resolution, Compounding compounding);

/// A CSV with `time,return`, or `return` alone; numbers read back exactly. `moola sharpe` reads it. Throws IoError.
void write_track_record(const std::filesystem::path& file, const TrackRecord& record);
/// Reads what that wrote. Throws DataError with the line, IoError.
TrackRecord read_track_record(const std::filesystem::path& file);

/// Whether a row lies in [from, to).
bool touches(const TrackRecord& record, std::int64_t from, std::int64_t to);

}  // namespace moola::work
