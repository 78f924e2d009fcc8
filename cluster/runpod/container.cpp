#include "cluster/runpod/container.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/error.h"
#include "base/named_choice.h"
#include "base/shell_words.h"

namespace moola::cluster::runpod {
namespace {

constexpr std::size_t kMostVariables = 50, kLongestName = 120;
constexpr std::array<NamedChoice<Cloud>, 2> kClouds{{{"secure", Cloud::secure}, {"community", Cloud::community}}};

bool is_utf8(const std::string& text) {
  const auto dumped = Json(text).dump(-1, ' ', false, Json::error_handler_t::ignore);
  return Json::parse(dumped).get_ref<const std::string&>() == text;
}

bool is_plain(const std::string& text) {
  return is_utf8(text) &&
         std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; });
}

void check_port(const std::string& port, const std::string& what) {
  const std::size_t slash = port.find('/');
  int number = 0;
  const char* end = port.data() + std::min(slash, port.size());
  const auto [stop, wrong] = std::from_chars(port.data(), end, number);
  const std::string protocol = slash == std::string::npos ? "" : port.substr(slash + 1);
  if (wrong != std::errc() || stop != end || number < 1 || number > 65535 ||
      (protocol != "tcp" && protocol != "http")) {
    throw ConfigError(
        fmt::format("{}: '{}' is no port: expected a number from 1 to 65535 with its protocol, 22/tcp or "
                    "8888/http.",
                    what, port));
  }
}

}  // namespace

std::string to_string(Cloud cloud) {
  return std::string(name_of(cloud, kClouds));
}

Cloud parse_cloud(std::string_view text) {
  return parse_choice("cloud =", text, kClouds);
}

void check_name(const std::string& name, const std::string& what) {
  if (name.empty() || name.size() > kLongestName || !is_plain(name)) {
    throw ConfigError(
        fmt::format("{}: a name is 1 to {} bytes of UTF-8 without control characters; this one has {} bytes.", what,
                    kLongestName, name.size()));
  }
}

void check_cuda_versions(const std::vector<std::string>& versions, const std::string& what) {
  for (const std::string& version : versions) {
    const std::size_t dot = version.find('.');
    const auto digits = [](std::string_view text) {
      return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    };
    if (dot == std::string::npos || !digits(std::string_view(version).substr(0, dot)) ||
        !digits(std::string_view(version).substr(dot + 1))) {
      throw ConfigError(
          fmt::format("{}: '{}' is no version of CUDA: expected two numbers, such as 12.8.", what, version));
    }
  }
}

void check(const Container& container, const std::string& what) {
  if (!is_plain(container.image) || container.image.find(' ') != std::string::npos) {
    throw ConfigError(fmt::format("{}: the name of the image holds a blank or a control character.", what));
  }
  if (!is_utf8(container.args) || container.args.find('\0') != std::string::npos) {
    throw ConfigError(fmt::format("{}: args is no UTF-8 text, and would not arrive unchanged.", what));
  }
  if (container.disk_gb < 0) {
    throw ConfigError(fmt::format("{}: disk = {} GB; expected 1 GB or more.", what, container.disk_gb));
  }
  if (container.env.size() > kMostVariables) {
    throw ConfigError(
        fmt::format("{}: {} environment variables, and a pod takes {} at most. Put more into a file that "
                    "the start script reads.",
                    what, container.env.size(), kMostVariables));
  }
  std::set<std::string> names;
  for (const auto& [name, value] : container.env) {
    if (!is_variable_name(name)) {
      throw ConfigError(
          fmt::format("{}: '{}' is no name of an environment variable: expected letters, digits and _, not "
                      "beginning with a digit.",
                      what, name));
    }
    if (!names.insert(name).second) {
      throw ConfigError(fmt::format("{}: the environment variable {} is given twice.", what, name));
    }
    // The value is not shown: it may be a secret.
    if (!is_utf8(value) || value.find('\0') != std::string::npos) {
      throw ConfigError(
          fmt::format("{}: the value of {} is no UTF-8 text, and would not arrive unchanged.", what, name));
    }
  }
  for (const std::string& port : container.ports) check_port(port, what);
}

void check(const Mounts& mounts, const std::string& what) {
  if (mounts.host_gb != 0 && !mounts.volume_id.empty()) {
    throw ConfigError(
        fmt::format("{}: a pod takes one disk beside its own: either one on its host or a network volume.", what));
  }
  if (mounts.host_gb != 0 && mounts.host_gb < 10) {
    throw ConfigError(fmt::format("{}: a disk on the host of {} GB; expected 10 GB or more.", what, mounts.host_gb));
  }
  const bool any = mounts.host_gb != 0 || !mounts.volume_id.empty();
  if (any && (!mounts.path.starts_with('/') || mounts.path.size() < 2 || !is_plain(mounts.path))) {
    throw ConfigError(fmt::format("{}: a disk is mounted at '{}'; expected a path from the root, such as /workspace.",
                                  what, mounts.path));
  }
}

void add_to(Json& body, const Container& container) {
  if (!container.image.empty()) body["image"] = container.image;
  if (!container.args.empty()) body["args"] = container.args;
  if (container.disk_gb != 0) body["disk"] = container.disk_gb;
  if (!container.env.empty()) {
    body["env"] = Json::object();
    auto sorted = container.env;
    std::sort(sorted.begin(), sorted.end());
    for (const auto& [name, value] : sorted) body["env"][name] = value;
  }
  if (!container.ports.empty()) body["ports"] = container.ports;
}

void add_to(Json& body, const Mounts& mounts) {
  if (mounts.host_gb != 0) body["mounts"] = {{"persistent", {{"size", mounts.host_gb}, {"path", mounts.path}}}};
  if (!mounts.volume_id.empty()) {
    body["mounts"] = {{"network", Json::array({{{"volumeId", mounts.volume_id}, {"path", mounts.path}}})}};
  }
}

}  // namespace moola::cluster::runpod
