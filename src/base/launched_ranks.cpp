#include "base/launched_ranks.h"

#include <cstdlib>
#include <initializer_list>

namespace moola {
namespace {

int number_in(const char* variable) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::atoi(text) : 0;
}

}  // namespace

LaunchedRanks launched_ranks() {
  for (const char* variable : {"MOOLA_RANKS", "OMPI_COMM_WORLD_SIZE"}) {
    if (const int ranks = number_in(variable); ranks > 0) return {ranks, variable};
  }
  // The batch script itself runs in no numbered step, whatever SLURM_NTASKS says. A step of one task (srun of a whole
  // script) launches nothing.
  if (std::getenv("SLURM_STEP_ID") != nullptr && std::getenv("SLURM_PROCID") != nullptr) {
    if (const int ranks = number_in("SLURM_STEP_NUM_TASKS"); ranks > 1) return {ranks, "SLURM_STEP_NUM_TASKS"};
    return {};
  }
  if (std::getenv("PMIX_RANK") != nullptr) return {0, "PMIX_RANK"};
  return {};
}

std::vector<std::string> rank_variables() {
  return {"OMPI_", "PMIX_", "PMI_", "PRTE_", "OPAL_", "MOOLA_RANK"};
}

}  // namespace moola
