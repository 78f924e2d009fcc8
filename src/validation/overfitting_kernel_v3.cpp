// Built with -march=x86-64-v3.
#include "validation/overfitting_kernel_impl.h"

namespace moola::validation::overfitting_kernel {

const Kernel kernel_v3{.score = score_of_set, .best = best_of_set, .rank = rank_of_set};

}  // namespace moola::validation::overfitting_kernel
