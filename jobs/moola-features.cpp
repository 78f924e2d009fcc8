// moola features: indicators of bars as a table.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/command_line.h"
#include "work/features/features_command.h"

int main(int argc, char** argv) {
  CLI::App app;
  moola::work::add_features_command(app);
  return moola::run_command(app, "features", argc, argv);
}
