#include "base/command_line.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <typeinfo>

#include "base/error.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/terminal.h"

namespace moola {
namespace {

// The subcommand whose arguments were being read when parsing failed.
const CLI::App& innermost(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? app : innermost(*parsed.front());
}

std::string suggestion(const CLI::App& app, const std::string& word) {
  std::vector<std::string> known;
  if (word.starts_with("-")) {
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
    return did_you_mean(word.substr(0, word.find('=')), known);
  }
  for (const CLI::App* subcommand : app.get_subcommands([](const CLI::App*) { return true; }))
    known.push_back(subcommand->get_name());
  return did_you_mean(word, known);
}

}  // namespace

void add_common_options(CLI::App& app, CommonOptions& options) {
  const char* workspace = std::getenv("MOOLA_WORKSPACE");
  options.workspace = workspace != nullptr && *workspace != 0 ? workspace : ".";
  app.add_option("--workspace", options.workspace, "folder that holds data/ and artifacts/ (or MOOLA_WORKSPACE)")
      ->capture_default_str()
      ->type_name("DIR");
  app.add_flag("--json", options.json, "print exactly one JSON object on standard output");
  app.add_flag("--quiet", options.quiet, "no messages below a warning on standard error");
}

void require_workspace(const std::filesystem::path& workspace) {
  if (std::filesystem::is_directory(workspace)) return;
  throw ConfigError(
      fmt::format("{} is no folder, so it cannot be the workspace. A workspace holds the data sets that 'moola data "
                  "import' and 'moola data windows' put there; name it with --workspace DIR.",
                  workspace.string()));
}

CLI::Validator at_least(std::int64_t low) {
  return {[low](std::string& text) {
            std::int64_t value = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
            if (error == std::errc() && end == text.data() + text.size() && value >= low) return std::string();
            return fmt::format("must be a whole number, {} or more; found {}", low, text);
          },
          fmt::format(">= {}", low)};
}

int report_error(const std::string& name, const std::exception& error) {
  std::string text = paint(Colour::red, "moola " + name + ": ") + error.what() + "\n";
  if (const char* trace = std::getenv("MOOLA_TRACE"); trace != nullptr && std::string(trace) == "1") {
    text += fmt::format("  (thrown as {})\n", typeid(error).name());
  }
  write_to_terminal(text);
  const auto* own = dynamic_cast<const Error*>(&error);
  return static_cast<int>(own != nullptr ? own->exit_code() : ExitCode::failed);
}

int run_command(CLI::App& app, const std::string& name, int argc, char** argv) {
  try {
    app.name("moola " + name);  // as the user calls it, not the path of the program behind it
    app.parse(argc, argv);
    return static_cast<int>(ExitCode::done);
  } catch (const CLI::CallForHelp&) {
    std::cout << innermost(app).help();
    return 0;
  } catch (const CLI::Success& success) {  // --version and the like
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    const CLI::App& at = innermost(app);
    std::string message = error.what();
    const std::vector<std::string> extras = at.remaining();
    if (const auto* unexpected = dynamic_cast<const CLI::ExtrasError*>(&error);
        unexpected != nullptr || !extras.empty()) {
      const std::string word = extras.empty() ? message : extras.front();
      message = fmt::format("'{}' is not understood here.{}", word, suggestion(at, word));
    }
    write_to_terminal(paint(Colour::red, "moola " + name + ": ") + message + " (moola " + name +
                      " --help lists what there is)\n");
    return static_cast<int>(ExitCode::permanent);
  } catch (const std::exception& error) {
    return report_error(name, error);
  }
}

}  // namespace moola
