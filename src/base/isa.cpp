#include "base/isa.h"

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace moola {

bool supported(Isa candidate) {
  __builtin_cpu_init();
  switch (candidate) {
    case Isa::v2:
      return true;
    case Isa::v3:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
             __builtin_cpu_supports("bmi2");
    case Isa::v4:
      return supported(Isa::v3) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl");
  }
  return false;
}

namespace {

Isa choose() {
  const char* set = std::getenv("MOOLA_ISA");
  const std::string wanted = set ? set : "";
  if (wanted.empty()) return supported(Isa::v4) ? Isa::v4 : supported(Isa::v3) ? Isa::v3 : Isa::v2;
  if (wanted != "v2" && wanted != "v3" && wanted != "v4") {
    throw std::runtime_error("MOOLA_ISA=" + wanted + " is not one of v2, v3, v4");
  }
  const auto chosen = static_cast<Isa>(wanted[1] - '2');
  if (!supported(chosen)) {
    throw std::runtime_error("MOOLA_ISA=" + wanted + " asks for instructions that this processor lacks; unset it");
  }
  return chosen;
}

}  // namespace

Isa isa() {
  static const Isa chosen = choose();
  return chosen;
}

}  // namespace moola
