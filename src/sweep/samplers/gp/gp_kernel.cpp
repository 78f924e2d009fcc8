#include "sweep/samplers/gp/gp_kernel.h"

namespace moola::sweep::gp_kernel {

const Kernel& kernel(Isa isa) {
  return for_isa(isa, kernel_v2, kernel_v3, kernel_v4);
}

}  // namespace moola::sweep::gp_kernel
