// Built with -march=x86-64-v2.
#include "market/labels/barrier_scan_impl.h"

namespace moola::market::barrier_scan {

std::int64_t label_bars_v2(const Scan& scan) {
  return ::label_bars(scan);
}

}  // namespace moola::market::barrier_scan
