// moola data: import, windows, sample, merge, review, clean, list, show, verify, lineage, diff, export.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/command_line.h"
#include "data/annotation_commands.h"
#include "data/bars_commands.h"
#include "data/label_issue_commands.h"
#include "data/registry_commands.h"
#include "data/synthetic_commands.h"
#include "data/table_commands.h"
#include "data/window_commands.h"

int main(int argc, char** argv) {
  CLI::App app(
      "Data sets of a workspace: immutable, versioned files in data/KIND/NAME/vN.h5.\n"
      "Example: moola data import bars BTCUSD.csv.xz --symbol BTCUSD");
  app.require_subcommand(1);
  CLI::App* import = app.add_subcommand("import", "turn files into a data set");
  import->require_subcommand(1);
  moola::data::add_bars_commands(*import);
  moola::data::add_window_commands(app, *import);
  moola::data::add_synthetic_commands(*import);
  moola::data::add_table_commands(*import);
  moola::data::add_annotation_commands(app);
  moola::data::add_label_issue_commands(app);
  moola::data::add_registry_commands(app);
  return moola::run_command(app, "data", argc, argv);
}
