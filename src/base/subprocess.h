#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moola {

struct ProcessResult {
  int exit_code = 0;   // 128 + n when signal n ended it
  std::string output;  // standard output
  std::string errors;  // standard error
};

/// Runs a program without a shell, feeds it `input`, and waits. Throws IoError when it can't be started.
ProcessResult run_process(const std::vector<std::string>& arguments, std::string_view input = {});

/// The full path of a program on PATH.
std::optional<std::filesystem::path> find_program(const std::string& name);

/// The folder of the running executable.
std::filesystem::path executable_folder();

}  // namespace moola
