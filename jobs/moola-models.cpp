// moola models: which there are and what they take; evaluations of them side by side.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/command_line.h"
#include "work/evaluate/models/compare_command.h"
#include "work/evaluate/models/models_command.h"

int main(int argc, char** argv) {
  CLI::App app;
  moola::work::add_models_command(app);
  moola::work::add_compare_command(app);
  return moola::run_command(app, "models", argc, argv);
}
