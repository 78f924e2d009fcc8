#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace moola::work {

/// A look at a test part: what a model makes of rows that were kept for the end. Each one makes the next less telling,
/// so the workspace counts them.
struct TestOpening {
  std::string run = {};    // which looked
  std::string table = {};  // "feature_table/btc": any version
  std::int32_t horizon = 0;
  std::int64_t first = 0, last = 0;  // ns UTC, of the rows
  std::size_t rows = 0;
  std::int64_t when = 0;  // ns UTC
};

/// Appends it to WORKSPACE/artifacts/test_openings.jsonl, durably, one writer at a time; a run that looks at the same
/// rows again is not counted twice. Throws IoError, CommError when another process holds the file for long, DataError
/// for a file that is damaged.
void record_opening(const std::filesystem::path& workspace, const TestOpening& opening);

/// Those of the same table whose rows meet these in time, oldest first. None where nobody has looked yet. Throws
/// IoError, DataError.
std::vector<TestOpening> find_openings(const std::filesystem::path& workspace, const std::string& table,
                                       std::int64_t first, std::int64_t last);

}  // namespace moola::work
