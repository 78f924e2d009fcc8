#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace moola::cluster {

/// A machine that ssh reaches, and where on it Moola works.
struct SshTarget {
  std::string host, user;       // empty user: as ssh's configuration has it
  int port = 0;                 // 0: likewise
  std::filesystem::path root;   // absolute, there; empty: see remote_root
  std::filesystem::path key;    // of this run alone; empty: the user's own
  std::filesystem::path hosts;  // where keys of hosts are kept; empty: the user's own
};

/// "ssh://user@host:port/root", user, port and root as they are wanted; an IPv6 address in brackets. Throws ConfigError
/// with what is wrong.
SshTarget parse_ssh_target(const std::string& url);

/// Whether it is written like one.
bool is_ssh_target(const std::string& place);

/// As parse_ssh_target reads it.
std::string to_string(const SshTarget& target);

}  // namespace moola::cluster
