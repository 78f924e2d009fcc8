#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "comm/communicator.h"
#include "comm/task_pool.h"
#include "work/evaluate/rows/barrier_refit.h"

namespace moola::work {

/// Searches barriers for every split that learns from `rows`, on all ranks, each into a file RUN/barriers/SPLIT.json
/// whose presence means that it is done; then all ranks' `refit` has what was found. Warnings of searches that failed,
/// on all ranks. Collective. The result's `stopped` says that some were left undone. Throws IoError.
struct Refitted {
  comm::TaskPoolResult pool;
  std::vector<std::string> failures;
};
Refitted refit_barriers(const std::filesystem::path& run, const comm::Communicator& ranks, BarrierRefit& refit,
                        const std::vector<validation::RowRange>& rows, const comm::TaskPoolOptions& options);

}  // namespace moola::work
