// Built with -march=x86-64-v3.
#include "market/indicators/row_kernels_impl.h"

namespace moola::market::row_kernels {

const Kernels kKernels_v3 = this_set();

}  // namespace moola::market::row_kernels
