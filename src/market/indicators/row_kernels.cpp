#include "market/indicators/row_kernels.h"

namespace moola::market::row_kernels {

const Kernels& kernels(Isa isa) {
  return isa == Isa::v4 ? kKernels_v4 : isa == Isa::v3 ? kKernels_v3 : kKernels_v2;
}

}  // namespace moola::market::row_kernels
