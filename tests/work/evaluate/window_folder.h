#pragma once
// Labelled windows in a workspace of their own, and evaluations over them as their users call them.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/work/bars_workspace.h"
#include "tests/work/evaluate/evaluation_workspace.h"
#include "tests/work/evaluate/planted_windows.h"

namespace moola::test {

inline const std::vector<std::string> kWindowModels{R"(models.names=["prior","logistic","minirocket"])",
                                                    "minirocket.features=420"};

struct WindowFolder {
  BarsWorkspace workspace;

  /// As labeled_windows/mine/v1.
  explicit WindowFolder(const data::WindowTable& table = planted_windows()) {
    store_windows(workspace.folder(), "mine", table);
  }

  static std::vector<std::string> call(const std::vector<std::string>& settings, const std::string& ranks) {
    std::vector<std::string> out{
        "--set", "data.windows=mine/v1", "--set", "bootstrap.replicates=100", "--quiet", "--ranks", ranks};
    for (const std::string& each : settings) out.insert(out.end(), {"--set", each});
    return out;
  }
  Json answer(const std::string& job, const std::vector<std::string>& settings, const std::string& ranks = "1") const {
    return workspace.answer(job, call(settings, ranks));
  }
  std::string refused(const std::vector<std::string>& settings) const {
    const ProcessResult result = workspace.run("cv", call(settings, "1"));
    BOOST_TEST(result.exit_code == 2, result.errors);
    BOOST_TEST(result.output == "");
    BOOST_TEST(result.errors.find("\n\n") == std::string::npos);
    return result.errors;
  }
};

}  // namespace moola::test
