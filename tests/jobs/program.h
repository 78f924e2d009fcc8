#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/subprocess.h"

namespace moola::test {

/// The built executable of that name.
inline std::string program(const std::string& name) {
  return (std::filesystem::path(MOOLA_BINARY_DIR) / name).string();
}

/// Runs a built executable and waits.
inline ProcessResult run_program(const std::string& name, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), program(name));
  return run_process(arguments);
}

}  // namespace moola::test
