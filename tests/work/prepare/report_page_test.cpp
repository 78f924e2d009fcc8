// The page that moola prepare leaves, as a reader finds it.
#include <boost/test/unit_test.hpp>

#include "tests/support/messages.h"
#include "tests/work/bars_workspace.h"
#include "work/prepare/prepare.h"

using namespace moola;
using namespace moola::test;

BOOST_AUTO_TEST_SUITE(report_page)

BOOST_AUTO_TEST_CASE(it_says_of_every_stage_before_it_how_it_came_about) {
  const BarsWorkspace workspace(walking_bars(6, 4000, true));
  const auto config = work::load_prepare_config(
      "", std::nullopt,
      {"data.bars=SYM/v1", "features.columns=[\"rsi_14\"]", "labels.horizons=[20]", "splits.embargo=100bars"});
  work::PrepareRequest request;
  request.workspace = workspace.path("");
  request.quiet = true;
  const work::PrepareResult result = work::prepare(request, config, {});
  const std::string page = read_file(result.folder / "report.html");
  const std::string stages = page.substr(page.find("<section id=\"stages\">"));
  for (const work::Stage& stage : work::prepare_stages()) {
    if (stage.name == "report") continue;
    BOOST_TEST(holds(stages, "<td>" + std::string(stage.name) + "</td><td>made</td>"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
