// Built with -march=x86-64-v2.
#include "sweep/samplers/tpe/parzen_kernel_impl.h"

namespace moola::sweep::parzen_kernel {

const Kernel kernel_v2 = kernel_of_set();

}  // namespace moola::sweep::parzen_kernel
