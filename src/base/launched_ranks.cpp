#include "base/launched_ranks.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
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

int launched_rank() {
  if (std::getenv("OMPI_COMM_WORLD_RANK") != nullptr) return number_in("OMPI_COMM_WORLD_RANK");
  if (std::getenv("SLURM_STEP_ID") != nullptr && std::getenv("SLURM_PROCID") != nullptr)
    return number_in("SLURM_PROCID");
  return number_in("PMIX_RANK");
}

LocalRank local_rank() {
  const auto of = [](const char* rank, int ranks) {
    return LocalRank{.rank = std::clamp(number_in(rank), 0, std::max(ranks, 1) - 1), .ranks = std::max(ranks, 1)};
  };
  if (const int ranks = number_in("OMPI_COMM_WORLD_LOCAL_SIZE"); ranks > 0)
    return of("OMPI_COMM_WORLD_LOCAL_RANK", ranks);
  if (std::getenv("SLURM_STEP_ID") == nullptr || std::getenv("SLURM_LOCALID") == nullptr) return {};
  // "4" or "2(x3),1": tasks of each node in turn; of this one the number is the entry that covers SLURM_NODEID.
  const char* const text = std::getenv("SLURM_STEP_TASKS_PER_NODE");
  int node = number_in("SLURM_NODEID");
  for (const char* at = text; at != nullptr && *at != 0;) {
    char* end = nullptr;
    const int tasks = static_cast<int>(std::strtol(at, &end, 10));
    const int nodes = std::strncmp(end, "(x", 2) == 0 ? static_cast<int>(std::strtol(end + 2, &end, 10)) : 1;
    if (node < nodes) return of("SLURM_LOCALID", tasks);
    node -= nodes;
    at = std::strchr(end, ',');
    if (at != nullptr) ++at;
  }
  return {};
}

std::vector<std::string> rank_variables() {
  return {"OMPI_", "PMIX_", "PMI_", "PRTE_", "OPAL_", "MOOLA_RANK"};
}

}  // namespace moola
