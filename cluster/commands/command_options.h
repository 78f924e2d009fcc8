#pragma once
#include <CLI/App.hpp>
#include <functional>
#include <string>

#include "cluster/commands/job_commands.h"

namespace moola::cluster {

enum class WithoutRun { latest, refused };

/// Adds RUN and STEP, and what happens without RUN.
void add_run_and_step(CLI::App& app, RunOptions& options, WithoutRun without_run);
/// Adds --elements, of STEP.
void add_elements(CLI::App& app, RunOptions& options);

/// As moola::run_command, of a command whose `work` says with which status it ends.
int run_with_status(CLI::App& app, const std::string& name, int argc, char** argv, const std::function<int()>& work);

}  // namespace moola::cluster
