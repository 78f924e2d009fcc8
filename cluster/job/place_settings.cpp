#include "cluster/job/place_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/duration.h"
#include "base/error.h"

namespace moola::cluster {
namespace {

// With the short form of each, and the key of the job file that says it.
struct OwnOption {
  const char *option, *key;
};
constexpr std::array kOwnOptions{
    OwnOption{"--job-name", "the step's name"},
    OwnOption{"-J", "the step's name"},
    OwnOption{"--output", "moola logs"},
    OwnOption{"-o", "moola logs"},
    OwnOption{"--error", "moola logs"},
    OwnOption{"-e", "moola logs"},
    OwnOption{"--open-mode", "moola logs"},
    OwnOption{"--nodes", "nodes"},
    OwnOption{"-N", "nodes"},
    OwnOption{"--ntasks", "ranks"},
    OwnOption{"-n", "ranks"},
    OwnOption{"--ntasks-per-node", "ranks"},
    OwnOption{"--cpus-per-task", "cpus"},
    OwnOption{"-c", "cpus"},
    OwnOption{"--mem", "memory"},
    OwnOption{"--mem-per-cpu", "memory"},
    OwnOption{"--mem-per-gpu", "memory"},
    OwnOption{"--time", "time"},
    OwnOption{"-t", "time"},
    OwnOption{"--gres", "gpus"},
    OwnOption{"--gpus", "gpus"},
    OwnOption{"-G", "gpus"},
    OwnOption{"--gpus-per-node", "gpus"},
    OwnOption{"--gpus-per-task", "gpus"},
    OwnOption{"--array", "array"},
    OwnOption{"-a", "array"},
    OwnOption{"--dependency", "after"},
    OwnOption{"-d", "after"},
    OwnOption{"--kill-on-invalid-dep", "after"},
    OwnOption{"--signal", "slurm.signal_before"},
    OwnOption{"--requeue", "retry"},
    OwnOption{"--no-requeue", "retry"},
    OwnOption{"--export", "env"},
    OwnOption{"--export-file", "env"},
    OwnOption{"--chdir", "the workspace"},
    OwnOption{"-D", "the workspace"},
    OwnOption{"--comment", "what moola status asks"},
    OwnOption{"--parsable", "moola submit"},
    OwnOption{"--wrap", "command"},
    OwnOption{"--test-only", "--dry-run"},
    OwnOption{"--partition", "slurm.partition"},
    OwnOption{"-p", "slurm.partition"},
    OwnOption{"--account", "slurm.account"},
    OwnOption{"-A", "slurm.account"},
    OwnOption{"--qos", "slurm.qos"},
    OwnOption{"-q", "slurm.qos"},
    OwnOption{"--constraint", "slurm.constraint"},
    OwnOption{"-C", "slurm.constraint"},
    OwnOption{"--reservation", "slurm.reservation"},
    OwnOption{"--exclude", "slurm.exclude"},
    OwnOption{"-x", "slurm.exclude"},
};

// "--mail-type=END" and "-pgpu" to "--mail-type" and "-p".
std::string option_of(const std::string& line) {
  if (line.starts_with("--")) return line.substr(0, line.find_first_of("= "));
  return line.substr(0, 2);
}

bool has_break(const std::string& text) {
  return text.find_first_of("\n\r") != std::string::npos;
}

}  // namespace

void SlurmSettings::bind(ConfigSchema& schema, const std::string& prefix) {
  schema.key(prefix + "partition", partition).help("the queue; empty: the site's usual one");
  schema.key(prefix + "account", account).help("who pays");
  schema.key(prefix + "qos", qos).help("quality of service");
  schema.key(prefix + "constraint", constraint).help("features that nodes must have, such as `a100&ib`");
  schema.key(prefix + "reservation", reservation).help("nodes that are kept for you");
  schema.key(prefix + "exclude", exclude).help("nodes that are left out");
  schema.key(prefix + "modules", modules).help("loaded by `module load` on the nodes, in this order");
  schema.key(prefix + "container", container).help("an image that steps run in, by Apptainer; empty: none");
  schema.key(prefix + "interface", interface)
      .help("the network between nodes that MPI and NCCL both use, such as `ib0`; empty: as they choose");
  schema.key(prefix + "mpi", mpi)
      .choices({"auto", "pmix", "mpirun"})
      .help("what starts the ranks: srun with PMIx, mpirun, or what the first node turns out to have");
  schema.key(prefix + "gpu_type", gpu_type).help("which GPUs where a site has several kinds, such as `a100`");
  schema.key(prefix + "signal_before", signal_before)
      .help("so long before the time limit a step writes its checkpoint and makes way for the next attempt");
  schema.key(prefix + "extra", extra).help("further options of sbatch, each a text such as `--mail-type=END`");
}

void RunpodSettings::bind(ConfigSchema& schema, const std::string& prefix) {
  schema.key(prefix + "gpu_types", gpu_types)
      .help("in order of preference, as `moola runpod gpus` names them, such as `NVIDIA H100 80GB HBM3`");
  schema.key(prefix + "cpu", cpu).help("the flavour of a machine without GPUs, for jobs that want none");
  schema.key(prefix + "cloud", cloud).choices({"secure", "community"}).help("whose machines");
  schema.key(prefix + "data_centers", data_centers).help("in order of preference, such as `EU-RO-1`; empty: any");
  schema.key(prefix + "image", image).help("the container; empty: the one that moola is built for");
  schema.key(prefix + "network_volume", network_volume)
      .help("the id of a volume that outlives pods; it fixes the data centre");
  schema.key(prefix + "registry", registry).help("the id of the secret for a private image");
  schema.key(prefix + "disk", disk).range(1, 10'000).unit("GB").help("of a pod, gone with it");
  schema.key(prefix + "ports", ports).help("that are opened, such as `8888/http`");
  schema.key(prefix + "hourly_price_cap", hourly_price_cap)
      .range(0, 1e6)
      .unit("$ per hour")
      .help("of all pods of a step together; 0: none");
}

void LocalSettings::bind(ConfigSchema& schema) {
  schema.key("hosts", hosts).help("`host` or `host:slots`, reached by ssh without a password; empty: this machine");
  schema.key("at_a_time", at_a_time).range(1, 10'000).help("steps and elements that run beside each other");
}

void check_slurm(const SlurmSettings& settings, const std::string& where) {
  naming_key(where + "signal_before", [&] {
    if (parse_duration(settings.signal_before).nanoseconds < 0)
      throw ConfigError(fmt::format("{} is before the start.", settings.signal_before));
  });
  for (const auto& [key, value] :
       {std::pair("partition", &settings.partition), std::pair("account", &settings.account),
        std::pair("qos", &settings.qos), std::pair("constraint", &settings.constraint),
        std::pair("reservation", &settings.reservation), std::pair("exclude", &settings.exclude),
        std::pair("gpu_type", &settings.gpu_type)}) {
    if (has_break(*value)) throw ConfigError(fmt::format("{}{} must be one line.", where, key));
  }
  for (const std::string& line : settings.extra) {
    if (!line.starts_with("-") || line.size() < 2 || has_break(line)) {
      throw ConfigError(
          fmt::format("{}extra: \"{}\" is no option of sbatch; one on one line was expected, such as "
                      "\"--mail-type=END\".",
                      where, line));
    }
    const auto own = std::ranges::find(kOwnOptions, option_of(line), &OwnOption::option);
    if (own != kOwnOptions.end()) {
      throw ConfigError(
          fmt::format("{}extra: {} is written by moola itself, from {}. Take it out of extra and say it "
                      "there.",
                      where, own->option, own->key));
    }
  }
}

void check_runpod(const RunpodSettings& settings, const std::string& where) {
  for (const std::string& port : settings.ports) {
    const std::size_t slash = port.find('/');
    const std::string number = port.substr(0, slash), kind = slash == std::string::npos ? "" : port.substr(slash + 1);
    const bool fits = !number.empty() && number.size() <= 5 &&
                      number.find_first_not_of("0123456789") == std::string::npos && std::stoi(number) >= 1 &&
                      std::stoi(number) <= 65'535 && (kind == "http" || kind == "tcp");
    if (!fits)
      throw ConfigError(
          fmt::format("{}ports: \"{}\" is no port; 1 to 65535 with its kind was expected, \"22/tcp\" or "
                      "\"8888/http\".",
                      where, port));
  }
}

}  // namespace moola::cluster
