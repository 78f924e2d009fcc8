#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace moola::sweep {

/// What could not be kept of a journal.
struct DroppedText {
  std::uint64_t line = 0;   // where it stood, from 1
  std::uint64_t bytes = 0;  // how much it was
  std::string reason;
};

struct JournalRepair {
  std::uint64_t kept = 0;    // records
  std::uint64_t parted = 0;  // of them, those that stood in one line with others or with rubbish
  std::vector<DroppedText> dropped = {};
  std::filesystem::path original = {};  // where the damaged one is now, when it was replaced
};

/// Writes to `out` what of a journal Optuna can read: without torn, blank and foreign lines; of lines that run into
/// each other, the whole records in them. A journal without faults comes out as it is. Ids of trials are counted, so a
/// lost creation of a trial shifts those behind it: `dropped` says what to look at. Takes as much memory as the file.
/// Throws IoError, also when `out` exists.
JournalRepair repair_journal(const std::filesystem::path& file, const std::filesystem::path& out);

/// The same in place, under the journal's lock: the damaged one is kept beside it as FILE.damaged, or FILE.damaged-2
/// and so on. Nothing is done to a journal without faults.
JournalRepair repair_journal_in_place(const std::filesystem::path& file);

}  // namespace moola::sweep
