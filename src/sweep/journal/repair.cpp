#include "sweep/journal/repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/atomic_file.h"
#include "base/error.h"
#include "sweep/journal/journal_lock.h"
#include "sweep/journal/journal_state.h"

namespace moola::sweep {
namespace {

// How every writer begins a record; within one, quotes are escaped, so it stands nowhere else.
constexpr std::string_view kBegin = "{\"op_code\"";

class Repair {
 public:
  std::string text = {};
  JournalRepair result = {};

  void take_line(std::string_view line, std::uint64_t number) {
    if (line.find_first_not_of(" \t\r") == line.npos) return drop(number, line, "the line is blank");
    const std::size_t whole = line.size();
    while (!line.empty()) {
      const bool is_first = line.size() == whole;
      const std::string fault = take_record(line);
      if (fault.empty()) {
        result.parted += is_first && line.empty() ? 0 : 1;
        continue;
      }
      const std::size_t next = std::min(line.find(kBegin, 1), line.size());
      drop(number, line.substr(0, next), fault);
      line.remove_prefix(next);
    }
  }

 private:
  JournalState state_ = {};
  RecordScanner scanner_ = {};
  Record record_ = {};

  void drop(std::uint64_t line, std::string_view what, std::string_view reason) {
    result.dropped.push_back({line, what.size(), std::string(reason)});
  }

  // Takes a record off the line's front, or says why there is none.
  std::string take_record(std::string_view& line) {
    try {
      const std::size_t size = scanner_.scan_front(line, record_);
      state_.apply(record_);
      (text += line.substr(0, size)) += '\n';
      ++result.kept;
      line.remove_prefix(std::min(line.find_first_not_of(" \t\r", size), line.size()));
      return "";
    } catch (const BadRecord& error) {
      return error.what();
    }
  }
};

Repair repaired(const std::string& journal) {
  Repair out;
  std::uint64_t number = 0;
  for (std::string_view rest = journal; !rest.empty();) {
    const std::size_t newline = rest.find('\n');
    out.take_line(rest.substr(0, newline), ++number);
    rest.remove_prefix(newline == rest.npos ? rest.size() : newline + 1);
  }
  return out;
}

}  // namespace

JournalRepair repair_journal(const std::filesystem::path& file, const std::filesystem::path& out) {
  const std::string journal = read_file(file);
  Repair repair = repaired(journal);
  write_file(out, repair.text, Overwrite::no);
  return std::move(repair.result);
}

JournalRepair repair_journal_in_place(const std::filesystem::path& file) {
  const JournalLock held(file);
  const std::string journal = read_file(file);
  Repair repair = repaired(journal);
  if (repair.text == journal) return std::move(repair.result);
  // The new one is whole on the disk before the old one gets another name.
  AtomicFile next(file, Overwrite::yes);
  write_file(next.temporary(), repair.text, Overwrite::yes);
  for (int i = 1;; ++i) {
    repair.result.original = file.string() + (i == 1 ? ".damaged" : fmt::format(".damaged-{}", i));
    std::error_code error;
    std::filesystem::create_hard_link(file, repair.result.original, error);
    if (!error) break;
    if (error != std::errc::file_exists)
      throw IoError("cannot keep the damaged journal as " + repair.result.original.string(), error.value());
  }
  if (!held.is_held())
    throw IoError("the lock of " + file.string() +
                  " was taken away while it was repaired; nothing was changed. Call again.");
  next.commit();
  return std::move(repair.result);
}

}  // namespace moola::sweep
