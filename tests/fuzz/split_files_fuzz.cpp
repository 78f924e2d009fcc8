// Splits of somebody else's: whatever a file holds, it is refused in words, or its parts are rows in order and in one
// part each.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "data/tables/split_file.h"

using namespace moola;

namespace {

void check(const std::vector<validation::RowRange>& part) {
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i].begin >= part[i].end || (i > 0 && part[i].begin <= part[i - 1].end)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  try {
    const Json json = parse_json(std::string(reinterpret_cast<const char*>(bytes), size), "the file");
    const data::SplitRecord found = data::split_from_json(json, "mine", "the file");
    if (found.splits.empty()) std::abort();
    for (const data::SplitParts& each : found.splits) {
      for (const auto* part : {&each.train, &each.val, &each.test, &each.purged, &each.embargoed}) check(*part);
      if (each.train.empty() || !(validation::rows_outside(each.train, each.test) == each.train) ||
          !(validation::rows_outside(each.train, each.val) == each.train))
        std::abort();
    }
  } catch (const Error& error) {
    if (error.exit_code() != ExitCode::permanent) std::abort();
  }
  return 0;
}
