// What is fitted in a preparation knows no price of a later part, however far apart the parts are asked to be.
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "base/error.h"
#include "data/tables/feature_table_file.h"
#include "tests/support/messages.h"
#include "tests/work/bars_workspace.h"
#include "work/prepare/prepare.h"

using namespace moola;
using namespace moola::test;

namespace {

// Five-minute bars of a market that is open for five hours of each day.
market::Bars day_sessions(std::size_t days) {
  constexpr std::size_t kPerDay = 60;
  market::Bars bars = walking_bars(5, days * kPerDay, true);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    bars.time[i] = kFirstStamp + static_cast<std::int64_t>(i / kPerDay) * 1440 * kMinuteNs +
                   static_cast<std::int64_t>(i % kPerDay) * 5 * kMinuteNs;
  }
  return bars;
}

// Labels of up to 60 bars, parts with nothing but `purge` between them.
work::PrepareResult prepared(const BarsWorkspace& workspace, const std::string& purge) {
  const auto config = work::load_prepare_config(
      "", std::nullopt,
      {"data.bars=SYM/v1", "features.columns=[\"rsi_14\"]", "labels.horizons=[30]", "labels.up=[6]", "labels.down=[6]",
       "labels.max_bars=[60]", "barriers.optimise=false", "splits.embargo=0bars", "splits.purge=" + purge});
  work::PrepareRequest request;
  request.workspace = workspace.path("");
  request.quiet = true;
  return work::prepare(request, config, {});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fitted_rows)

BOOST_AUTO_TEST_CASE(quality_sees_no_later_part_where_a_purge_by_the_clock_ends_in_a_night) {
  const BarsWorkspace workspace(day_sessions(40));
  // 5 hours are 60 bars by day, but of the night before the validation part there are none.
  prepared(workspace, "5h");
  const data::FeatureTableFile table(workspace.path(""), {"feature_table", "SYM-5m", 1});
  const auto first_val = static_cast<std::size_t>(0.7 * static_cast<double>(table.rows().time.size()));
  const auto& fitted = table.info().fitted;
  const auto quality =
      std::find_if(fitted.begin(), fitted.end(), [](const auto& part) { return part.name == "quality"; });
  BOOST_REQUIRE((quality != fitted.end()));
  for (const auto& seen : quality->seen) BOOST_TEST(seen.last < table.rows().time[first_val]);
}

BOOST_AUTO_TEST_CASE(a_share_that_is_shorter_than_the_longest_label_is_refused) {
  const BarsWorkspace workspace(day_sessions(40));  // 2,385 rows after the warm-up: 60 of them are more than 0.025
  BOOST_TEST(message_of<ConfigError>([&] { prepared(workspace, "0.025"); }) == "");
  BOOST_TEST(
      holds(message_of<ConfigError>([&] { prepared(workspace, "0.024"); }), "set splits.purge to \"60bars\" or more"));
}

BOOST_AUTO_TEST_SUITE_END()
