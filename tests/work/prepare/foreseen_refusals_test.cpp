// What is known before a run begins is refused before a run begins: nothing is written, and --dry-run says it too.
#include "prepared.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;

namespace {

// 2,600 bars of five minutes: nine days from 2019-01-01 on.
struct Sample : BarsWorkspace {
  Sample() : BarsWorkspace(walking_bars(1, 2600, true)) {}

  // The same without and with --dry-run; no file is left.
  std::string refusal(const Settings& settings) const {
    const std::string said = refusal_of([&] { prepare_in(*this, small_settings(settings), {}); });
    const std::string foreseen = refusal_of([&] { prepare_in(*this, small_settings(settings), {.dry_run = true}); });
    BOOST_TEST(foreseen == said);
    BOOST_TEST(said.find('\n') == std::string::npos, said);
    BOOST_TEST(others().empty(), fmt::format("{} leaves {}", said, fmt::join(others(), ", ")));
    return said;
  }
  // Whether a dry run finds nothing to refuse.
  bool accepts(const Settings& settings) const {
    const std::string said = refusal_of([&] { prepare_in(*this, small_settings(settings), {.dry_run = true}); });
    if (!said.empty()) BOOST_TEST_MESSAGE(said);
    return said.empty();
  }
};

const Settings kOwn{"barriers.optimise=false", "labels.up=[2, 3]", "labels.down=[2, 3]", "labels.max_bars=[15, 50]"};

Settings own(const Settings& more) {
  Settings all = kOwn;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(prepare_foreseen_refusals, Sample)

BOOST_AUTO_TEST_CASE(a_timeframe_that_the_bars_do_not_fit) {
  for (const char* timeframe : {"7m", "1m", "4m", "12m"}) {
    const std::string said = refusal({fmt::format("clean.timeframe=\"{}\"", timeframe)});
    BOOST_TEST(holds(said, fmt::format("clean.timeframe = \"{}\"", timeframe)));
    BOOST_TEST(holds(said, "SYM/v1 has bars of 5m"));
  }
  BOOST_TEST(accepts(own({"clean.timeframe=\"10m\""})));
  BOOST_TEST(accepts({"clean.timeframe=\"5m\""}));
}

BOOST_AUTO_TEST_CASE(a_timeframe_that_the_bars_of_a_compared_symbol_do_not_fit) {
  market::Bars hours = walking_bars(2, 300, true);
  for (std::size_t i = 0; i < hours.size(); ++i)
    hours.time[i] = kFirstStamp + static_cast<std::int64_t>(i) * 60 * kMinuteNs;
  import(hours, "ETH");
  BOOST_TEST(holds(refusal({"cross_asset.others=[\"ETH/v1\"]", "features.columns=[\"rsi_14\", \"cross_*\"]"}),
                   "ETH/v1 has bars of 1h"));
}

BOOST_AUTO_TEST_CASE(times_without_bars) {
  BOOST_TEST(holds(refusal({"data.from=\"2030-01-01\""}), "2019-01-10"));  // where they end
  BOOST_TEST(holds(refusal({"data.to=\"2019-01-01\""}), "leave none"));
}

BOOST_AUTO_TEST_CASE(separations_and_horizons_that_are_longer_than_the_data) {
  BOOST_TEST(holds(refusal({"labels.horizons=[5, 2000]", "splits.purge=\"6000bars\""}), "no row is left for train"));
  BOOST_TEST(holds(refusal(own({"splits.purge=\"1820bars\""})), "no row is left for train"));
  // 2,600 bars less the column that begins last (atr_14: its first value, and a bar later as it is known): 0.7 of
  // 2,585 rows are 1,809.5.
  BOOST_TEST(holds(refusal(own({"splits.purge=\"1809bars\""})), "no row is left for train"));
  BOOST_TEST(holds(refusal({"splits.purge=\"900bars\""}), "1000 at least"));
  BOOST_TEST(accepts({"splits.purge=\"60bars\""}));
  // 0.15 of 2,585 rows are 387.75.
  BOOST_TEST(holds(refusal({"splits.embargo=\"330bars\""}), "no row is left for val"));
  BOOST_TEST(accepts({"splits.embargo=\"320bars\""}));
  BOOST_TEST(
      holds(refusal({"splits.train=0.5", "splits.val=0.4", "splits.embargo=\"270bars\"", "splits.purge=\"60bars\""}),
            "no row is left for test"));
  // The bars reach over nine days and 35 minutes... a purge of as much leaves nothing.
  BOOST_TEST(holds(refusal(own({"splits.purge=\"10d\""})), "no row would be left"));
  BOOST_TEST(holds(refusal(own({"splits.embargo=\"240h\""})), "splits.embargo"));
}

BOOST_AUTO_TEST_CASE(columns_that_so_few_bars_give_no_value) {
  BOOST_TEST(holds(refusal({"features.columns=[\"rsi_14\", \"sma_2600\"]"}), "-sma_2600"));
  BOOST_TEST(holds(refusal({"features.columns=[\"rsi_14\", \"sma_50_1d\"]"}), "at most 10 bars of 1d"));
  BOOST_TEST(accepts({"features.columns=[\"rsi_14\", \"sma_5_1d\"]"}));
}

BOOST_AUTO_TEST_CASE(columns_of_longer_bars_that_these_do_not_make) {
  BOOST_TEST(holds(refusal({"features.columns=[\"rsi_14\", \"rsi_14_7m\"]"}), "features.columns"));
  BOOST_TEST(holds(refusal({"features.columns=[\"rsi_14\", \"rsi_14_5m\"]"}), "rsi_14_5m"));
  BOOST_TEST(holds(refusal({"labels.scale=\"atr_14_7m\""}), "labels.scale"));
  BOOST_TEST(holds(refusal({"features.columns=[\"rsi_14_15m\"]", "clean.sampling=\"volume\"", "clean.threshold=100"}),
                   "by the clock"));
}

BOOST_AUTO_TEST_SUITE_END()
