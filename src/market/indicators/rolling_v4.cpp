// Built with -march=x86-64-v4.
#include "market/indicators/rolling_kernels_impl.h"

namespace moola::market::rolling {

const Kernels kKernels_v4 = this_set();

}  // namespace moola::market::rolling
