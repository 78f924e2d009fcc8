// moola pbo: the probability of backtest overfitting of anybody's returns.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/command_line.h"
#include "work/validation/pbo_command.h"

int main(int argc, char** argv) {
  CLI::App app;
  moola::work::add_pbo_command(app);
  return moola::run_command(app, "pbo", argc, argv);
}
