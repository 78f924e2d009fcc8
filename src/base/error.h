#pragma once
#include <stdexcept>
#include <string>

namespace moola {

/// What a command's exit status tells scripts and the launcher.
enum class ExitCode : int {
  done = 0,
  failed = 1,        // anything else: worth another try elsewhere
  permanent = 2,     // bad usage, config or data: the same call fails again
  gate_not_met = 3,  // finished, but a configured gate was not met
  run_again = 85,    // checkpointed after a stop signal
};

/// An error with a paragraph for the user: what was expected, what was found, where, what to do.
class Error : public std::runtime_error {
 public:
  Error(const std::string& message, ExitCode code) : std::runtime_error(message), code_(code) {}
  ExitCode exit_code() const { return code_; }

 private:
  ExitCode code_;
};

/// The command line or the configuration is wrong.
class ConfigError : public Error {
 public:
  explicit ConfigError(const std::string& message) : Error(message, ExitCode::permanent) {}
};

/// The data are not what they must be.
class DataError : public Error {
 public:
  explicit DataError(const std::string& message) : Error(message, ExitCode::permanent) {}
};

/// Information of the test part would reach the training part.
class LeakError : public Error {
 public:
  explicit LeakError(const std::string& message) : Error(message, ExitCode::permanent) {}
};

/// Another rank, a collective operation or a device failed.
class CommError : public Error {
 public:
  explicit CommError(const std::string& message) : Error(message, ExitCode::failed) {}
};

/// The operating system refused. Whether to try again depends on why: a full disk passes, a missing permission does
/// not.
class IoError : public Error {
 public:
  /// `what` names the operation and the file; the system's own words for `error_number` are appended.
  IoError(const std::string& what, int error_number);
  /// A failure that has no number of the system.
  explicit IoError(const std::string& message) : Error(message, ExitCode::failed) {}
};

}  // namespace moola
