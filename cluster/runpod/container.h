#pragma once
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"

namespace moola::cluster::runpod {

/// What runs in a pod: pods, clusters and templates share it.
struct Container {
  std::string image;                                          // empty: the template's
  std::string args = {};                                      // for the image's entry point; empty: the image's own
  int disk_gb = 0;                                            // of the container, lost on restart; 0: RunPod's choice
  std::vector<std::pair<std::string, std::string>> env = {};  // 50 at most; arrives in the order of names
  std::vector<std::string> ports = {};                        // "22/tcp", "8888/http"
};

/// A disk beside the container's. One of the two at most.
struct Mounts {
  int host_gb = 0;             // on the host of the pod, lost with it; 10 at least; 0: none
  std::string volume_id = {};  // a network volume of the pod's data centre; empty: none
  std::string path = "/workspace";
};

enum class Cloud { secure, community };
std::string to_string(Cloud cloud);
/// "secure" or "community". Throws ConfigError.
Cloud parse_cloud(std::string_view text);

/// Each throws ConfigError that names the field, the limit with its unit, and what was found. `what` begins the
/// message: "pod 'x'".
void check(const Container& container, const std::string& what);
void check(const Mounts& mounts, const std::string& what);
/// Of a pod, a cluster, a volume, a template: 1 to 120 bytes of UTF-8 without control characters.
void check_name(const std::string& name, const std::string& what);
void check_cuda_versions(const std::vector<std::string>& versions, const std::string& what);

/// Adds the fields to the body of a request; those that are empty are left out.
void add_to(Json& body, const Container& container);
void add_to(Json& body, const Mounts& mounts);

}  // namespace moola::cluster::runpod
