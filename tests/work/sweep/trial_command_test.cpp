#include "work/sweep/trials/trial_command.h"

#include <boost/test/unit_test.hpp>

#include "base/toml.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;

namespace {

const TrialValues kValues{{"lr", 1e-5}, {"layers", std::int64_t{3}}, {"opt", std::string("ad am")}};
const TrialContext kContext{.study = "s", .number = 12, .seed = 99, .attempt = 2, .folder = "/w/trials/000012"};

std::vector<std::string> arguments(std::vector<std::string> words) {
  return TrialCommand(std::move(words), {"lr", "layers", "opt", "momentum"}).arguments(kValues, kContext);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(commands_of_trials)

BOOST_AUTO_TEST_CASE(names_in_braces_become_values_and_words_stay_words) {
  const std::vector<std::string> expected{
      "./run", "1e-05", "--layers=3", "ad am", "12-2-99", "/w/trials/000012/parameters.toml", "{x}", "$HOME"};
  BOOST_TEST(arguments({"./run", "{lr}", "--layers={layers}", "{opt}", "{trial}-{attempt}-{seed}", "{parameters}",
                        "{{x}}", "$HOME"}) == expected,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_word_of_a_parameter_that_is_not_active_is_left_out) {
  const std::vector<std::string> expected{"run", "last"};
  BOOST_TEST(arguments({"run", "--momentum={momentum}", "last"}) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_filled_in_is_refused_before_anything_runs) {
  const auto refused = [](std::vector<std::string> words) { return refusal_of([&] { arguments(std::move(words)); }); };
  BOOST_TEST(holds(refused({"run", "{layer}"}), "Did you mean 'layers'?"));
  BOOST_TEST(holds(refused({"run", "{lr"}), "open brace"));
  BOOST_TEST(holds(refused({"run", "lr}"}), "brace too many"));
  BOOST_TEST(holds(refused({}), "empty"));
}

BOOST_AUTO_TEST_CASE(the_environment_has_every_parameter) {
  TrialValues values = kValues;
  values.emplace_back("train.lr-max", true);
  const auto variables = trial_environment(values, kContext);
  const auto has = [&](const char* name, const char* text) {
    return std::ranges::find(variables, std::pair<std::string, std::optional<std::string>>(name, text)) !=
           variables.end();
  };
  BOOST_TEST(has("MOOLA_PARAMETER_LR", "1e-05"));
  BOOST_TEST(has("MOOLA_PARAMETER_OPT", "ad am"));
  BOOST_TEST(has("MOOLA_PARAMETER_TRAIN_LR_MAX", "true"));
  BOOST_TEST(has("MOOLA_TRIAL", "12"));
}

BOOST_AUTO_TEST_CASE(parameters_are_a_file_that_toml_reads) {
  const TrialValues values{{"train.lr", 5.0}, {"x", std::int64_t{-2}},    {"train.name", std::string("a \"b\"\n")},
                           {"flag", false},   {"none", std::monostate{}}, {"own.my net.depth", std::int64_t{4}}};
  const toml::table read = parse_toml(trial_toml(values), "test");
  BOOST_TEST(read["train"]["lr"].value<double>().value() == 5.0);
  BOOST_TEST(read["train"]["lr"].is_floating_point());
  BOOST_TEST(read["train"]["name"].value<std::string>().value() == "a \"b\"\n");
  BOOST_TEST(read["x"].value<std::int64_t>().value() == -2);
  BOOST_TEST(read["flag"].value<bool>().value() == false);
  BOOST_TEST(read["own"]["my net"]["depth"].value<std::int64_t>().value() == 4);
  BOOST_TEST(!read.contains("none"));
}

BOOST_AUTO_TEST_SUITE_END()
