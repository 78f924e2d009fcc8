#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace moola::data {

/// One line of an annotator: a window, or one of several expansions found in it.
struct Annotation {
  std::uint64_t row = 0;  // in the file, from 0
  std::string window_id;
  std::string label;                                           // empty: none
  std::optional<std::int64_t> expansion_start, expansion_end;  // bars of the window, both included
  char grade = 0;                                              // A, B, C, D; 0: not looked at yet
  std::string reason;                                          // or empty
};

/// Reads a CSV (or Parquet) with window_id, label, expansion_start, expansion_end, grade and, where they are there,
/// pointer_start and pointer_end (counted from bar `inner_begin`), reason. Other columns are the annotator's own.
/// Throws DataError that names row and column, ConfigError, IoError.
std::vector<Annotation> read_annotations(const std::filesystem::path& file, std::int64_t inner_begin);

/// What a review of labels, such as CleanLab's, says of a window.
struct Correction {
  enum class Action : std::uint8_t { open, correct, drop };
  std::uint64_t row = 0;
  std::string window_id;
  Action action = Action::open;  // open: nobody has decided
  std::string given_label;       // what the label was when it was reviewed, or empty
  std::string label;             // the right one, or empty
  std::optional<std::int64_t> expansion_start, expansion_end;
  std::string reason;
};

/// Reads a CSV (or Parquet) with window_id and: corrected_label; corrected_start and corrected_end; action (correct,
/// drop, or nothing); given_label; reason. A row that corrects nothing and drops nothing is open. Throws as
/// read_annotations.
std::vector<Correction> read_corrections(const std::filesystem::path& file);

}  // namespace moola::data
