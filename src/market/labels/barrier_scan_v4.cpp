// Built with -march=x86-64-v4.
#include "market/labels/barrier_scan_impl.h"

namespace moola::market::barrier_scan {

const Kernels kKernels_v4{[](const Search& s) { ::search(s); }, [](const Shares& s) { ::shares(s); }};

}  // namespace moola::market::barrier_scan
