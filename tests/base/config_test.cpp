#include "base/config.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "base/error.h"
#include "config_fixture.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;
namespace bdata = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(config)

BOOST_AUTO_TEST_CASE(without_a_file_the_initialisers_are_the_values) {
  DemoConfig demo;
  demo.schema.load(std::nullopt, {});
  BOOST_TEST(demo.epochs == 50);
  BOOST_TEST(demo.lr == 1e-3);
}

BOOST_AUTO_TEST_CASE(a_file_fills_every_kind_of_field) {
  DemoConfig demo;
  demo.load(
      "[data]\nbars = [\"A/v1\", \"B/v2\"]\n[train]\nepochs = 7\nlr = 1\nshuffle = false\nquantiles = [0, 0.5]\n"
      "[model]\nname = \"ts2vec\"\n[output]\nname = \"x\"\ncheckpoint_every = \"90s\"\n");
  BOOST_TEST(demo.bars == (std::vector<std::string>{"A/v1", "B/v2"}), boost::test_tools::per_element());
  BOOST_TEST(demo.epochs == 7);
  BOOST_TEST(demo.lr == 1.0);  // an integer is a number
  BOOST_TEST(!demo.shuffle);
  BOOST_TEST(demo.quantiles == (std::vector<double>{0, 0.5}), boost::test_tools::per_element());
  BOOST_TEST(demo.model == "ts2vec");
  BOOST_TEST(demo.name == "x");
  BOOST_TEST(demo.every.nanoseconds == 90'000'000'000);
}

BOOST_AUTO_TEST_CASE(a_list_of_one_text_needs_no_brackets) {
  DemoConfig demo;
  demo.load("[data]\nbars = \"BTC/v3\"\n");
  BOOST_TEST(demo.bars == std::vector<std::string>{"BTC/v3"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nor_does_a_list_of_one_number) {
  DemoConfig demo;
  demo.load("[train]\nquantiles = 0.25\n");
  BOOST_TEST(demo.quantiles == std::vector<double>{0.25}, boost::test_tools::per_element());
}

struct Bad {
  std::string content;
  std::vector<std::string> says;
};
std::ostream& operator<<(std::ostream& out, const Bad& bad) {
  return out << bad.content;
}

const std::vector<Bad> kBadFiles{
    {"", {"is empty", "[data]"}},
    {"# nothing but a comment\n\n", {"is empty"}},
    {"[train]\nepochs = \n", {"line 2", "is not TOML"}},
    {"[train]\nepochs = 1\nepochs = 2\n", {"line 3", "is not TOML"}},
    {"[train]\nepoch = 1\n", {"line 2", "'train.epoch' is unknown to moola demo", "Did you mean 'train.epochs'?"}},
    {"[trian]\nepochs = 1\n", {"line 1", "[trian] is unknown", "Did you mean 'train'?"}},
    {"epochs = 1\n", {"line 1", "'epochs' is unknown", "Did you mean 'train.epochs'?"}},
    {"train = 5\n", {"line 1", "train must be a table, [train]", "the integer 5"}},
    {"[[train]]\nepochs = 5\n", {"train must be a table, [train]", "a list"}},
    {"[train.deep]\nepochs = 5\n", {"'train.deep' is unknown"}},
    {"[train]\nepochs = \"many\"\n", {"line 2", "train.epochs must be an integer", "the text \"many\""}},
    {"[train]\nepochs = 1.5\n", {"train.epochs must be an integer", "the number 1.5"}},
    {"[train]\nepochs = true\n", {"train.epochs must be an integer", "found true"}},
    {"[train]\nlr = \"1e-3\"\n", {"train.lr must be a number", "the text \"1e-3\""}},
    {"[train]\nlr = [1]\n", {"train.lr must be a number", "a list"}},
    {"[train]\nlr = { x = 1 }\n", {"train.lr must be a number", "a table"}},
    {"[train]\nshuffle = 1\n", {"train.shuffle must be true or false"}},
    {"[train]\nquantiles = [0.5, \"a\"]\n", {"train.quantiles must be a list of numbers"}},
    {"[train]\nquantiles = [0.5, 2.0]\n", {"train.quantiles must be 0 to 1", "found 2"}},
    {"[data]\nbars = [\"A\", 1]\n", {"data.bars must be a list of texts"}},
    {"[output]\nname = 2024-01-01\n", {"output.name must be a text", "a date or time"}},
    {"[output]\ncheckpoint_every = 10\n", {"output.checkpoint_every must be a length of time", "the integer 10"}},
    {"[output]\ncheckpoint_every = \"10 parsecs\"\n", {"line 2", "output.checkpoint_every", "not a length of time"}},
    {"[train]\nepochs = 0\n", {"train.epochs must be 1 to 1000 passes", "found 0"}},
    {"[train]\nepochs = 1001\n", {"train.epochs must be 1 to 1000 passes", "found 1001"}},
    {"[train]\nlr = 0\n", {"train.lr must be above 0 and at most 1", "found 0"}},
    {"[train]\nlr = 1.0000001\n", {"train.lr must be above 0 and at most 1"}},
    {"[train]\nlr = nan\n", {"train.lr must be", "found nan"}},
    {"[train]\nlr = inf\n", {"train.lr must be", "found inf"}},
    {"[model]\nname = \"bilstn\"\n",
     {"model.name must be one of bilstm, ts2vec, patchtst", "'bilstn'", "Did you mean 'bilstm'?"}},
    {"inherit = 5\n", {"inherit must be a text", "the integer 5"}},
    {std::string("[train]\nname = \"\0\"\n", 19), {"is not TOML"}},
    {"[train]\nname = \"\xff\xfe\"\n", {"is not TOML"}},
    {"[train]\nl\u00e4nge = 1\n", {"line 2", "is not TOML"}},
    {"[train]\nepochs =\u00a07\n", {"line 2"}},
    {"[output]\nname = \"\"\"a\n\"\"\"\"\u00e9\n", {"line 3", "is not TOML"}},
};

BOOST_DATA_TEST_CASE(a_bad_file_is_refused_by_name_with_what_was_expected, bdata::make(kBadFiles), bad) {
  DemoConfig demo;
  const std::string message = message_of<ConfigError>([&] { demo.load(bad.content); });
  BOOST_TEST(holds(message, (demo.folder / "demo.toml").string()), message);
  for (const std::string& part : bad.says) BOOST_TEST(holds(message, part), part << " is not in: " << message);
}

BOOST_AUTO_TEST_CASE(any_character_may_stand_in_quotes_and_comments) {
  for (const char* quoted :
       {"\"\u00e9\"", "'\u00e9'", "\"\"\"\u00e9\"\"\"", "'''\u00e9'''", "\"\u00e9\" # \u00e9 \" '", "\"\\u00e9\""}) {
    DemoConfig demo;
    demo.load(std::string("\xef\xbb\xbf# '\u0390' \"\n[output]\nname = ") + quoted + "\n");
    BOOST_TEST(demo.name == "\u00e9", quoted);
  }
  DemoConfig demo;
  demo.load("[output]\nname = \"\"\"\\\"\u00e9\"\"\u0390\"\"\"\"\"\n");
  BOOST_TEST(demo.name == "\"\u00e9\"\"\u0390\"\"");
}

BOOST_AUTO_TEST_CASE(both_ends_of_a_range_are_allowed) {
  for (const char* content :
       {"[train]\nepochs = 1\n", "[train]\nepochs = 1000\n", "[train]\nlr = 1e-300\n", "[train]\nlr = 1\n"}) {
    DemoConfig demo;
    BOOST_CHECK_NO_THROW(demo.load(content));
  }
}

BOOST_AUTO_TEST_CASE(a_number_without_a_range_must_be_finite) {
  double value = 1;
  ConfigSchema schema("demo");
  schema.table("t", "");
  schema.key("x", &value).at_least(0);
  schema.key("y", &value);
  BOOST_TEST(
      holds(message_of<ConfigError>([&] { schema.load(std::nullopt, {"t.x=inf"}); }), "t.x must be finite; found inf"));
  BOOST_TEST(
      holds(message_of<ConfigError>([&] { schema.load(std::nullopt, {"t.y=nan"}); }), "t.y must be finite; found nan"));
  BOOST_CHECK_NO_THROW(schema.load(std::nullopt, {"t.x=0"}));
}

BOOST_AUTO_TEST_CASE(a_missing_file_and_a_folder_are_permanent_errors_that_name_the_path) {
  DemoConfig demo;
  const auto refused = [&](const std::filesystem::path& path, const std::string& why) {
    try {
      demo.schema.load(path, {});
      BOOST_ERROR("nothing was thrown");
    } catch (const IoError& error) {
      BOOST_TEST(holds(error.what(), path.string()), error.what());
      BOOST_TEST(holds(error.what(), why), error.what());
      BOOST_TEST(static_cast<int>(error.exit_code()) == 2);
    }
  };
  refused(demo.folder / "missing.toml", "No such file");
  refused(demo.folder.path(), "directory");
}

BOOST_AUTO_TEST_CASE(a_file_inherits_from_one_beside_it_and_wins) {
  DemoConfig demo;
  demo.file("[train]\nepochs = 3\nlr = 0.5\n", "base.toml");
  demo.load("inherit = \"base.toml\"\n[train]\nlr = 0.25\n");
  BOOST_TEST(demo.epochs == 3);
  BOOST_TEST(demo.lr == 0.25);
}

BOOST_AUTO_TEST_CASE(inheriting_alone_is_a_configuration) {
  DemoConfig demo;
  demo.file("[train]\nepochs = 3\n", "base.toml");
  demo.load("inherit = \"base.toml\"\n");
  BOOST_TEST(demo.epochs == 3);
}

BOOST_AUTO_TEST_CASE(the_folder_of_the_file_that_gave_a_key_is_known) {
  DemoConfig demo;
  std::filesystem::create_directory(demo.folder / "sub");
  demo.file("[train]\nepochs = 3\nlr = 0.5\n", "sub/base.toml");
  demo.schema.load(demo.file("inherit = \"sub/base.toml\"\n[train]\nlr = 0.25\n"), {"model.name=ts2vec"});
  BOOST_TEST(demo.schema.folder_of("train.epochs") == demo.folder / "sub");
  BOOST_TEST(demo.schema.folder_of("train.lr") == demo.folder.path());
  BOOST_TEST(demo.schema.folder_of("model.name") == std::filesystem::current_path());
  BOOST_TEST(demo.schema.folder_of("train.shuffle") == "");
  BOOST_CHECK_THROW(demo.schema.folder_of("train.epoch"), std::out_of_range);
}

BOOST_AUTO_TEST_CASE(inheriting_twice_is_refused_and_both_files_are_named) {
  DemoConfig demo;
  demo.file("[train]\nepochs = 3\n", "ground.toml");
  demo.file("inherit = \"ground.toml\"\n", "base.toml");
  const std::string message = message_of<ConfigError>([&] { demo.load("inherit = \"base.toml\"\n"); });
  BOOST_TEST(holds(message, "base.toml is inherited by"), message);
  BOOST_TEST(holds(message, "demo.toml and inherits again"), message);
}

BOOST_AUTO_TEST_CASE(a_missing_base_is_named) {
  DemoConfig demo;
  BOOST_TEST(holds(message_of<IoError>([&] { demo.load("inherit = \"gone.toml\"\n"); }),
                   (demo.folder / "gone.toml").string()));
}

BOOST_AUTO_TEST_CASE(an_error_in_the_base_names_the_base) {
  DemoConfig demo;
  demo.file("[train]\nepochs = 0\n", "base.toml");
  BOOST_TEST(holds(message_of<ConfigError>([&] { demo.load("inherit = \"base.toml\"\n"); }), "base.toml, line 2"));
}

BOOST_AUTO_TEST_CASE(a_required_key_must_be_given_by_somebody) {
  for (const bool given : {false, true}) {
    std::string bars;
    ConfigSchema schema("demo");
    schema.table("data", "");
    schema.key("bars", &bars).required().help("what to learn from");
    const std::vector<std::string> settings =
        given ? std::vector<std::string>{"data.bars=TX/v1"} : std::vector<std::string>{};
    const std::string message = message_of<ConfigError>([&] { schema.load(std::nullopt, settings); });
    BOOST_TEST(message.empty() == given);
    if (!given) BOOST_TEST(holds(message, "data.bars is missing (what to learn from)"), message);
  }
}

BOOST_AUTO_TEST_SUITE_END()
