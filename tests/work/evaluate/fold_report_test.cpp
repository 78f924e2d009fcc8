#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <map>
#include <sstream>

#include "base/atomic_file.h"
#include "base/trial_reports.h"
#include "tests/work/evaluate/window_folder.h"

using namespace moola;
using namespace moola::test;

namespace {

// What a sweep asks for, for a while.
class Asked {
 public:
  Asked(const std::filesystem::path& file, const std::string& metric) {
    ::setenv(kTrialReports, file.c_str(), 1);
    ::setenv(kTrialMetric, metric.c_str(), 1);
  }
  ~Asked() {
    ::unsetenv(kTrialReports);
    ::unsetenv(kTrialMetric);
  }
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;
};

std::map<int, double> reports_in(const std::filesystem::path& file) {
  std::map<int, double> out;
  if (!std::filesystem::exists(file)) return out;
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line);) {
    const Json each = parse_json(line, "a report");
    BOOST_TEST(out.emplace(each["step"].get<int>(), each["value"].get<double>()).second);
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reports_of_folds)

BOOST_AUTO_TEST_CASE(a_sweep_hears_of_each_fold_of_the_model_that_it_looks_at) {
  for (const char* ranks : {"1", "2"}) {
    const WindowFolder folder(planted_windows({.windows = 120}));
    const std::filesystem::path file = folder.workspace.folder() / "reports.jsonl";
    const Asked asked(file, "models.logistic.scores.log_loss");
    const Json found = folder.answer("cv", kWindowModels, ranks);
    const std::map<int, double> reports = reports_in(file);
    const Json& by_split = found["models"]["logistic"]["by_split"]["log_loss"];
    BOOST_REQUIRE(reports.size() == by_split.size());
    for (const auto& [split, value] : reports)
      BOOST_TEST(value == by_split[static_cast<std::size_t>(split)].get<double>(), boost::test_tools::tolerance(1e-6));
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_score_of_forecasts_is_not_reported) {
  for (const char* metric : {"models.logistic.backtest.sharpe", "models.xgboost.scores.log_loss", "folds"}) {
    const WindowFolder folder(planted_windows({.windows = 120}));
    const std::filesystem::path file = folder.workspace.folder() / "reports.jsonl";
    const Asked asked(file, metric);
    folder.answer("cv", kWindowModels);
    BOOST_TEST(reports_in(file).empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()
