#pragma once
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "comm/communicator.h"
#include "comm/task_pool.h"
#include "work/evaluate/refit/barrier_refit.h"
#include "work/evaluate/refit/encoder_refits.h"

namespace moola::work {

/// What a pool of searches or trainings came to.
struct RefitOutcome {
  bool stopped = false;                              // some were left undone
  std::map<std::size_t, std::string> failures = {};  // by split, or by training: why there is none
};

/// Searches barriers for every split that learns from `rows`, on all ranks, each into a file RUN/barriers/SPLIT.json
/// whose presence means that it is done; then `refit` has what was found, on all ranks. Collective. Throws IoError.
RefitOutcome search_barriers(const std::filesystem::path& run, const comm::Communicator& ranks, BarrierRefit& refit,
                             const std::vector<validation::RowRange>& rows, const comm::TaskPoolOptions& options);

/// Trains those of the `needed` encoders that are not there yet, on all ranks, each with so many threads; what they say
/// goes to LOGS. `needed` are rank 0's. Collective.
RefitOutcome train_encoders(const std::filesystem::path& logs, const comm::Communicator& ranks,
                            const EncoderRefits& encoders, const std::set<std::size_t>& needed, unsigned threads,
                            const comm::TaskPoolOptions& options);

}  // namespace moola::work
