#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/subprocess.h"
#include "cluster/remote/ssh_target.h"

namespace moola::cluster {

/// The machine could not be reached, or broke off: another time it may work.
class Unreachable : public Error {
 public:
  explicit Unreachable(const std::string& message) : Error(message, ExitCode::failed) {}
};

/// Scripts of a POSIX shell on a machine that ssh reaches: by the user's own ssh, its configuration and agent, without
/// a password. Calls within a minute share a connection.
class RemoteShell {
 public:
  /// Connects nowhere yet. Throws ConfigError where there is no ssh.
  explicit RemoteShell(SshTarget target);

  const SshTarget& target() const { return target_; }
  /// For people: "root@203.0.113.7".
  std::string name() const;

  /// The words that run `script` there: for pipelines.
  std::vector<std::string> words(const std::string& script) const;

  /// Runs it, `input` on its standard input. Any exit status but ssh's own 255 is the script's. Throws Unreachable, and
  /// ConfigError where ssh is refused for good: no such host, no key that fits, a host that is not the one it was.
  ProcessResult run(const std::string& script, std::string_view input = {}) const;

  /// The same, and throws Error with what the script said when it does not end with 0. `doing`: "cannot look at …".
  std::string output_of(const std::string& doing, const std::string& script, std::string_view input = {}) const;

  /// The error that ssh's status 255 with these words is. Returns for what is none.
  void check(int exit_code, const std::string& errors) const;

 private:
  SshTarget target_;
  std::vector<std::string> ssh_;  // up to the script
};

}  // namespace moola::cluster
