#include "models/lstm_kernel.h"

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

namespace moola::models::lstm_kernel {

bool supported(const Kernels& candidate) {
  // x86-64-v3 and v4 as the ABI defines them, as far as these kernels use them.
  __builtin_cpu_init();
  if (&candidate == &v4) {
    return supported(v3) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  }
  if (&candidate == &v3) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2");
  }
  return true;
}

namespace {

const Kernels& choose() {
  if (const char* wanted = std::getenv("MOOLA_ISA"); wanted && *wanted) {
    for (const Kernels* candidate : {&v2, &v3, &v4}) {
      if (std::string_view(wanted) != candidate->name) continue;
      if (supported(*candidate)) return *candidate;
      throw std::runtime_error(std::string("MOOLA_ISA=") + wanted + " asks for instructions that this processor lacks; unset it");
    }
    throw std::runtime_error(std::string("MOOLA_ISA=") + wanted + " is not one of v2, v3, v4");
  }
  return supported(v4) ? v4 : supported(v3) ? v3 : v2;
}

}  // namespace

const Kernels& kernels() {
  static const Kernels& chosen = choose();
  return chosen;
}

}  // namespace moola::models::lstm_kernel
