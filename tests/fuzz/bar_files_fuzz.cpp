// Any bytes taken as a CSV of bars are refused with a DataError or read; and where the fast reader answers, it has read
// what the careful one reads.
#include <cstring>

#include "base/error.h"
#include "data/bars/read_csv.h"
#include "fuzz/memory_file.h"

using namespace moola;

namespace {

// Bits, so that a NaN equals itself.
bool same(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  try {
    const data::CsvLayout layout = data::recognise_csv(text, "fuzz.csv");
    data::MemorySource source(text), again(text);
    market::FaultReport report;
    const data::RawFile slow = data::read_csv(source, layout, 0, {}, report);
    for (const data::RawBars& contract : slow.contracts)
      test::require(contract.origins.size() == contract.bars.size() &&
                    contract.bars.close.size() == contract.bars.size());
    if (!data::is_fast(layout)) return 0;
    const auto fast = data::read_csv_fast(again, layout);
    if (!fast) return 0;
    test::require(fast->rows == slow.rows && fast->contracts.size() == slow.contracts.size());
    for (std::size_t i = 0; i < slow.contracts.size(); ++i) {
      const market::Bars &a = fast->contracts[i].bars, &b = slow.contracts[i].bars;
      test::require(a.time == b.time && same(a.open, b.open) && same(a.high, b.high) && same(a.low, b.low) &&
                    same(a.close, b.close) && same(a.volume, b.volume) && a.flags == b.flags);
    }
  } catch (const DataError&) {
  }
  return 0;
}
