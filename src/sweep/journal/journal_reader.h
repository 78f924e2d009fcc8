#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

#include "sweep/journal/journal_state.h"

namespace moola::sweep {

/// A journal that Optuna, Rustuna or a sweep of ours writes, and what it comes to so far.
///
/// Others may append all the time: `update` takes up what has come since, as far as the last whole line. No lock is
/// needed to read; whoever acts on what he read, and must not be the second to do so, reads inside
/// `JournalWriter::append_after_reading`.
class JournalReader {
 public:
  /// Reads nothing yet. `threads` scan large pieces, 0: one per core; the result does not depend on them.
  explicit JournalReader(std::filesystem::path file, unsigned threads = 0);

  /// Applies the whole lines that were appended since. Returns whether there were any.
  ///
  /// Cost: about 0.15 µs a record; without news a few system calls.
  /// Throws IoError; DataError for a line that is no record, naming it (what stands before it is applied), and when the
  /// file was cut or replaced since.
  bool update();

  const std::filesystem::path& file() const { return file_; }
  const JournalState& state() const { return state_; }
  const std::vector<Study>& studies() const { return state_.studies(); }
  /// Bytes and lines applied so far.
  std::uint64_t offset() const { return offset_; }
  std::uint64_t lines() const { return lines_; }

 private:
  std::filesystem::path file_;
  unsigned threads_;
  std::uint64_t offset_ = 0, lines_ = 0, device_ = 0, inode_ = 0;
  JournalState state_;

  struct Piece;
  void apply(const Piece& piece);
};

/// What a whole journal comes to. Throws IoError, DataError.
std::vector<Study> read_journal(const std::filesystem::path& file);

}  // namespace moola::sweep
