// moola sharpe: the Sharpe ratio of anybody's returns, and how far to believe it.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/command_line.h"
#include "work/validation/sharpe_command.h"

int main(int argc, char** argv) {
  CLI::App app;
  moola::work::add_sharpe_command(app);
  return moola::run_command(app, "sharpe", argc, argv);
}
