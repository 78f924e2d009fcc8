#include "sweep/space/space_toml.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <random>

#include "base/error.h"
#include "sweep/samplers/draws.h"
#include "sweep/space/constraint.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::sweep;
using namespace moola::test;

namespace {

const double kNaN = std::numeric_limits<double>::quiet_NaN();

ConfiguredSpace read(const std::string& text) {
  return parse_space(parse_toml(text, "sweep.toml"), "sweep.toml");
}

void refused(const std::string& text, const std::vector<std::string>& parts) {
  const std::string said = refusal_of([&] { read(text); });
  BOOST_TEST_CONTEXT(text << " -> " << said) {
    BOOST_TEST(said.starts_with("sweep.toml"));
    BOOST_TEST(holds_all(said, parts));
  }
}

std::vector<std::string> names(const SearchSpace& space) {
  std::vector<std::string> out;
  for (const SpaceParameter& each : space.parameters()) out.push_back(each.name);
  return out;
}

bool same_condition(const std::optional<Condition>& a, const std::optional<Condition>& b) {
  return a.has_value() == b.has_value() && (!a || (a->parameter == b->parameter && a->values == b->values));
}

void check_equal(const ConfiguredSpace& a, const ConfiguredSpace& b) {
  BOOST_REQUIRE_EQUAL(a.space.size(), b.space.size());
  for (std::size_t i = 0; i < a.space.size(); ++i) {
    BOOST_TEST(a.space[i].name == b.space[i].name);
    BOOST_TEST((a.space[i].distribution == b.space[i].distribution));
    BOOST_TEST(same_condition(a.space[i].when, b.space[i].when));
  }
  BOOST_REQUIRE_EQUAL(a.space.constraints().size(), b.space.constraints().size());
  for (std::size_t i = 0; i < a.space.constraints().size(); ++i)
    BOOST_TEST(a.space.constraints()[i].text == b.space.constraints()[i].text);
  BOOST_TEST((a.fixed == b.fixed));
  BOOST_REQUIRE_EQUAL(a.enqueued.size(), b.enqueued.size());
  for (std::size_t i = 0; i < a.enqueued.size(); ++i) BOOST_TEST(same_point(a.enqueued[i], b.enqueued[i]));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spaces_in_configurations)

BOOST_AUTO_TEST_CASE(every_kind_of_parameter_is_read) {
  const ConfiguredSpace read_space = read(R"(
    x = { float = [-5, 5.0] }
    lr = { float = [1e-5, 1e-1], log = true }
    dropout = { float = [0, 0.5], step = 0.05 }
    layers = { int = [1, 4] }
    width = { int = [16, 250], step = 16 }
    batch = { int = [1, 64], log = true }
    opt = { choice = ["adam", 3, 0.5, true, {}] }
    steps = { value = 1000 }
    name = { value = {} }
  )");
  const SearchSpace& space = read_space.space;
  BOOST_TEST(names(space) == (std::vector<std::string>{"x", "lr", "dropout", "layers", "width", "batch", "opt"}),
             boost::test_tools::per_element());
  BOOST_TEST((space[0].distribution == Distribution(FloatDistribution{.low = -5, .high = 5})));
  BOOST_TEST((space[1].distribution == Distribution(FloatDistribution{.low = 1e-5, .high = 0.1, .log = true})));
  BOOST_TEST((space[2].distribution == Distribution(FloatDistribution{.low = 0, .high = 0.5, .step = 0.05})));
  BOOST_TEST((space[3].distribution == Distribution(IntDistribution{.low = 1, .high = 4})));
  BOOST_TEST((space[4].distribution == Distribution(IntDistribution{.low = 16, .high = 240, .step = 16})));
  BOOST_TEST((space[5].distribution == Distribution(IntDistribution{.low = 1, .high = 64, .log = true})));
  BOOST_TEST((space[6].distribution == Distribution(CategoricalDistribution{
                                           {std::string("adam"), std::int64_t{3}, 0.5, true, std::monostate{}}})));
  BOOST_TEST((read_space.fixed == std::vector<NamedValue>{{"steps", std::int64_t{1000}}, {"name", std::monostate{}}}));
}

BOOST_AUTO_TEST_CASE(keys_of_a_configuration_are_quoted_or_nested) {
  const std::vector<std::string> expected{"train.lr", "model.layers", "model.hidden", "train.clip"};
  for (const char* text : {R"("train.lr" = { float = [0, 1] }
                              "model.layers" = { int = [1, 4] }
                              "model.hidden" = { int = [1, 4] }
                              "train.clip" = { float = [0, 1] })",
                           R"(train.lr = { float = [0, 1] }
                              model.layers = { int = [1, 4] }
                              model.hidden = { int = [1, 4] }
                              train.clip = { float = [0, 1] })"})
    BOOST_TEST(names(read(text).space) == expected, boost::test_tools::per_element());
  BOOST_TEST(names(read("[train]\nlr = { float = [0, 1] }\n[model.head]\nvalue = { int = [1, 2] }\n").space) ==
                 (std::vector<std::string>{"train.lr", "model.head.value"}),
             boost::test_tools::per_element());
  refused("train.lr = { float = [0, 1] }\n\"train.lr\" = { float = [0, 1] }", {"train.lr", "twice"});
}

BOOST_AUTO_TEST_CASE(parameters_stand_behind_those_that_their_conditions_name) {
  const SearchSpace space = read(R"(
    zeta = { int = [1, 4] }
    damping = { float = [0, 1], when = { momentum = [0.5, 1] } }
    width = { int = [1, 4] }
    momentum = { float = [0, 1], step = 0.5, when = { opt.name = ["sgd", "lion"] } }
    opt.name = { choice = ["adam", "sgd", "lion"] }
    alpha = { int = [1, 4] }
    beta = { value = 0.9, when = { "opt.name" = "adam" } }
  )")
                                .space;
  BOOST_TEST(
      names(space) == (std::vector<std::string>{"zeta", "opt.name", "momentum", "damping", "width", "alpha", "beta"}),
      boost::test_tools::per_element());
  BOOST_TEST(same_condition(space[2].when, Condition{1, {1, 2}}));
  BOOST_TEST(same_condition(space[3].when, Condition{2, {0.5, 1}}));
  BOOST_TEST(same_condition(space[6].when, Condition{1, {0}}));
  BOOST_TEST((space[6].distribution == Distribution(CategoricalDistribution{{0.9}})));
}

BOOST_AUTO_TEST_CASE(a_condition_on_a_fixed_value_is_met_or_refused) {
  const SearchSpace space =
      read("opt = { value = \"sgd\" }\nmomentum = { float = [0, 1], when = { opt = \"sgd\" } }").space;
  BOOST_TEST((space.size() == 1U && !space[0].when));
  refused("opt = { value = \"adam\" }\nmomentum = { float = [0, 1], when = { opt = \"sgd\" } }",
          {"line 2", "momentum", "never met, for opt is fixed to adam"});
}

BOOST_AUTO_TEST_CASE(constraints_may_name_parameters_and_fixed_values) {
  const ConfiguredSpace all = read(R"(
    warmup = { int = [0, 2000] }
    train.steps = { value = 1000 }
    constraints = ["warmup < train.steps", "warmup != 7"]
  )");
  BOOST_TEST(all.space.allows({999}));
  BOOST_TEST(!all.space.allows({1000}));
  BOOST_TEST(!all.space.allows({7}));
  refused("x = { int = [0, 1] }\nconstraints = [\n\"x < 1\",\n\"y < 1\"]",
          {"line 4", "at character 1", "no parameter 'y'"});
  refused("x = { int = [0, 1] }\nconstraints = [3]", {"line 2", "constraints: a text was expected"});
  refused("x = { int = [0, 1] }\nconstraints = \"x < 1\"", {"a list was expected", "the text \"x < 1\""});
}

BOOST_AUTO_TEST_CASE(points_are_enqueued_as_far_as_they_are_given) {
  const std::string space = R"(
    x = { float = [0, 1] }
    opt = { choice = ["adam", "sgd"] }
    momentum.rate = { float = [0, 1], when = { opt = "sgd" } }
    n = { int = [1, 9] }
    seed = { value = 5 }
    constraints = ["x * n < 5"]
  )";
  const ConfiguredSpace all = read(space + R"(
    enqueue = [{ x = 1, opt = "adam" }, { n = 2.0, seed = 5.0, opt = "sgd", momentum.rate = 0.5 }, { "momentum.rate" = 1, opt = "sgd" }]
  )");
  BOOST_REQUIRE_EQUAL(all.enqueued.size(), 3U);
  BOOST_TEST(same_point(all.enqueued[0], {1, 0, kNaN, kNaN}));
  BOOST_TEST(same_point(all.enqueued[1], {kNaN, 1, 0.5, 2}));
  BOOST_TEST(same_point(all.enqueued[2], {kNaN, 1, 1, kNaN}));
  const auto bad = [&](const std::string& point, const std::vector<std::string>& parts) {
    refused(space + "enqueue = [" + point + "]", parts);
  };
  bad("{ x = 2 }", {"line 8", "x is 2 here, but its values are numbers from 0 to 1"});
  bad("{ n = 1.5 }", {"integers from 1 to 9"});
  bad("{ n = \"1\" }", {"n is 1 here"});
  bad("{ opt = \"sdg\" }", {"its values are adam, sgd", "Did you mean 'sgd'?"});
  bad("{ optt = \"sgd\" }", {"a point names 'optt', which is no parameter. Did you mean 'opt'?"});
  bad("{ seed = 6 }", {"seed is 6 here, but it is fixed to 5"});
  bad("{ momentum.rate = 0.5 }", {"give opt too"});
  bad("{ opt = \"adam\", momentum.rate = 0.5 }", {"does not matter where opt is adam"});
  bad("{ x = 1, n = 5 }", {"not allowed by the constraint x * n < 5"});
  bad("{}", {"not an empty one"});
  bad("3", {"a point was expected", "the integer 3"});
  bad("{ x = 1979-05-27 }", {"a date or time"});
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_said_with_line_key_and_what_to_write) {
  refused("lr = { flaot = [0, 1] }", {"line 1", "lr: 'flaot' is none of a parameter's keys", "Did you mean 'float'?"});
  refused("\n\nlr = 0.1", {"line 3", "lr: a table was expected", "the number 0.1", "{ value = … }"});
  refused("lr = [0, 1]", {"a table was expected", "a list"});
  refused("lr = {}", {"one of float, int, choice and value was expected, not none"});
  refused("lr = { log = true }", {"not none"});
  refused("lr = { float = [0, 1], int = [0, 1] }", {"float and int"});
  refused("lr = { float = [0, 1, 2] }", {"two ends of a range", "a list of 3"});
  refused("lr = { float = 3 }", {"two ends", "the integer 3"});
  refused("lr = { float = [0, \"a\"] }", {"the text \"a\""});
  refused("n = { int = [1, 4.5] }", {"two integers", "the number 4.5"});
  refused("n = { int = [4, 1] }", {"line 1", "n: the lower end 4"});
  refused("n = { int = [1, 4], step = 1.5 }", {"step takes an integer, not the number 1.5"});
  refused("n = { int = [1, 4], step = 0 }", {"above 0, not 0"});
  refused("x = { float = [0, 1], step = 0 }", {"above 0, not 0"});
  refused("x = { float = [0, 1], step = nan }", {"above 0"});
  refused("x = { float = [0, inf] }", {"finite"});
  refused("x = { float = [0, 1], log = true }", {"log = true needs a range above 0"});
  refused("x = { float = [0, 1], log = 1 }", {"log is true or false, not the integer 1"});
  refused("x = { choice = [\"a\"], log = true }", {"log goes with float and int, not with choice"});
  refused("x = { value = 3, step = 1 }", {"step goes with float and int, not with value"});
  refused("x = { choice = \"a\" }", {"choice takes a list", "the text \"a\""});
  refused("x = { choice = [] }", {"no choice"});
  refused("x = { choice = [\"a\", \"a\"] }", {"stands there twice"});
  refused("x = { choice = [[1]] }", {"a choice of the list takes a number", "a list"});
  refused("x = { choice = [nan] }", {"a choice of the list"});
  refused("x = { value = [1, 2] }", {"value = takes a number"});
  refused("x = { int = [0, 1], when = 3 }", {"when takes one parameter", "the integer 3"});
  refused("x = { int = [0, 1], when = {} }", {"when takes one parameter", "not none"});
  refused("x = { int = [0, 1], when = { a = 1, b = 2 } }", {"2 of them"});
  refused("x = { int = [0, 1], when = { why = 1 } }\nwhy_not = { int = [0, 1] }",
          {"its condition names 'why', which is no parameter. Did you mean 'why_not'?"});
  refused("opt = { choice = [\"a\"] }\nx = { int = [0, 1], when = { opt = \"b\" } }",
          {"line 2", "its condition says opt = b, but the values of opt are a"});
  refused("n = { int = [0, 8], step = 4 }\nx = { int = [0, 1], when = { n = [4, 5] } }", {"n = 5", "in steps of 4"});
  refused("n = { int = [0, 8] }\nx = { int = [0, 1], when = { n = [] } }", {"names no value of n"});
  refused("n = { float = [0, 8] }\nx = { int = [0, 1], when = { n = 4 } }",
          {"on n, which is any number", "with a step"});
  refused(
      "a = { int = [0, 1], when = { b = 1 } }\nb = { int = [0, 1], when = { c = 1 } }\nc = { int = [0, 1], when = { a "
      "= 1 } }",
      {"comes back to itself: a needs b needs c needs a"});
  refused("a = { int = [0, 1], when = { a = 1 } }", {"comes back to itself: a needs a"});
  refused("constraints = { int = [0, 1] }", {"A parameter can't be called so"});
  refused("\"\" = { int = [0, 1] }", {"has no name"});
  refused("enqueue = 3", {"a list was expected, of points"});
}

BOOST_AUTO_TEST_CASE(conditions_that_lead_too_far_are_refused) {
  std::string chain;
  for (int i = 0; i < 300; ++i)
    chain += "p" + std::to_string(i) + " = { int = [0, 1], when = { p" + std::to_string(i + 1) + " = 1 } }\n";
  refused(chain + "p300 = { int = [0, 1] }\n", {"more than 100 conditions"});
}

BOOST_AUTO_TEST_CASE(spaces_are_written_as_they_are_read) {
  const std::string text = R"(steps = { value = 1000 }
opt = { choice = ["adam", 3, 0.5, true, {}] }
"train.lr" = { float = [1e-05, 0.1], log = true }
momentum = { float = [0.0, 1.0], step = 0.25, when = { opt = ["adam", {}] } }
width = { int = [16, 240], step = 16, when = { momentum = 0.5 } }
constraints = [
  "width * train.lr < 1",
  "opt != 'adam' or momentum < 0.9",
]
enqueue = [
  { opt = 3, "train.lr" = 0.001 },
  { opt = {}, momentum = 0.5, width = 32 },
]
)";
  BOOST_TEST(space_text(read(text)) == text);
  ConfiguredSpace reserved;
  reserved.space = SearchSpace({{"enqueue", IntDistribution{}}});
  BOOST_TEST(holds(refusal_of([&] { space_text(reserved); }), "is called enqueue"));
}

BOOST_AUTO_TEST_CASE(random_spaces_are_written_and_read_back_equal) {
  std::mt19937_64 random(3);
  const auto below = [&](std::uint64_t n) { return static_cast<std::int64_t>(random() % n); };
  static const std::vector<std::string> odd{"a.b", "größe", "with space", "quo\"te", "tab\t", "value", "when", "x-y"};
  for (int i = 0; i < 300; ++i) {
    std::vector<SpaceParameter> parameters;
    for (std::int64_t n = below(7); n >= 0; --n) {
      const std::string name = (below(2) == 0 ? odd[random() % odd.size()] : "p") + std::to_string(n);
      const double low = std::ldexp(static_cast<double>(below(1000)) + 1, static_cast<int>(below(60)) - 30);
      SpaceParameter each{name, FloatDistribution{.low = low, .high = low * 1.7, .log = below(2) == 0}};
      if (below(3) == 0) each.distribution = FloatDistribution{.low = -low, .high = low, .step = low / 7};
      if (below(3) == 0)
        each.distribution = IntDistribution{.low = -below(9), .high = 3 + below(99), .step = 1 + below(3)};
      if (below(3) == 0) {
        each.distribution =
            CategoricalDistribution{{odd[random() % odd.size()], below(9), static_cast<double>(below(9)) / 8 + 0.01,
                                     below(2) == 0, std::monostate{}}};
      }
      if (!parameters.empty() && below(2) == 0) {
        Condition when{random() % parameters.size(), {}};
        const Distribution parent = checked(parameters[when.parameter].distribution, "parent");
        KeyedRandom drawn = draws(1, static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(n));
        SearchSpace alone({{"parent", parent}});
        for (std::int64_t k = below(3); k >= 0; --k) when.values.push_back(random_point(alone, drawn)[0]);
        if (count_of(parent)) each.when = when;
      }
      parameters.push_back(each);
    }
    ConfiguredSpace space;
    space.space = SearchSpace(parameters);
    space.fixed = {{"fixed one", below(9)}, {"fixed.two", std::string("a\nb")}, {"three", std::monostate{}}};
    KeyedRandom drawn = draws(2, static_cast<std::uint64_t>(i), 0);
    space.enqueued = {random_point(space.space, drawn)};
    const std::string text = space_text(space);
    BOOST_TEST_CONTEXT(text) {
      check_equal(read(text), space);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
