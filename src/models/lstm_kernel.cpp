#include "models/lstm_kernel.h"

namespace moola::models::lstm_kernel {

const Kernels& kernels(Isa isa) {
  return for_isa(isa, v2, v3, v4);
}

const Kernels& kernels() {
  static const Kernels& chosen = kernels(isa());
  return chosen;
}

}  // namespace moola::models::lstm_kernel
