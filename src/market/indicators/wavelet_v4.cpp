// Built with -march=x86-64-v4.
#include "market/indicators/wavelet_kernels_impl.h"

namespace moola::market::wavelet {

const Kernels kKernels_v4 = this_set();

}  // namespace moola::market::wavelet
