// Built with -march=x86-64-v2.
#include "market/indicators/row_kernels_impl.h"

namespace moola::market::row_kernels {

const Kernels kKernels_v2 = this_set();

}  // namespace moola::market::row_kernels
