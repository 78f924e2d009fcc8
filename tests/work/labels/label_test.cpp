// moola label as its users call it.
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "data/store/hdf5.h"
#include "tests/support/messages.h"
#include "tests/work/bars_workspace.h"
#include "tests/work/one_content.h"

using namespace moola;
using namespace moola::test;

BOOST_AUTO_TEST_SUITE(label_command)

BOOST_AUTO_TEST_CASE(the_file_holds_what_the_answer_says) {
  const BarsWorkspace workspace(walking_bars(1, 700, true));
  const Json answer = workspace.answer(
      "label", {"--bars", "SYM/v1", "--up", "2", "--down", "1.5", "--max-bars", "20", "--out", workspace.path("l.h5")});
  BOOST_TEST(answer["rows"] == 700);
  const auto file = data::hdf5::File::open(workspace.path("l.h5"));
  const auto label = file.read<std::int8_t>("label");
  const auto t1 = file.read<std::int64_t>("t1"), time = file.read<std::int64_t>("time");
  const auto bars = file.read<std::int32_t>("bars");
  const auto scale = file.read<double>("scale");
  std::int64_t none = 0;
  for (std::size_t i = 0; i < label.size(); ++i) {
    none += label[i] == -99;
    BOOST_REQUIRE((t1[i] == INT64_MIN) == (label[i] == -99));
    if (label[i] != -99) BOOST_REQUIRE(t1[i] == time[i + static_cast<std::size_t>(bars[i])]);
    BOOST_REQUIRE(std::isnan(scale[i]) == (i < 15));  // 14 bars of warm-up, and one of delay
  }
  BOOST_TEST(answer["labels"]["none"] == none);
  BOOST_TEST(none == 15 + 20);
  BOOST_TEST(parse_json(file.text_attribute("manifest"), "manifest")["parameters"]["max_bars"] == 20);
}

BOOST_AUTO_TEST_CASE(horizons_take_their_barriers_from_the_table_unless_told_otherwise) {
  const BarsWorkspace workspace(walking_bars(2, 700));
  const auto label = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--bars", "SYM/v1", "--out", workspace.path("l.h5"), "--force"});
    return workspace.answer("label", arguments);
  };
  const Json twenty = label({"--horizon", "20"});
  BOOST_TEST(twenty["up"] == 2.75);
  BOOST_TEST(twenty["down"] == 2.30);
  BOOST_TEST(twenty["max_bars"] == 50);
  const Json forty = label({"--horizon", "40", "--down", "3"});  // 0.8 + 0.4 log2(40), and 2.5 times 40
  BOOST_TEST(std::fabs(forty["up"].get<double>() - (0.8 + 0.4 * std::log2(40.0))) < 1e-12);
  BOOST_TEST(forty["down"] == 3.0);
  BOOST_TEST(forty["max_bars"] == 100);
  const Json shares = label({"--horizon", "5", "--scale", "price"});
  BOOST_TEST(shares["up"] == 0.003);
  BOOST_TEST(shares["max_bars"] == 15);
}

BOOST_AUTO_TEST_CASE(threads_and_instruction_sets_change_no_bit) {
  const BarsWorkspace workspace(walking_bars(3, 900));
  check_one_content({"1", "3"}, [&](const std::string& threads) {
    return workspace.run("label", {"--bars", "SYM/v1", "--horizon", "20", "--out", workspace.path("l.h5"), "--threads",
                                   threads, "--force", "--json"});
  });
}

BOOST_AUTO_TEST_CASE(what_cannot_be_done_is_refused_in_one_paragraph) {
  const BarsWorkspace workspace(walking_bars(4, 400));
  const auto refused = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--bars", "SYM/v1", "--out", workspace.path("l.h5")});
    return workspace.refusal("label", arguments);
  };
  BOOST_TEST(holds(refused({}), "--horizon N"));
  BOOST_TEST(holds(refused({"--up", "2", "--down", "1"}), "--max-bars together"));
  BOOST_TEST(holds(refused({"--up", "0", "--down", "1", "--max-bars", "5"}), "both must be above 0"));
  BOOST_TEST(holds(refused({"--horizon", "0"}), "--horizon"));
  BOOST_TEST(holds(refused({"--horizon", "7", "--scale", "price"}), "only for 1, 5 and 20"));
  BOOST_TEST(holds(refused({"--horizon", "20", "--scale", "atr14"}), "atr_14"));
  BOOST_TEST(holds(refused({"--horizon", "20", "--tie", "nearest"}), "nearest_open"));
  BOOST_TEST(holds(refused({"--horizon", "20", "--touch", "low"}), "high_low"));
  BOOST_TEST(holds(refused({"--horizon", "20", "--entry", "open"}), "next_open"));
  BOOST_TEST(holds(refused({"--horizon", "20", "--cost", "-1"}), "cost"));
  BOOST_TEST(holds(refused({"--horizon", "20", "--timeframe", "3m"}), "cannot be put together"));
  BOOST_TEST(holds(workspace.refusal("label", {"--bars", "SIM/v1", "--horizon", "20", "--out", workspace.path("l.h5")}),
                   "SYM"));
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_written_is_refused) {
  const BarsWorkspace workspace(walking_bars(4, 400));
  write_file(workspace.path("taken"), "a file where a folder should be");
  for (const std::string& out : {std::string("/proc/none/l.h5"), workspace.path("taken/l.h5")}) {
    const std::string said = workspace.refusal("label", {"--bars", "SYM/v1", "--horizon", "20", "--out", out});
    BOOST_TEST(holds(said, std::filesystem::path(out).parent_path().string()));
  }
}

BOOST_AUTO_TEST_CASE(bars_that_never_move_reach_no_barrier) {
  const BarsWorkspace workspace(flat_bars(400, 100, 5));
  const Json answer = workspace.answer(
      "label", {"--bars", "SYM/v1", "--up", "2", "--down", "2", "--max-bars", "10", "--out", workspace.path("l.h5")});
  BOOST_TEST(answer["labels"]["up"] == 0);
  BOOST_TEST(answer["labels"]["down"] == 0);
}

BOOST_AUTO_TEST_CASE(a_horizon_longer_than_the_data_labels_nothing_and_says_so) {
  const BarsWorkspace workspace(walking_bars(5, 40));
  const Json answer = workspace.answer(
      "label", {"--bars", "SYM/v1", "--up", "2", "--down", "2", "--max-bars", "60", "--out", workspace.path("l.h5")});
  BOOST_TEST(answer["labels"]["none"] == 40);
}

BOOST_AUTO_TEST_SUITE_END()
