// moola splits: train and test parts that share no moment.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/command_line.h"
#include "work/validation/splits_command.h"

int main(int argc, char** argv) {
  CLI::App app;
  moola::work::add_splits_command(app);
  return moola::run_command(app, "splits", argc, argv);
}
