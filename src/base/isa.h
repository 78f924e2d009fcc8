#pragma once

namespace moola {

/// The instruction sets that hot loops are compiled for, as the x86-64 ABI names them.
enum class Isa { v2, v3, v4 };

/// The best this processor has, chosen once; MOOLA_ISA=v2|v3|v4 overrides.
/// Throws std::runtime_error when MOOLA_ISA names another set, or one that this processor lacks.
Isa isa();

/// The one of three that is compiled for `isa`: functions, or tables of them.
template <class T>
const T& for_isa(Isa isa, const T& v2, const T& v3, const T& v4) {
  return isa == Isa::v4 ? v4 : isa == Isa::v3 ? v3 : v2;
}

/// Whether this processor runs it: for tests that compare all of them.
bool supported(Isa candidate);

}  // namespace moola
