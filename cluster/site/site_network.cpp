#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <memory>
#include <set>
#include <sstream>

#include "base/subprocess.h"
#include "cluster/site/site_report.h"

namespace moola::cluster {
namespace {

using record::Finding;
using Level = Finding::Level;

Finding limit(const std::string& topic, __rlimit_resource kind, rlim_t least, const std::string& unit, Level below,
              const std::string& advice) {
  rlimit now{};
  ::getrlimit(kind, &now);
  const bool none = now.rlim_cur == RLIM_INFINITY;
  const bool enough = none || now.rlim_cur >= least;
  return {topic,
          enough ? Level::fine : below,
          none ? "no limit" : fmt::format("{}{}", now.rlim_cur, unit),
          enough ? "" : advice,
          {{"limit", none ? Json(nullptr) : Json(now.rlim_cur)}}};
}

bool has_infiniband() {
  std::error_code error;
  return std::filesystem::exists("/sys/class/infiniband", error) &&
         !std::filesystem::is_empty("/sys/class/infiniband", error) && !error;
}

Finding host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0)
    return {"host name", Level::warning, "none", "", {{"resolves", false}}};
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(name.data(), nullptr, nullptr, &found);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, [](addrinfo* all) {
    if (all != nullptr) ::freeaddrinfo(all);
  });
  if (error == 0) return {"host name", Level::fine, fmt::format("{} resolves", name.data()), "", {{"resolves", true}}};
  return {"host name",
          Level::warning,
          fmt::format("{} does not resolve: {}", name.data(), ::gai_strerror(error)),
          "MPI and Slurm between nodes need it: an entry in DNS or /etc/hosts",
          {{"resolves", false}}};
}

// Bridges of containers and virtual machines lead to no other node.
bool leads_out(const std::string& name) {
  for (const char* inner :
       {"lo", "docker", "br-", "veth", "virbr", "cni", "flannel", "cali", "podman", "lxc", "tun", "tap"}) {
    if (name.starts_with(inner)) return false;
  }
  return true;
}

Finding interfaces() {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0)
    return {"interfaces", Level::warning, "the system does not list them", "", Json::object()};
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(all, ::freeifaddrs);
  std::set<std::string> useful, others;
  for (const ifaddrs* each = all; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || (each->ifa_flags & IFF_UP) == 0) continue;
    const int family = each->ifa_addr->sa_family;
    if (family == AF_INET || family == AF_INET6) (leads_out(each->ifa_name) ? useful : others).insert(each->ifa_name);
  }
  const auto list = [](const std::set<std::string>& names) {
    std::string out;
    for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
    return out.empty() ? std::string("none") : out;
  };
  Finding out{"interfaces",
              useful.empty() ? Level::warning : Level::fine,
              fmt::format("{} can carry MPI and NCCL; not: {}", list(useful), list(others)),
              "",
              {{"useful", useful}, {"others", others}}};
  if (useful.empty()) {
    out.advice = "one node can work alone; several need an interface with an address beside the loopback";
  } else if (useful.size() > 1) {
    out.advice =
        "if ranks do not find each other, name one in [env]: NCCL_SOCKET_IFNAME and OMPI_MCA_btl_tcp_if_include";
  }
  return out;
}

// `needless`: Slurm answers, so what it trusts works, by another socket of munge or another method.
Finding munge(bool needless) {
  if (!find_program("munge") || !find_program("unmunge"))
    return {"munge", Level::note, "not installed", "", {{"works", false}}};
  const std::optional<std::string> credential = ask_program({"munge", "-n"});
  const bool works = credential && ask_program({"unmunge"}, *credential);
  if (!works && needless)
    return {"munge", Level::note, "its usual socket does not answer, and Slurm does without", "", {{"works", false}}};
  return {"munge",
          works ? Level::fine : Level::warning,
          works ? "works" : "does not answer",
          works ? "" : "Slurm cannot start jobs from here; an administrator must start munged",
          {{"works", works}}};
}

Finding slurm() {
  if (!find_program("sinfo")) return {"Slurm's controller", Level::note, "no Slurm here", "", {{"answers", false}}};
  const std::optional<std::string> said = ask_program({"sinfo", "--noheader", "--format=%P %a %l"});
  if (!said) {
    return {"Slurm's controller",
            Level::warning,
            "does not answer",
            "try sinfo; its controller may be down, or SLURM_CONF wrong",
            {{"answers", false}}};
  }
  Finding out{"Slurm's controller", Level::fine, "answers", "", {{"answers", true}}};
  std::istringstream lines(*said);
  for (std::string partition, state, limit; lines >> partition >> state >> limit;) {
    if (!partition.ends_with('*')) continue;
    partition.pop_back();
    out.found += fmt::format("; default partition {} is {}, its time limit {}", partition, state, limit);
    out.details["partition"] = partition;
    out.details["time_limit"] = limit;
  }
  return out;
}

}  // namespace

std::vector<Finding> examine_network() {
  const bool infiniband = has_infiniband();
  Finding controller = slurm();
  const bool answers = controller.level == Level::fine;
  return {limit("open files", RLIMIT_NOFILE, 4096, "", Level::warning, "raise it before jobs start: ulimit -n 65536"),
          limit("processes", RLIMIT_NPROC, 2048, "", Level::warning, "many ranks and threads may not start: ulimit -u"),
          limit("locked memory", RLIMIT_MEMLOCK, rlim_t{1} << 30, " bytes", infiniband ? Level::warning : Level::note,
                infiniband ? "InfiniBand needs it: ulimit -l unlimited, for Slurm's daemons, too" : ""),
          host_name(),
          interfaces(),
          munge(answers),
          std::move(controller)};
}

}  // namespace moola::cluster
