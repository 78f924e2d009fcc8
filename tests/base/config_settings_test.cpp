// --set, the resolved configuration, the identity and the reference page.
#include <boost/test/unit_test.hpp>

#include "base/config.h"
#include "base/error.h"
#include "config_fixture.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;

BOOST_AUTO_TEST_SUITE(config_settings)

BOOST_AUTO_TEST_CASE(a_setting_wins_over_the_file_and_the_last_over_the_first) {
  DemoConfig demo;
  demo.load("[train]\nepochs = 3\n", {"train.epochs=4", "train.epochs=5"});
  BOOST_TEST(demo.epochs == 5);
}

BOOST_AUTO_TEST_CASE(a_setting_is_toml_or_a_bare_word) {
  DemoConfig demo;
  demo.schema.load(std::nullopt,
                   {"model.name=ts2vec", "train.lr=3e-4", "train.shuffle=false", "data.bars=[\"A/v1\", \"B/v1\"]",
                    "train.quantiles=[0.25]", "output.checkpoint_every=2h"});
  BOOST_TEST(demo.model == "ts2vec");
  BOOST_TEST(demo.lr == 3e-4);
  BOOST_TEST(!demo.shuffle);
  BOOST_TEST(demo.bars.size() == 2U);
  BOOST_TEST(demo.quantiles.size() == 1U);
  BOOST_TEST(demo.every.nanoseconds == 7'200'000'000'000);
}

BOOST_AUTO_TEST_CASE(a_text_key_takes_any_word_as_it_is) {
  for (const char* word :
       {"2024", "1e5", "true", "2019-01-01", "a b", "TX/v1", "#7", "it's", "say \"x\"", "C:\\x", "\x7f", "é"}) {
    DemoConfig demo;
    demo.schema.load(std::nullopt, {std::string("output.name=") + word});
    BOOST_TEST(demo.name == word);
  }
}

BOOST_AUTO_TEST_CASE(a_quoted_text_loses_its_quotes) {
  DemoConfig demo;
  demo.schema.load(std::nullopt, {"output.name=\"2024\""});
  BOOST_TEST(demo.name == "2024");
}

BOOST_AUTO_TEST_CASE(a_number_for_a_list_of_texts_is_a_text) {
  DemoConfig demo;
  demo.schema.load(std::nullopt, {"data.bars=2024"});
  BOOST_TEST(demo.bars == std::vector<std::string>{"2024"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(blanks_around_the_equals_sign_do_not_matter) {
  DemoConfig demo;
  demo.schema.load(std::nullopt, {"train.epochs = 9", " model.name = ts2vec "});
  BOOST_TEST(demo.epochs == 9);
  BOOST_TEST(demo.model == "ts2vec");
}

BOOST_AUTO_TEST_CASE(a_value_with_characters_of_other_scripts_is_a_text) {
  DemoConfig demo;
  demo.schema.load(std::nullopt, {"output.name=20\u0390", "data.bars=[\"\u00e9\"]"});
  BOOST_TEST(demo.name == "20\u0390");
  BOOST_TEST(demo.bars[0] == "\u00e9");
  BOOST_TEST(holds(message_of<ConfigError>([&] { demo.schema.load(std::nullopt, {"train.epochs=5\u0390"}); }),
                   "train.epochs must be an integer"));
}

BOOST_AUTO_TEST_CASE(an_empty_value_is_an_empty_text) {
  DemoConfig demo;
  demo.name = "before";
  demo.schema.load(std::nullopt, {"output.name="});
  BOOST_TEST(demo.name.empty());
  BOOST_TEST(
      holds(message_of<ConfigError>([&] { demo.schema.load(std::nullopt, {"train.epochs="}); }), "the text \"\""));
}

BOOST_AUTO_TEST_CASE(a_setting_that_is_none_is_refused_with_an_example) {
  for (const char* setting : {"train.epochs", "=5", ""}) {
    DemoConfig demo;
    const std::string message = message_of<ConfigError>([&] { demo.schema.load(std::nullopt, {setting}); });
    BOOST_TEST(holds(message, "expected table.key=value, such as --set train.lr=3e-4"), message);
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_setting_names_the_nearest_key_and_a_bad_one_its_range) {
  DemoConfig demo;
  const auto message = [&](const std::string& setting) {
    return message_of<ConfigError>([&] { demo.schema.load(std::nullopt, {setting}); });
  };
  BOOST_TEST(holds(message("train.epochss=5"), "--set train.epochss=5: the key 'train.epochss' is unknown"));
  BOOST_TEST(holds(message("train.epochss=5"), "Did you mean 'train.epochs'?"));
  BOOST_TEST(holds(message("train.epochs=0"), "train.epochs must be 1 to 1000 passes; found 0"));
  BOOST_TEST(holds(message("train.epochs=9223372036854775808"), "train.epochs must be an integer"));
  BOOST_TEST(holds(message("train=5"), "'train' is unknown"));
  BOOST_TEST(holds(message("output.name=\xff"), "is not TOML"));
  BOOST_TEST(holds(message("train.epochs=1\nlr=2"), "train.epochs must be an integer"));
}

BOOST_AUTO_TEST_CASE(what_is_shipped_comes_first_and_does_not_count_as_given) {
  DemoConfig demo;
  demo.schema.load(std::nullopt, {"train.lr=0.5"}, ShippedConfig{"preset", "[train]\nepochs = 7\nlr = 0.25\n"});
  BOOST_TEST(demo.epochs == 7);
  BOOST_TEST(demo.lr == 0.5);
  BOOST_TEST(!demo.schema.given("train.epochs"));
  BOOST_TEST(demo.schema.given("train.lr"));
}

BOOST_AUTO_TEST_CASE(the_resolved_configuration_reads_back_to_the_same_values) {
  DemoConfig written;
  written.name = "quote \" slash \\ line \n tab \t bell \a delete \x7f é";
  written.lr = 0.1 + 0.2;
  written.epochs = 1000;
  written.every = {1'500'000'001};
  written.bars = {};
  written.quantiles = {0, 1, 1e-300, 1.0 / 3.0};
  written.shuffle = false;
  DemoConfig read;
  read.load(written.schema.resolved());
  BOOST_TEST(read.name == written.name);
  BOOST_TEST(read.lr == written.lr);
  BOOST_TEST(read.epochs == written.epochs);
  BOOST_TEST((read.every == written.every));
  BOOST_TEST(read.bars == written.bars, boost::test_tools::per_element());
  BOOST_TEST(read.quantiles == written.quantiles, boost::test_tools::per_element());
  BOOST_TEST(read.shuffle == written.shuffle);
  BOOST_TEST(read.schema.resolved() == written.schema.resolved());
}

BOOST_AUTO_TEST_CASE(the_resolved_configuration_holds_defaults_too) {
  const DemoConfig demo;
  for (const char* line : {"[train]\nepochs = 50\nlr = 0.001\nshuffle = true\nquantiles = [0.1, 0.9]\n",
                           "[model]\nname = \"bilstm\"\n", "checkpoint_every = \"10m\"\n"}) {
    BOOST_TEST(holds(demo.schema.resolved(), line), line);
  }
}

BOOST_AUTO_TEST_CASE(a_number_of_a_floating_kind_is_written_as_one) {
  DemoConfig demo;
  demo.lr = 1;
  BOOST_TEST(holds(demo.schema.resolved(), "lr = 1.0\n"));
  demo.lr = 1e22;
  BOOST_TEST(holds(demo.schema.resolved(), "lr = 1e+22\n"));
}

BOOST_AUTO_TEST_CASE(the_identity_knows_what_matters_and_not_the_circumstances) {
  DemoConfig one, other;
  other.name = "another";
  other.every = Duration::seconds(1);
  BOOST_TEST(one.schema.identity() == other.schema.identity());
  BOOST_TEST(!holds(one.schema.identity(), "[output]"));
  other.epochs = 51;
  BOOST_TEST(one.schema.identity() != other.schema.identity());
}

BOOST_AUTO_TEST_CASE(the_reference_page_has_a_row_for_every_key) {
  DemoConfig demo;
  const std::string page = demo.schema.reference("# Demo\n");
  for (const char* part :
       {"# Demo\n", "\n## [train]\n\nHow it is learned.\n",
        "| `epochs` | an integer (passes) | `50` | 1 to 1000 | times over the data |\n",
        "| `lr` | a number | `0.001` | above 0 and at most 1 |",
        "| `bars` | a list of texts | `[\"TX/v1\"]` |  | bars `SYMBOL/vN` \\| many |\n", "bilstm, ts2vec, patchtst",
        "| `checkpoint_every` | a length of time", "*(not part of a run's identity)*", "| `shuffle` |",
        "| `quantiles` |", "## [model]", "## [output]", "## [data]"}) {
    BOOST_TEST(holds(page, part), part);
  }
  std::size_t rows = 0;
  for (std::size_t at = 0; (at = page.find("\n| `", at)) != std::string::npos; ++at) ++rows;
  BOOST_TEST(rows == demo.schema.paths().size());
}

BOOST_AUTO_TEST_SUITE_END()
