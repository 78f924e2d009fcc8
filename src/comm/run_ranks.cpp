#include "comm/run_ranks.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <thread>

#include "base/command_line.h"
#include "base/error.h"
#include "base/host_name.h"
#include "base/log.h"
#include "base/stop_flag.h"
#include "comm/activity.h"
#include "comm/heartbeat.h"

namespace moola::comm {
namespace {

// How long a rank whose error another rank reports waits to be ended by that rank's abort.
constexpr auto kGrace = std::chrono::milliseconds(250);

std::unique_ptr<Heartbeat> start_heartbeat(int rank) {
  const char* folder = std::getenv("MOOLA_HEARTBEATS");
  return folder != nullptr && *folder != 0 ? std::make_unique<Heartbeat>(folder, rank) : nullptr;
}

int exit_code_of(const std::exception& error) {
  const auto* own = dynamic_cast<const Error*>(&error);
  return static_cast<int>(own != nullptr ? own->exit_code() : ExitCode::failed);
}

int report(const std::string& name, const World* world, Heartbeat* heartbeat, const std::exception& error) {
  const int code = exit_code_of(error);
  const bool several = world != nullptr && world->size() > 1;
  bool first = true;
  if (several && heartbeat != nullptr) heartbeat->fail(code, error.what());
  // Rank 0 may have met the same error; then it speaks, and its abort ends this rank meanwhile.
  if (several && world->rank() > 0) std::this_thread::sleep_for(kGrace);
  if (several && heartbeat != nullptr) first = heartbeat->first_to_report();
  if (first) {
    // What is wrong with the call or the data is so on every rank, when rank 0 says it.
    const bool of_all = several && world->rank() == 0 && code == static_cast<int>(ExitCode::permanent);
    report_error(several && !of_all
                     ? fmt::format("{} [rank {} of {} on {}]", name, world->rank(), world->size(), host_name())
                     : name,
                 error);
  } else {
    std::this_thread::sleep_for(kGrace);
  }
  if (!several && heartbeat != nullptr) heartbeat->fail(code, error.what());
  if (world != nullptr && world->uses_mpi()) world->abort(code);
  return code;
}

}  // namespace

int run_ranks(const std::string& name, const std::function<int(World&)>& body) {
  const StopFlag stop;
  std::unique_ptr<Heartbeat> heartbeat;
  std::optional<World> world;
  try {
    world.emplace(World::start());
    set_log_rank(world->rank(), world->size());
    heartbeat = start_heartbeat(world->rank());
    const int code = body(*world);
    note_phase("leaving");
    // The last words come before MPI is left: mpirun ends all other ranks as soon as one has exited with a code that is
    // not 0, and finalising is what no rank gets out of before all have come to it.
    if (heartbeat != nullptr) heartbeat->finish(code);
    world.reset();
    return code;
  } catch (const std::exception& error) {
    return report(name, world ? &*world : nullptr, heartbeat.get(), error);
  } catch (...) {
    return report(name, world ? &*world : nullptr, heartbeat.get(),
                  CommError("something that is no exception of ours was thrown"));
  }
}

}  // namespace moola::comm
