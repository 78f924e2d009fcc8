#include "cluster/remote/ssh_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/error.h"

namespace moola::cluster {
namespace {

constexpr const char* kScheme = "ssh://";

[[noreturn]] void refuse(const std::string& url, const std::string& why) {
  throw ConfigError(
      fmt::format("--to {}: {}. Expected ssh://user@host:port/folder, user, port and folder as they are wanted, such "
                  "as ssh://root@203.0.113.7:22015/workspace/moola.",
                  url, why));
}

// What ssh could take for something else than a name.
bool is_name(const std::string& text, const char* besides) {
  return !text.empty() && text.front() != '-' && std::ranges::all_of(text, [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view(besides).find(c) != std::string::npos;
  });
}

}  // namespace

bool is_ssh_target(const std::string& place) {
  return place.starts_with(kScheme);
}

SshTarget parse_ssh_target(const std::string& url) {
  if (!is_ssh_target(url)) refuse(url, "it is no address of ssh");
  std::string rest = url.substr(std::string_view(kScheme).size());
  SshTarget out;
  if (const std::size_t slash = rest.find('/'); slash != std::string::npos) {
    const std::filesystem::path root = std::filesystem::path(rest.substr(slash)).lexically_normal();
    rest.resize(slash);
    if (root != "/") out.root = root.has_filename() ? root : root.parent_path();
    const std::string text = out.root.string();
    if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '"'; }))
      refuse(url, "the folder holds a character that no folder should");
  }
  if (const std::size_t at = rest.rfind('@'); at != std::string::npos) {
    out.user = rest.substr(0, at);
    rest.erase(0, at + 1);
    if (!is_name(out.user, "._-+\\@")) refuse(url, fmt::format("\"{}\" is no user", out.user));
  }
  std::string port;
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == std::string::npos) refuse(url, "a bracket has no other");
    out.host = rest.substr(1, end - 1);
    if (!is_name(out.host, ":.%")) refuse(url, fmt::format("\"{}\" is no address", out.host));
    port = rest.substr(end + 1);
    if (!port.empty() && port.front() != ':') refuse(url, "something stands behind the bracket");
  } else {
    const std::size_t colon = rest.find(':');
    out.host = rest.substr(0, colon);
    if (!is_name(out.host, "._-"))
      refuse(url, out.host.empty() ? "no host is given" : "\"" + out.host + "\" is no host");
    if (colon != std::string::npos) port = rest.substr(colon);
  }
  if (!port.empty()) {
    port.erase(0, 1);
    const bool digits = !port.empty() && port.size() <= 5 &&
                        std::ranges::all_of(port, [](unsigned char c) { return std::isdigit(c) != 0; });
    out.port = digits ? std::stoi(port) : 0;
    if (out.port < 1 || out.port > 65'535) refuse(url, fmt::format("\"{}\" is no port", port));
  }
  return out;
}

std::string to_string(const SshTarget& target) {
  const bool six = target.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}{}{}", kScheme, target.user.empty() ? "" : target.user + "@",
                     six ? "[" + target.host + "]" : target.host,
                     target.port > 0 ? fmt::format(":{}", target.port) : "", target.root.string());
}

}  // namespace moola::cluster
