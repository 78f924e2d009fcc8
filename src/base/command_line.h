#pragma once
#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace moola {

/// What every command understands, whatever else it takes.
struct CommonOptions {
  std::filesystem::path workspace;  // holds data/ and artifacts/; default $MOOLA_WORKSPACE, else the current folder
  bool json = false;                // one JSON object on standard output
  bool quiet = false;
};

/// Adds --workspace, --json and --quiet to a command or one of its subcommands.
void add_common_options(CLI::App& app, CommonOptions& options);

/// For commands that only read: throws ConfigError when `workspace` is no folder, so that a mistyped one does not look
/// like an empty one.
void require_workspace(const std::filesystem::path& workspace);

/// For options that take a whole number: refuses what is none, or below `low`.
CLI::Validator at_least(std::int64_t low);

/// Parses and runs: the callbacks of `app` and its subcommands do the work. Returns the exit status.
///
/// The only place of a login-node command that catches: prints one paragraph "moola NAME: …" on standard error. A
/// mistyped option or subcommand names the nearest one. `MOOLA_TRACE=1` adds where the error was thrown from, as far as
/// the run-time knows.
int run_command(CLI::App& app, const std::string& name, int argc, char** argv);

/// Prints an error as run_command does and returns its exit status.
int report_error(const std::string& name, const std::exception& error);

}  // namespace moola
