#include "sweep/study/trial.h"

#include <array>

namespace moola::sweep {

std::string_view name_of(TrialState state) {
  static constexpr std::array<std::string_view, 5> kNames{"RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING"};
  return kNames[static_cast<std::size_t>(state)];
}

}  // namespace moola::sweep
