// moola features as its users call it.
#include <boost/test/unit_test.hpp>

#include "data/store/hdf5.h"
#include "tests/support/messages.h"
#include "tests/work/bars_workspace.h"
#include "tests/work/one_content.h"

using namespace moola;
using namespace moola::test;

BOOST_AUTO_TEST_SUITE(features_command)

BOOST_AUTO_TEST_CASE(the_file_holds_what_the_answer_says) {
  const BarsWorkspace workspace(walking_bars(1, 700));
  const Json answer = workspace.answer(
      "features",
      {"--bars", "SYM/v1", "--features", "sma_20,close_15m,-sma_20,ema_9,hour_sin", "--out", workspace.path("f.h5")});
  BOOST_TEST(answer["rows"] == 700);
  BOOST_TEST(answer["columns"] == 3);
  const auto file = data::hdf5::File::open(workspace.path("f.h5"));
  BOOST_TEST((file.list_attribute("feature_names") == std::vector<std::string>{"close_15m", "ema_9", "hour_sin"}));
  BOOST_TEST((file.dataset("X").shape() == data::hdf5::Shape{700, 3}));
  BOOST_TEST(file.text_attribute("content_sha256") == answer["content_sha256"].get<std::string>());
  BOOST_TEST(file.text_attribute("schema") == "moola.features/1");
  const Json manifest = parse_json(file.text_attribute("manifest"), "manifest");
  BOOST_TEST(manifest["features"][1]["first_row"] == 9);  // 8 bars of warm-up, and one of delay
  BOOST_TEST(manifest["features"][2]["shift"] == 0);
  BOOST_TEST(manifest["parents"][0]["id"] == "bars/SYM/v1");
}

BOOST_AUTO_TEST_CASE(threads_and_instruction_sets_change_no_bit) {
  const BarsWorkspace workspace(walking_bars(2, 900));
  check_one_content({"1", "3"}, [&](const std::string& threads) {
    return workspace.run("features", {"--bars", "SYM/v1", "--features", "*,ema_9_15m", "--out", workspace.path("f.h5"),
                                      "--threads", threads, "--force", "--json"});
  });
}

BOOST_AUTO_TEST_CASE(what_cannot_be_done_is_refused_in_one_paragraph) {
  const BarsWorkspace workspace(walking_bars(3, 400));
  const auto refused = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--bars", "SYM/v1"});
    return workspace.refusal("features", arguments);
  };
  const std::string out = workspace.path("f.h5");
  BOOST_TEST(holds(refused({"--features", "sma_2O", "--out", out}), "Did you mean 'sma_20'?"));
  BOOST_TEST(holds(refused({"--features", "core_mim", "--out", out}), "Did you mean 'core_min'?"));
  BOOST_TEST(holds(refused({"--features", "nothing_like_it*", "--out", out}), "no column begins"));
  BOOST_TEST(holds(refused({"--features", "sma_20,-sma_20", "--out", out}), "no features are left"));
  BOOST_TEST(holds(refused({"--features", "sma_20"}), "--out names the file"));
  BOOST_TEST(holds(refused({"--features", "sma_20", "--out", out, "--timeframe", "7m"}), "cannot be put together"));
  BOOST_TEST(holds(refused({"--features", "sma_20_7m", "--out", out}), "cannot be put together"));
  BOOST_TEST(holds(refused({"--features", "sma_20", "--out", out, "--definitions", "factory"}), "factory-d28"));
  BOOST_TEST(holds(refused({"--features", "sma_20", "--out", "/proc/none/f.h5"}), "/proc/none"));
  write_file(workspace.path("taken"), "a file where a folder should be");
  BOOST_TEST(holds(refused({"--features", "sma_20", "--out", workspace.path("taken/f.h5")}), workspace.path("taken")));
  BOOST_TEST(holds(workspace.refusal("features", {"--bars", "SIM/v1", "--out", out}), "SYM"));
  BOOST_TEST(holds(workspace.refusal("features", {"--out", out}), "--bars names the bars"));
  workspace.answer("features", {"--bars", "SYM/v1", "--features", "sma_20", "--out", out});
  BOOST_TEST(holds(refused({"--features", "sma_20", "--out", out}), "exists"));
}

BOOST_AUTO_TEST_CASE(odd_bars_give_tables_without_a_hole) {
  // Flat, without volume, and one bar alone: what is defined is finite, and what is not says how often.
  for (const market::Bars& bars : {flat_bars(600, 7.0, 0.0), flat_bars(600, 7.0, 3.0), walking_bars(5, 2)}) {
    const BarsWorkspace workspace(bars);
    const Json answer =
        workspace.answer("features", {"--bars", "SYM/v1", "--features", "*", "--out", workspace.path("f.h5")});
    const auto file = data::hdf5::File::open(workspace.path("f.h5"));
    const auto table = file.read<double>("X");
    const std::size_t columns = answer["columns"], rows = answer["rows"], first = answer["first_complete_row"];
    for (std::size_t i = first * columns; i < rows * columns; ++i) BOOST_REQUIRE(std::isfinite(table[i]));
    if (rows > 2) BOOST_TEST(first < rows);
  }
}

BOOST_AUTO_TEST_CASE(the_reference_page_is_what_the_table_says) {
  BOOST_TEST(run_program("moola-features", {"--reference"}).output ==
             read_file(std::string(MOOLA_SOURCE_DIR) + "/docs/reference/indicators.md"));
}

BOOST_AUTO_TEST_SUITE_END()
