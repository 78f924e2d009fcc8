#pragma once
#include <cstddef>
#include <limits>

#include "comm/communicator.h"

namespace moola::comm {

/// Owns MPI. Lives in main, is handed down by reference, and is the last to go.
///
/// Without a launcher, or with one that started a single rank, the world is solo and MPI is not initialised.
class World {
 public:
  struct Options {
    /// Bytes of one MPI message, at most INT_MAX; longer ones go in parts.
    std::size_t largest_message = std::numeric_limits<int>::max();
  };

  /// Throws CommError when MPI can't be initialised with MPI_THREAD_MULTIPLE, or makes another number of ranks than the
  /// launcher promised.
  static World start(const Options& options);
  static World start() { return start(Options{}); }

  World(World&& other) noexcept;
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  World& operator=(World&&) = delete;
  /// Finalises MPI, which waits for all ranks; not while an exception is on its way, because the others may never come.
  ~World();

  const Communicator& communicator() const { return world_; }
  int rank() const { return world_.rank(); }
  int size() const { return world_.size(); }
  bool uses_mpi() const { return owns_mpi_; }

  /// Ends every rank of the job with this exit code.
  [[noreturn]] void abort(int exit_code) const;

 private:
  World(Communicator world, bool owns_mpi);
  Communicator world_;
  bool owns_mpi_;
  int exceptions_at_start_;
};

}  // namespace moola::comm
