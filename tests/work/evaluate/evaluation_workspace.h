#pragma once
// A workspace with bars and a table of them, and evaluations over it as their users call them.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "tests/work/bars_workspace.h"

namespace moola::test {

struct TableOptions {
  std::size_t rows = 1200;
  double edge = 0;  // how much a feature knows of the label: 0 nothing, 1 all
  int classes = 3;
  std::int64_t horizon = 6;
};

// Bars, and a table of them whose labels say where the price goes; "edge" may know something of it.
struct EvaluationWorkspace {
  BarsWorkspace workspace;

  explicit EvaluationWorkspace(const TableOptions& options = {}) {
    const market::Bars bars = walking_bars(5, options.rows + 50, true);
    workspace.import(bars, "SYM");
    std::mt19937_64 random(9);
    std::normal_distribution<double> normal(0, 1);
    std::string csv = "time,edge,noise,more,label,t1\n";
    for (std::size_t i = 20; i + static_cast<std::size_t>(options.horizon) < options.rows; ++i) {
      const auto end = i + static_cast<std::size_t>(options.horizon);
      const double move = bars.close[end] / bars.close[i] - 1;
      int label = move > 0 ? 1 : -1;
      if (options.classes == 3 && std::fabs(move) < 0.002) label = 0;
      if (options.classes == 1) label = 1;
      csv += fmt::format("{},{},{},{},{},{}\n", bars.time[i], options.edge * label + normal(random), normal(random),
                         normal(random), label, bars.time[end]);
    }
    write_file(workspace.path("table.csv"), csv);
    const ProcessResult imported = workspace.run(
        "data", {"import", "table", workspace.path("table.csv"), "--name", "mine", "--horizon",
                 std::to_string(options.horizon), "--symbol-name", "SYM", "--t1", "t1", "--label", "label"});
    BOOST_REQUIRE_MESSAGE(imported.exit_code == 0, imported.errors);
  }

  static std::vector<std::string> call(std::vector<std::string> more = {}) {
    std::vector<std::string> out{"--set",  "data.table=mine/v1",         "--set", "data.trust=true",
                                 "--set",  "backtest.bars=[\"SYM/v1\"]", "--set", "backtest.costs=[\"SYM=0%\"]",
                                 "--set",  "bootstrap.replicates=50",    "--set", "overfitting.blocks=8",
                                 "--quiet"};
    for (std::string& each : more) out.push_back(std::move(each));
    return out;
  }
  static std::vector<std::string> sets(const std::vector<std::string>& settings) {
    std::vector<std::string> out;
    for (const std::string& each : settings) out.insert(out.end(), {"--set", each});
    return call(out);
  }
  Json answer(const std::string& job, const std::vector<std::string>& settings,
              std::vector<std::string> more = {"--ranks", "1"}) const {
    std::vector<std::string> arguments = sets(settings);
    arguments.insert(arguments.end(), more.begin(), more.end());
    return workspace.answer(job, arguments);
  }
  std::string refused(const std::string& job, const std::vector<std::string>& settings) const {
    std::vector<std::string> arguments = sets(settings);
    arguments.insert(arguments.end(), {"--ranks", "1"});
    const ProcessResult result = workspace.run(job, arguments);
    BOOST_TEST(result.exit_code == 2, result.errors);
    BOOST_TEST(result.output == "");
    BOOST_TEST(result.errors.find("\n\n") == std::string::npos);
    return result.errors;
  }
};

inline const std::vector<std::string> kSmall{
    R"(models.names=["majority","prior","last_direction","always_long","logistic"])", "logistic.c=[0.01,1.0]"};

inline std::vector<std::string> with(std::vector<std::string> settings, const std::vector<std::string>& more) {
  settings.insert(settings.end(), more.begin(), more.end());
  return settings;
}

}  // namespace moola::test
