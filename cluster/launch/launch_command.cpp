#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/subprocess.h"
#include "base/terminal.h"
#include "cluster/launch/launch_ranks.h"
#include "cluster/launch/slurm_job.h"

namespace moola::launch {
namespace {

bool given(const LaunchPlan& plan, const std::string& variable) {
  for (const auto& [name, value] : plan.environment) {
    if (name == variable) return true;
  }
  return std::getenv(variable.c_str()) != nullptr;
}

// Without ":slots", which srun does not know.
std::vector<std::string> names_of(std::vector<std::string> hosts) {
  for (std::string& host : hosts) host.resize(std::min(host.find(':'), host.size()));
  return hosts;
}

// A task gets its share of a node's cores: releases differ in what they take over from the job, and one core for all of
// a rank's threads would be the least of it.
void share_out(const SlurmJob& job, int ranks, std::vector<std::string>& words) {
  const int nodes = std::min(job.nodes, ranks), per_node = (ranks + nodes - 1) / nodes;
  words.insert(words.end(), {fmt::format("--nodes={}", nodes), fmt::format("--ntasks-per-node={}", per_node)});
  if (job.cpus_on_node > 0) {
    words.push_back(fmt::format("--cpus-per-task={}", std::max(1, job.cpus_on_node / per_node)));
    if (per_node > job.cpus_on_node) words.emplace_back("--overcommit");
  }
  if (job.inside_a_step) words.emplace_back("--overlap");
}

// What a rank on another host must know of this process's surroundings.
std::vector<std::string> variables_for_hosts(const LaunchCommand& command) {
  std::vector<std::string> names;
  for (const auto& [name, value] : command.environment) names.push_back(name);
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string entry = *one, name = entry.substr(0, entry.find('='));
    const bool wanted = name == "PATH" || name == "LD_LIBRARY_PATH" || name.starts_with("MOOLA_") ||
                        name.starts_with("NCCL_") || name.starts_with("CUDA_");
    if (wanted && std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return names;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

}  // namespace

Launcher choose_launcher(const LaunchPlan& plan) {
  if (const char* wanted = std::getenv("MOOLA_LAUNCHER"); wanted != nullptr && *wanted != 0) {
    const std::string name = wanted;
    if (name == "mpirun") return Launcher::mpirun;
    if (name == "srun") return Launcher::srun;
    throw ConfigError(fmt::format("MOOLA_LAUNCHER = \"{}\" is neither \"mpirun\" nor \"srun\"", name));
  }
  if (plan.ranks == 1 && plan.hosts.empty()) return Launcher::direct;
  if (plan.hosts.empty() && std::getenv("SLURM_JOB_ID") != nullptr && find_program("srun")) return Launcher::srun;
  return Launcher::mpirun;
}

LaunchCommand launch_command(const LaunchPlan& plan, Launcher launcher) {
  LaunchCommand command;
  command.environment = plan.environment;
  const auto set = [&](const std::string& name, const std::string& value) {
    command.environment.emplace_back(name, value);
  };
  set("MOOLA_RANKS", std::to_string(plan.ranks));
  set("MOOLA_HEARTBEATS", std::filesystem::absolute(plan.heartbeats).string());
  set("MOOLA_LAUNCHER", launcher == Launcher::srun ? "srun" : launcher == Launcher::mpirun ? "mpirun" : "direct");
  // One rank, one thread: the bits of a result must not depend on how many ranks share a host.
  if (!given(plan, "OMP_NUM_THREADS")) set("OMP_NUM_THREADS", "1");
  // mpirun and srun pass the ranks' standard error on through pipes; a progress bar still wants to know what it is
  // drawn on.
  if (launcher != Launcher::direct && is_terminal()) set("MOOLA_TERMINAL_COLUMNS", std::to_string(terminal_width()));

  std::vector<std::string>& words = command.arguments;
  if (launcher == Launcher::mpirun) {
    if (::geteuid() == 0) {
      set("OMPI_ALLOW_RUN_AS_ROOT", "1");
      set("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    }
    // Open MPI's event loop complains about epoll on standard error when it ends a job in which a rank has just died;
    // its other way of waiting does not.
    if (!given(plan, "EVENT_NOEPOLL")) set("EVENT_NOEPOLL", "1");
    words = {"mpirun", "-q", "-n", std::to_string(plan.ranks), "--bind-to", "none", "--oversubscribe"};
    const auto job = slurm_job();
    if (plan.hosts.empty() && job && mpirun_reaches_all_nodes(*job)) {
      // On all nodes of the job, a block of ranks on each, as srun would have it.
      const int nodes = std::min(job->nodes, plan.ranks);
      words.insert(words.end(), {"--map-by", fmt::format("ppr:{}:node", (plan.ranks + nodes - 1) / nodes)});
      for (const std::string& name : variables_for_hosts(command)) words.insert(words.end(), {"-x", name});
    } else if (plan.hosts.empty()) {
      // Inside a Slurm job Open MPI would take all of its nodes.
      if (job) words.insert(words.end(), {"--host", fmt::format("localhost:{}", plan.ranks)});
      // Shared memory is all that one host needs; not looking for networks halves the start. A rank that waits gives
      // its core to whoever works: on a busy host a reduction takes half the time so, on an idle one as long.
      words.insert(words.end(),
                   {"--mca", "pml", "ob1", "--mca", "btl", "self,vader", "--mca", "mpi_yield_when_idle", "1"});
    } else {
      words.insert(words.end(), {"--host", joined(plan.hosts)});
      for (const std::string& name : variables_for_hosts(command)) words.insert(words.end(), {"-x", name});
    }
  } else if (launcher == Launcher::srun) {
    // --export: a job that was submitted with --export=NONE would keep our variables from its ranks.
    words = {"srun", "--mpi=pmix", "-n", std::to_string(plan.ranks), "--kill-on-bad-exit=1", "--quiet", "--export=ALL"};
    if (const auto job = slurm_job()) share_out(*job, plan.ranks, words);
    if (!plan.hosts.empty()) words.insert(words.end(), {"--nodelist", joined(names_of(plan.hosts))});
  }
  words.push_back(std::filesystem::absolute(plan.program).string());
  words.insert(words.end(), plan.arguments.begin(), plan.arguments.end());
  return command;
}

}  // namespace moola::launch
