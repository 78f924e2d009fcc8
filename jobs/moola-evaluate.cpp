// moola evaluate: a saved model on rows that it has not seen.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/command_line.h"
#include "work/evaluate/evaluate_saved_command.h"

int main(int argc, char** argv) {
  CLI::App app;
  int exit_code = 0;
  moola::work::add_evaluate_saved_command(app, exit_code);
  const int parsed = moola::run_command(app, "evaluate", argc, argv);
  return parsed != 0 ? parsed : exit_code;
}
