// Built with -march=x86-64-v3.
#include "models/lstm_kernel_gradient.h"

namespace moola::models::lstm_kernel {

extern const Kernels v3{.name = "v3",
                        .lanes = kLanes,
                        .pack_forward = ::pack_forward,
                        .pack_backward = ::pack_backward,
                        .forward = ::forward,
                        .backward = ::backward,
                        .weight_gradient = ::weight_gradient};

}  // namespace moola::models::lstm_kernel
