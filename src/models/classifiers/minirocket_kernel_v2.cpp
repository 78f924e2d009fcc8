// Built with -march=x86-64-v2.
#include "models/classifiers/minirocket_kernel_impl.h"

namespace moola::models::minirocket_kernel {

const Kernel kernel_v2{.ones = ones_of_set,
                       .add_two = add_two_of_set,
                       .add = add_of_set,
                       .accumulate = accumulate_of_set,
                       .count_above = count_above_of_set};

}  // namespace moola::models::minirocket_kernel
