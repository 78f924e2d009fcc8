// moola encode: windows through a trained encoder.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/command_line.h"
#include "work/encode_command.h"

int main(int argc, char** argv) {
  CLI::App app;
  moola::work::add_encode_command(app);
  return moola::run_command(app, "encode", argc, argv);
}
