// What handing out tasks costs: bench-task-pool [TASKS] [SECONDS], under mpirun with two ranks or more (alone it says
// what the queue itself costs). Prints
//   empty      ms for each of TASKS tasks that do nothing, all ranks taking them;
//   answered   the same when the other ranks do them all while rank 0 is at a long task, asleep or computing;
//   unequal    40 tasks of lognormal lengths, SECONDS for each rank together, beside a perfect cut: as much for every
//   rank
//              in one piece, without a pool;
//   idle       the share of a core that rank 0 uses for the others' sake, and that they use while they wait.
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <numeric>
#include <thread>
#include <vector>

#include "base/keyed_random.h"
#include "comm/run_ranks.h"
#include "comm/task_pool.h"

namespace {

using Clock = std::chrono::steady_clock;
using moola::comm::Communicator;
using moola::comm::run_tasks;
using moola::comm::TaskProgress;

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

double cpu_seconds(clockid_t clock) {
  timespec used{};
  ::clock_gettime(clock, &used);
  return static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
}

void work_for(double seconds, bool computing) {
  if (!computing) return std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  // Time of this thread on a core: what a computation of that length takes, whoever else wants the core.
  const double end = cpu_seconds(CLOCK_THREAD_CPUTIME_ID) + seconds;
  while (cpu_seconds(CLOCK_THREAD_CPUTIME_ID) < end) {
  }
}

void empty(const Communicator& world, std::size_t tasks) {
  world.barrier();
  const auto began = Clock::now();
  run_tasks(world, std::vector<double>(tasks, 1.0), [](std::size_t) {});
  if (world.rank() == 0)
    fmt::print("empty: {} tasks, {:.5f} ms each\n", tasks, 1e3 * seconds_since(began) / static_cast<double>(tasks));
}

void answered(const Communicator& world, std::size_t tasks, bool computing) {
  world.barrier();
  std::atomic<std::size_t> done{0};
  const auto began = Clock::now();
  run_tasks(world, std::vector<double>(tasks + 1, 1.0),
            [&](std::size_t) {
              while (world.rank() == 0 && done < tasks) work_for(1e-3, computing);
            },
            {.progress = [&](const TaskProgress& now) { done = now.done; }});
  if (world.rank() == 0) {
    fmt::print("answered: rank 0 {}, {} tasks, {:.5f} ms each\n", computing ? "computes" : "sleeps", tasks,
               1e3 * seconds_since(began) / static_cast<double>(tasks));
  }
}

void unequal(const Communicator& world, double seconds_a_rank, bool computing) {
  std::vector<double> lengths;
  for (std::uint64_t i = 0; i < 40; ++i)
    lengths.push_back(std::exp(moola::KeyedRandom(42, moola::Stream::bootstrap, 0, i).normal()));
  const double all = std::accumulate(lengths.begin(), lengths.end(), 0.0);
  for (double& one : lengths) one *= seconds_a_rank * world.size() / all;
  // By turns, for other programs may want the cores too.
  constexpr int kTurns = 3;
  double cut = 0, pool = 0;
  for (int turn = 0; turn < kTurns; ++turn) {
    world.barrier();
    auto began = Clock::now();
    work_for(seconds_a_rank / kTurns, computing);
    world.barrier();
    cut += seconds_since(began);
    began = Clock::now();
    run_tasks(world, lengths, [&](std::size_t task) { work_for(lengths[task] / kTurns, computing); });
    pool += seconds_since(began);
  }
  if (world.rank() == 0) {
    fmt::print("unequal: 40 tasks that {}, a perfect cut {:.3f} s, the pool {:.3f} s, ratio {:.4f}\n",
               computing ? "compute" : "sleep", cut, pool, cut / pool);
  }
}

void idle(const Communicator& world, double seconds) {
  for (const bool all_busy : {true, false}) {
    const auto tasks = all_busy ? static_cast<std::size_t>(world.size()) : std::size_t{1};
    world.barrier();
    bool had_one = false;
    const auto began = Clock::now();
    const double used = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
    run_tasks(world, std::vector<double>(tasks, 1.0), [&](std::size_t) {
      had_one = true;
      work_for(seconds, false);
    });
    const double share = (cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - used) / seconds_since(began);
    const std::string mine =
        fmt::format("rank {} {} {:.2f} %", world.rank(), had_one ? "at a task" : "waiting", 100 * share);
    const auto parts = world.gather(mine, 0);
    if (world.rank() == 0) fmt::print("idle: of a core used, {}\n", fmt::join(parts, ", "));
  }
}

}  // namespace

int main(int argc, char** argv) {
  return moola::comm::run_ranks("bench-task-pool", [&](moola::comm::World& world) {
    const std::size_t tasks = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10'000;
    const double seconds = argc > 2 ? std::strtod(argv[2], nullptr) : 5;
    empty(world.communicator(), tasks);
    if (world.size() > 1) {
      answered(world.communicator(), tasks, false);
      answered(world.communicator(), tasks, true);
    }
    unequal(world.communicator(), seconds, false);
    unequal(world.communicator(), seconds, true);
    idle(world.communicator(), seconds);
    return 0;
  });
}
