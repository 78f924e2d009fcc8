#pragma once
// A workspace with bars made up for a test, and the commands that prepare them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/json.h"
#include "tests/jobs/program.h"
#include "tests/support/sample_bars.h"
#include "tests/support/temporary_folder.h"

namespace moola::test {

class BarsWorkspace {
 public:
  BarsWorkspace() = default;
  /// Imports `bars` as bars/SYM/v1.
  explicit BarsWorkspace(const market::Bars& bars) { import(bars, "SYM"); }

  /// Imports `bars` as the next version of bars/SYMBOL.
  void import(const market::Bars& bars, const std::string& symbol) const {
    std::string csv = "time,open,high,low,close,volume\n";
    for (std::size_t i = 0; i < bars.size(); ++i) {
      csv += fmt::format("{},{},{},{},{},{}\n", bars.time[i], bars.open[i], bars.high[i], bars.low[i], bars.close[i],
                         bars.volume[i]);
    }
    write_file(path("bars.csv"), csv);
    const ProcessResult imported = run("data", {"import", "bars", path("bars.csv"), "--symbol", symbol});
    BOOST_REQUIRE_MESSAGE(imported.exit_code == 0, imported.errors);
  }

  const std::filesystem::path& folder() const { return folder_.path(); }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  bool has(const std::string& name) const { return std::filesystem::exists(path(name)); }
  /// Files that are neither the bars nor what brought them here.
  std::vector<std::string> others() const {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
      const std::string name = std::filesystem::relative(entry.path(), folder_.path()).string();
      if (entry.is_regular_file() && name != "bars.csv" && !name.starts_with("data/bars/")) out.push_back(name);
    }
    return out;
  }

  ProcessResult run(const std::string& job, std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--workspace", folder_.path().string()});
    return run_program("moola-" + job, arguments);
  }
  /// What the command says with --json.
  Json answer(const std::string& job, std::vector<std::string> arguments) const {
    arguments.emplace_back("--json");
    const ProcessResult result = run(job, arguments);
    BOOST_REQUIRE_MESSAGE(result.exit_code == 0, result.errors);
    return parse_json(result.output, "standard output");
  }
  /// What it says when it refuses, which must be one paragraph and leave nothing behind.
  std::string refusal(const std::string& job, const std::vector<std::string>& arguments) const {
    const auto before = others();
    const ProcessResult result = run(job, arguments);
    BOOST_TEST(result.exit_code == 2);
    BOOST_TEST(result.output == "");
    BOOST_TEST(result.errors.find("\n\n") == std::string::npos);
    const auto after = others();
    BOOST_TEST((after == before), fmt::format("{} leaves {}", result.errors, fmt::join(after, ", ")));
    return result.errors;
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace moola::test
