// Built with -march=x86-64-v4.
#include "market/indicators/row_kernels_impl.h"

namespace moola::market::row_kernels {

const Kernels kKernels_v4 = this_set();

}  // namespace moola::market::row_kernels
