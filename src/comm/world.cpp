#include "comm/world.h"

#include <fmt/format.h>
#include <mpi.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/launched_ranks.h"
#include "comm/mpi_check.h"
#include "comm/mpi_group.h"

#ifdef __SANITIZE_ADDRESS__
// Open MPI unloads its plug-ins with memory that they still hold: what LeakSanitizer says of it leads nowhere.
extern "C" int __lsan_is_turned_off() {
  int started = 0;
  MPI_Initialized(&started);
  return started;
}
#endif

namespace moola::comm {
namespace {

// mpirun's daemon may be killed with no chance to end its ranks. Under srun the parent is a thread of slurmstepd that
// may come and go, and Slurm cleans up by itself.
void die_with_the_parent() {
  const char* launcher = std::getenv("MOOLA_LAUNCHER");
  if (launcher == nullptr || std::string_view(launcher) != "mpirun") return;
  const pid_t parent = ::getppid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (parent == 1 || ::getppid() != parent) ::_exit(static_cast<int>(ExitCode::failed));
}

}  // namespace

World World::start(const Options& options) {
  const LaunchedRanks promised = launched_ranks();
  die_with_the_parent();
  if (promised.ranks == 1) return World(Communicator(), false);

  int provided = MPI_THREAD_SINGLE;
  // A failing MPI_Init ends the process with MPI's own words: there is no error handler to ask yet.
  MOOLA_MPI(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided));
  World world(Communicator(), true);
  MOOLA_MPI(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
  if (provided < MPI_THREAD_MULTIPLE) {
    throw CommError(
        fmt::format("this MPI library offers thread level {} where MPI_THREAD_MULTIPLE ({}) is needed; use one built "
                    "with thread support (Debian's "
                    "libopenmpi3 is)",
                    provided, MPI_THREAD_MULTIPLE));
  }
  world.world_ = Communicator(
      mpi_world_group(std::clamp<std::size_t>(options.largest_message, 8, std::numeric_limits<int>::max())));
  if (promised.ranks > 0 && world.size() != promised.ranks) {
    throw CommError(
        fmt::format("{} = {} promises that many ranks, but MPI made a world of {}: the launcher and the program use "
                    "different MPI libraries. Start the "
                    "ranks with the mpirun of the Open MPI this program is linked with (moola doctor names it), or "
                    "with srun --mpi=pmix.",
                    promised.said_by, promised.ranks, world.size()));
  }
  return world;
}

World::World(Communicator world, bool owns_mpi)
    : world_(std::move(world)), owns_mpi_(owns_mpi), exceptions_at_start_(std::uncaught_exceptions()) {}

World::World(World&& other) noexcept
    : world_(std::move(other.world_)),
      owns_mpi_(std::exchange(other.owns_mpi_, false)),
      exceptions_at_start_(other.exceptions_at_start_) {
  other.world_ = Communicator();
}

World::~World() {
  if (!owns_mpi_ || std::uncaught_exceptions() > exceptions_at_start_) return;
  world_ = Communicator();  // its handles go while MPI still runs
  MPI_Finalize();
}

void World::abort(int exit_code) const {
  if (owns_mpi_) MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

}  // namespace moola::comm
