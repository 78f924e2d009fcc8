// Any bytes taken as a list of label issues in CSV that somebody went over: refused with an Error, or every row has a
// number of its own and a decision without spaces around it.
#include <set>

#include "base/error.h"
#include "data/label_issues/issue_list.h"
#include "fuzz/memory_file.h"

using namespace moola;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (text.starts_with("PAR")) return 0;  // Arrow's own to read
  static test::MemoryFile file;
  try {
    std::set<std::int64_t> seen;
    std::uint64_t line = 0;
    for (const data::ReviewedRow& row : data::read_issue_list(file.holding(text))) {
      test::require(row.line == line++);
      test::require(row.row >= 0 && seen.insert(row.row).second);
      test::require(row.decision.empty() || (row.decision.front() != ' ' && row.decision.back() != ' '));
    }
  } catch (const Error&) {
  }
  return 0;
}
