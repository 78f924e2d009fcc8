#include "market/indicators/row_kernels.h"

namespace moola::market::row_kernels {

const Kernels& kernels(Isa isa) {
  return for_isa(isa, kKernels_v2, kKernels_v3, kKernels_v4);
}

}  // namespace moola::market::row_kernels
