// moola label: triple-barrier labels of bars.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/command_line.h"
#include "work/labels/label_command.h"

int main(int argc, char** argv) {
  CLI::App app;
  moola::work::add_label_command(app);
  return moola::run_command(app, "label", argc, argv);
}
