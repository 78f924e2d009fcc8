// Built with -march=x86-64-v2.
#include <cstddef>

namespace {
constexpr std::size_t kRegisterBytes = 16;
}

#include "sweep/samplers/gp/gp_kernel_impl.h"

namespace moola::sweep::gp_kernel {

const Kernel kernel_v2{.combine = combine_of_set,
                       .distances = distances_of_set,
                       .add_distances = add_distances_of_set,
                       .matern = matern_of_set,
                       .subtract_squares = subtract_squares_of_set};

}  // namespace moola::sweep::gp_kernel
