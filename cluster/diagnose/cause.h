#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace moola::cluster {

/// What ended a step.
enum class Cause : std::uint8_t {
  // the place
  time_limit,
  preempted,
  requeued,
  cancelled,
  node_failure,
  no_log_folder,
  step_resources,
  slurm_refused,
  slurm_unreachable,
  munge,
  // memory and disk
  host_out_of_memory,
  python_out_of_memory,
  full_disk,
  quota,
  full_shared_memory,
  read_only,
  too_many_files,
  too_many_processes,
  // GPUs
  gpu_out_of_memory,
  no_gpu,
  no_cuda_build,
  busy_gpu,
  shared_gpu,
  old_driver,
  driver_mismatch,
  gpu_hardware,
  gpu_error,
  nccl_network,
  nccl_version,
  nccl_timeout,
  nccl_error,
  // ranks
  mpi_no_pmix,
  mpi_unreachable,
  mpi_slots,
  mpi_versions,
  mpi_network,
  mpi_as_root,
  mpi_error,
  ssh_refused,
  ssh_host_unknown,
  ssh_authentication,
  ssh_host_key,
  // what is started
  missing_library,
  wrong_library,
  old_glibc,
  old_libstdcxx,
  wrong_architecture,
  missing_program,
  missing_module,
  missing_file,
  permission,
  // the program itself
  diverged,
  hung,
  lock_held,
  python_package,
  python_error,
  cpp_exception,
  segmentation_fault,
  bus_error,
  illegal_instruction,
  aborted,
  killed,
  terminated,
  moola_error,
  refused,
  gate_not_met,
  run_again,
  program_failed,
  // others went first
  rank_ended,
  mpi_abort,
  other_rank,
  lost_peer,
};

/// What is said of a cause. {1}, {2} … stand for what differs in the line that told it, {step} for the step's name,
/// {memory} and {time} for what it has now.
struct CauseWords {
  Cause cause;
  std::string_view name;    // for scripts; stays what it is
  std::string_view means;   // one sentence
  std::string_view advice;  // one sentence
  std::string_view page;    // of the documentation; empty: none
};

const CauseWords& words_of(Cause cause);
/// All of them, in the order of Cause.
const std::vector<CauseWords>& all_causes();

}  // namespace moola::cluster
