#include "models/lstm_kernel.h"

namespace moola::models::lstm_kernel {

const Kernels& kernels(Isa isa) {
  return isa == Isa::v4 ? v4 : isa == Isa::v3 ? v3 : v2;
}

const Kernels& kernels() {
  static const Kernels& chosen = kernels(isa());
  return chosen;
}

}  // namespace moola::models::lstm_kernel
