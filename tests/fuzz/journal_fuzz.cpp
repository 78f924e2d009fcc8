// Journals of sweeps: whole and in two steps they come to the same, on any number of threads; repair keeps what can be
// read and nothing else, and what a record says is written and read back to itself.
#include <filesystem>

#include "base/error.h"
#include "fuzz/memory_file.h"
#include "sweep/journal/journal_reader.h"
#include "sweep/journal/json_scanner.h"
#include "sweep/journal/repair.h"
#include "sweep/journal_studies.h"

using namespace moola;
using namespace moola::sweep;

namespace {

struct Reading {
  std::vector<Study> studies = {};
  std::uint64_t offset = 0;
  bool refused = false;
};

Reading read(JournalReader& reader) {
  bool refused = false;
  try {
    reader.update();
  } catch (const DataError&) {
    refused = true;
  }
  return {reader.studies(), reader.offset(), refused};
}

void require_same(const Reading& a, const Reading& b) {
  test::require(a.offset == b.offset && a.refused == b.refused && test::same_studies(a.studies, b.studies));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  static test::MemoryFile whole_file, part_file;
  const std::filesystem::path whole_path = whole_file.holding(text);
  JournalReader whole(whole_path, 1), threaded(whole_path, 3);
  const Reading expected = read(whole);
  require_same(expected, read(threaded));

  const std::size_t half = size == 0 ? 0 : bytes[size / 2] % size;
  JournalReader steps(part_file.holding(text.substr(0, half)), 1);
  const Reading first = read(steps);
  part_file.holding(text);
  require_same(expected, read(steps));
  test::require(first.offset <= expected.offset);

  const std::filesystem::path out = std::filesystem::temp_directory_path() / "moola-journal-fuzz.log";
  std::filesystem::remove(out);
  const JournalRepair repair = repair_journal(whole_path, out);
  JournalReader repaired(out, 1);
  const Reading after = read(repaired);
  test::require(!after.refused && repaired.lines() == repair.kept && repair.kept >= whole.lines());
  if (expected.offset == size) test::require(test::same_studies(after.studies, expected.studies));

  try {
    const std::string json = compact_json(text);
    test::require(compact_json(json) == json);
  } catch (const BadRecord&) {
  }
  return 0;
}
