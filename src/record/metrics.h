#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"

namespace moola::record {

/// Events of a run, one JSON object per line, appended: metrics.jsonl, timings.jsonl.
///
///     MetricsStream metrics(run.path() / "metrics.jsonl");
///     metrics.cut_after(checkpoint.step);                       // on resume: what came later happens again
///     metrics.write({{"step", 120}, {"epoch", 0}, {"split", "train"}, {"loss", 0.0123}});
///     metrics.sync();                                           // before the checkpoint of this step is committed
///
/// The same events give the same bytes (json_text): what differs from run to run, times and rates, belongs into
/// timings.jsonl. An event is handed to the system in one piece, so that a killed process leaves at most one torn line,
/// the last, which `cut_after` and reading drop.
class MetricsStream {
 public:
  /// Creates the file or goes on at its end; a torn last line is cut off. Throws IoError.
  explicit MetricsStream(std::filesystem::path file);
  ~MetricsStream();
  MetricsStream(MetricsStream&& other) noexcept;
  MetricsStream(const MetricsStream&) = delete;
  MetricsStream& operator=(const MetricsStream&) = delete;
  MetricsStream& operator=(MetricsStream&&) = delete;

  /// Appends one event, an object. Throws IoError.
  void write(const Json& event);

  /// Cuts off everything from the first event whose "step" is above `step`; -1 cuts all steps. Cost: reads the file
  /// once. An event of the checkpoint's own step stays, so write a step's events before its checkpoint. Throws IoError,
  /// DataError.
  void cut_after(std::int64_t step);

  /// The stream's length, to come back to with `cut_to`. Throws IoError.
  std::int64_t bytes() const;
  /// Cuts off everything after the first `to` bytes, which `bytes()` said at a moment that happens again. Throws
  /// IoError; DataError when the stream is shorter than that.
  void cut_to(std::int64_t to);

  /// Makes what was written durable. Throws IoError.
  void sync();

  const std::filesystem::path& file() const { return file_; }

 private:
  void truncate(std::size_t bytes);
  std::filesystem::path file_;
  int fd_ = -1;
};

/// All events of a stream; a torn last line is left out, an empty or missing file has none.
/// Throws DataError naming file and line for a line within that is no JSON object.
std::vector<Json> read_events(const std::filesystem::path& file);

/// The last complete event, found from the file's end without reading the rest; null when there is none.
Json last_event(const std::filesystem::path& file);

}  // namespace moola::record
