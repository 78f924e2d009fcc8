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

BOOST_AUTO_TEST_CASE(it_shows_how_much_of_the_bars_a_compared_symbol_covers_and_at_what_age) {
  const BarsWorkspace workspace(walking_bars(6, 4000, true));
  // Every third bar of the other is missing: ours has one of 5 minutes ago beside it then.
  market::Bars sparse = walking_bars(7, 4000, true);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < 4000; ++i) {
    if (i % 3 != 2) sparse.move_bar(i, kept++);
  }
  sparse.resize(kept);
  workspace.import(sparse, "ETH");
  work::PrepareRequest request;
  request.workspace = workspace.path("");
  request.quiet = true;
  const auto prepared = [&](const std::vector<std::string>& more) {
    std::vector<std::string> settings{"data.bars=SYM/v1",
                                      "cross_asset.others=[\"ETH/v1\"]",
                                      "features.columns=[\"rsi_14\", \"cross_rel_strength_ETH_20\"]",
                                      "labels.horizons=[20]",
                                      "splits.embargo=100bars",
                                      "clean.max_fill=0m"};
    settings.insert(settings.end(), more.begin(), more.end());
    return work::prepare(request, work::load_prepare_config("", std::nullopt, settings), {});
  };
  const work::PrepareResult result = prepared({});
  const Json beside = read_json(result.folder / "stages/03-features/SYM.json")["compared"]["ETH"]["beside"];
  BOOST_TEST(beside["fresh"] == 4000);
  BOOST_TEST(beside["too_old"] == 0);
  BOOST_TEST(beside["most_age_seconds"] == 300.0);
  const std::string page = read_file(result.folder / "report.html");
  const std::string bars = page.substr(page.find("<section id=\"SYM-5m-bars\">"));
  for (const char* part : {"compared with", "<code>ETH</code>", "cross_asset.max_age", "ETH: how many of the bars"})
    BOOST_TEST(holds(bars, part), part);
}

BOOST_AUTO_TEST_SUITE_END()
