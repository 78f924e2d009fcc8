#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace moola::cluster {

/// What Slurm calls the job that this process is in: "123", or "123_4" of an array; none outside of one.
std::optional<std::string> slurm_task();

/// Nodes of this process's job, as Slurm writes them: "n[1-2]".
std::string slurm_nodes();

/// Whether srun can start ranks that know each other by PMIx.
bool srun_has_pmix();

/// Puts this process's own job back into the queue; Slurm ends this process soon after. Throws IoError with Slurm's
/// words.
void requeue(const std::string& task);

/// The same with another amount of memory of each node, in MiB. Where it can't be had, the job comes back with what it
/// had, and the IoError says why.
void requeue_with_memory(const std::string& task, std::int64_t mebibytes);

}  // namespace moola::cluster
