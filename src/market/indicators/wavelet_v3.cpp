// Built with -march=x86-64-v3.
#include "market/indicators/wavelet_kernels_impl.h"

namespace moola::market::wavelet {

const Kernels kKernels_v3 = this_set();

}  // namespace moola::market::wavelet
