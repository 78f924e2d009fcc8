#include "sweep/space/constraint.h"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <random>

#include "base/error.h"
#include "base/json.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::sweep;
using namespace moola::test;

namespace {

const double kNaN = std::numeric_limits<double>::quiet_NaN();

CategoricalDistribution choices(std::vector<ParameterValue> values) {
  return {std::move(values)};
}

// The parameters of vectors/constraint_values.json.
const std::vector<SpaceParameter>& parameters() {
  static const std::vector<SpaceParameter> out{
      {"lr", FloatDistribution{.low = 1e-6, .high = 1, .log = true}},
      {"layers", IntDistribution{.low = 1, .high = 8}},
      {"warmup", IntDistribution{.low = 0, .high = 100}},
      {"train.dropout", FloatDistribution{.low = 0, .high = 0.5, .step = 0.05}},
      {"opt", choices({std::string("adam"), std::string("sgd"), std::string("lion"), std::string("adamw")})},
      {"bias", choices({true, false})},
      {"mix", choices({std::string("auto"), std::int64_t{3}, 0.5, std::monostate{}, true})}};
  return out;
}

ParameterValue value_of(const Json& json) {
  if (json.is_null()) return std::monostate{};
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (json.is_number()) return json.get<double>();
  return json.get<std::string>();
}

Point point_of(const Json& values) {
  Point out;
  for (std::size_t i = 0; i < values.size(); ++i)
    out.push_back(inner(parameters()[i].distribution, value_of(values[i])).value());
  return out;
}

bool holds_at(const std::string& text, const Point& point) {
  return make_constraint(text, parameters()).holds(point);
}

// lr, layers, warmup, dropout, opt, bias, mix
Point some_point() {
  return {0.01, 4, 5, 0.25, 1, 0, 1};
}

void refused(const std::string& text, const std::vector<std::string>& parts) {
  const std::string said = refusal_of([&] { make_constraint(text, parameters()); });
  BOOST_TEST_CONTEXT(text << " -> " << said) {
    BOOST_TEST(said.starts_with("the constraint \""));
    BOOST_TEST(holds_all(said, parts));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(constraints)

BOOST_AUTO_TEST_CASE(constraints_mean_what_they_mean_in_python) {
  const Json all = read_json(fmt::format("{}/tests/sweep/vectors/constraint_values.json", MOOLA_SOURCE_DIR));
  std::vector<Point> points;
  for (const Json& each : all["points"]) points.push_back(point_of(each));
  std::size_t held = 0, asked = 0;
  for (const Json& row : all["cases"]) {
    const std::string text = row[0], expected = row[1];
    const Constraint constraint = make_constraint(text, parameters());
    BOOST_TEST(constraint.text == text);
    std::string found;
    for (const Point& point : points) found += constraint.holds(point) ? '1' : '0';
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(found == expected);
    }
    held += static_cast<std::size_t>(std::ranges::count(found, '1'));
    asked += found.size();
  }
  BOOST_TEST(asked > 20'000U);
  BOOST_TEST((held > asked / 5 && held < asked * 4 / 5));
}

BOOST_AUTO_TEST_CASE(a_constraint_on_what_is_not_active_holds) {
  Point point = some_point();
  BOOST_TEST(!holds_at("layers > 4 or warmup > 100", point));
  point[2] = kNaN;
  BOOST_TEST(holds_at("layers > 4 or warmup > 100", point));
  BOOST_TEST(!holds_at("layers > 4", point));
}

BOOST_AUTO_TEST_CASE(a_constraint_without_a_value_does_not_hold) {
  Point point = some_point();
  point[2] = 0;
  for (const char* text : {"layers / warmup > 0", "layers % warmup == 0", "not layers / warmup > 0", "log(warmup) < 5",
                           "sqrt(-layers) < 5", "log2(-lr) < 1", "(-layers) ** 0.5 != 2", "warmup ** -1 > 0",
                           "exp(1000 * layers) > 0", "10 ** 300 ** layers > 0", "floor(1e308 * 10 * layers) > 0"})
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(!holds_at(text, point));
    }
  BOOST_TEST(holds_at("warmup == 0 or layers / warmup > 1", point));
  BOOST_TEST(!holds_at("warmup != 0 and layers / warmup > 1", point));
  BOOST_TEST(!holds_at("1 < 0 < layers / warmup", point));
}

BOOST_AUTO_TEST_CASE(spellings_of_other_habits_are_read) {
  const Point point = some_point();
  BOOST_TEST(holds_at("opt == \"sgd\" and {opt} in ['sgd']", point));
  BOOST_TEST(holds_at("bias == True and bias != False and mix != None", point));
  BOOST_TEST(holds_at(" layers\t==\n4 ", point));
  BOOST_TEST(holds_at("+layers == 4. and .5 < 5e-1 + lr", point));
  const std::vector<SpaceParameter> odd{{"weight-decay", IntDistribution{.low = 0, .high = 9}},
                                        {"größe", IntDistribution{.low = 0, .high = 9}},
                                        {"min", IntDistribution{.low = 0, .high = 9}},
                                        {"not", IntDistribution{.low = 0, .high = 9}},
                                        {"layers.0.width", IntDistribution{.low = 0, .high = 9}},
                                        {"say", choices({std::string("it's"), std::string("a\\b\"")})}};
  const Point at{3, 4, 5, 6, 7, 0};
  BOOST_TEST(make_constraint("{weight-decay} - 1 == 2 and größe == 4", odd).holds(at));
  BOOST_TEST(make_constraint("min(min, {not}) == min and {min} == 5", odd).holds(at));
  BOOST_TEST(make_constraint("layers.0.width == 7", odd).holds(at));
  BOOST_TEST(make_constraint(R"(say == 'it\'s' and say != "a\\b\"")", odd).holds(at));
  BOOST_TEST(holds(refusal_of([&] { make_constraint("weight-decay > 1", odd); }), "stands in braces: {weight-decay}"));
}

BOOST_AUTO_TEST_CASE(fixed_values_may_be_named) {
  const std::vector<NamedValue> fixed{{"steps", std::int64_t{10}}, {"device", std::string("cpu")}};
  BOOST_TEST(make_constraint("warmup < steps", parameters(), fixed).holds(some_point()));
  BOOST_TEST(make_constraint("warmup < 3 or device == 'cpu'", parameters(), fixed).holds(some_point()));
  BOOST_TEST(!make_constraint("warmup < 3 or device == 'gpu'", parameters(), fixed).holds(some_point()));
  BOOST_TEST(holds(refusal_of([&] { make_constraint("steps > 3", parameters(), fixed); }), "names no parameter"));
  BOOST_TEST(
      holds(refusal_of([&] { make_constraint("warmup < step", parameters(), fixed); }), "Did you mean 'steps'?"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_refused_with_its_place) {
  refused("", {"at character 1", "it is empty"});
  refused("   ", {"at character 4", "it is empty"});
  refused("layers * widht <= 4096", {"at character 10", "there is no parameter 'widht'"});
  refused("layer < 3", {"at character 1", "Did you mean 'layers'?"});
  refused("opt == sgd", {"at character 8", "'sgd'", "Texts stand in quotes: 'sgd'"});
  refused("opt == 'smd'", {"at character 8", "opt is never 'smd'", "Did you mean 'sgd'?"});
  refused("opt in ['adam', 'lino']", {"at character 17", "Did you mean 'lion'?"});
  refused("opt = 'sgd'", {"at character 5", "write == to compare"});
  refused("layers > 1 && lr < 1", {"at character 12", "write and instead of &&"});
  refused("layers > 1 || lr < 1", {"write or instead of ||"});
  refused("!bias", {"at character 1", "write not instead of !"});
  refused("layers // 2 == 1", {"floor(a / b)"});
  refused("layers ^ 2 == 1", {"write ** instead of ^"});
  refused("layers <> 2", {"write != instead of <>"});
  refused("layers < 3 #", {"'#' is no sign"});
  refused("opt + 1 < 3", {"at character 1", "+ needs a number, and this is a text"});
  refused("-opt == 'sgd'", {"- needs a number"});
  refused("layers ** opt > 1", {"at character 11", "** needs a number"});
  refused("sqrt(opt) > 1", {"sqrt needs a number"});
  refused("layers < 'a'", {"at character 10", "a number and a text have no order"});
  refused("opt < none", {"a text and none have no order"});
  refused("layers == 'a'", {"a number is compared with a text here, which it never equals"});
  refused("opt == none", {"never equals"});
  refused("min(layers, opt) > 1", {"no order"});
  refused("layers", {"it is a number, not a comparison"});
  refused("layers * 2", {"it is a number"});
  refused("opt", {"it is a text"});
  refused("layers and lr", {"it is a number"});
  refused("1 < 2", {"names no parameter"});
  refused("true", {"names no parameter"});
  refused("layers <", {"at character 9", "a number, a text or a name was expected, not the end"});
  refused("layers < )", {"not ')'"});
  refused("(layers < 3", {"at character 12", ") was expected, not the end"});
  refused("layers < 3)", {"at character 11", "an operator or the end was expected, not ')'"});
  refused("layers lr", {"at character 8", "an operator or the end was expected, not 'lr'"});
  refused("layers < 3 and", {"not the end"});
  refused("and layers < 3", {"not 'and'"});
  refused("layers in 3", {"a list was expected after in"});
  refused("layers in []", {"was expected in the list, not ']'"});
  refused("layers in [1, lr]", {"was expected in the list, not 'lr'"});
  refused("layers in [-'a']", {"was expected in the list"});
  refused("layers in [1", {"] was expected, not the end"});
  refused("layers in [1] == bias", {"an operator or the end was expected"});
  refused("layers not 3", {"an operator or the end was expected, not 'not'"});
  refused("foo(layers) > 1", {"there is no function 'foo'", "min, max"});
  refused("sqr(layers) > 1", {"Did you mean 'sqrt'?"});
  refused("sqrt(layers, 2) > 1", {"sqrt takes one value"});
  refused("min(layers) > 1", {"min takes two values or more"});
  refused("min() > 1", {"not ')'"});
  refused("3layers > 1", {"'l' follows the number 3 without an operator"});
  refused("layers > 1e999", {"beyond what a double holds"});
  refused("opt == 'sgd", {"at character 8", "quote is not closed"});
  refused("opt == 'sg\\d'", {"at character 11", "a backslash in a text"});
  refused("opt == 'sgd\\", {"a backslash in a text"});
  refused("{lr < 1", {"the brace is not closed"});
  refused("'ü' == opt and layerz > 1", {"at character 8", "opt is never 'ü'"});
  refused("opt != 'adam' and 'ä' < opt and layerz > 1", {"at character 33", "layerz"});
}

BOOST_AUTO_TEST_CASE(hostile_texts_end_in_a_refusal) {
  const auto repeated = [](const std::string& part, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += part;
    return out;
  };
  refused(repeated("(", 9000), {"nested too deeply"});
  refused(repeated("(", 9000) + "layers", {"nested too deeply"});
  refused("1" + repeated("**1", 3000) + " < layers", {"nested too deeply"});
  refused(repeated("layers+(", 1000), {"nested too deeply"});
  refused(repeated("min(1,", 1000), {"nested too deeply"});
  refused(repeated("x", 20'000), {"longer than 10000 characters", "…"});
  refused(repeated("x", 9'000), {"there is no parameter"});
  refused(std::string("\0layers", 7), {"is no sign"});
  BOOST_TEST(holds_at(repeated("not ", 2000) + "layers == 4", some_point()));
  BOOST_TEST(holds_at(repeated("(", 90) + "layers" + repeated(")", 90) + " == 4", some_point()));
  BOOST_TEST(holds_at(repeated("-", 5000) + "layers == 4", some_point()));
  BOOST_TEST(holds_at("layers" + repeated("+1", 4000) + " == 4004", some_point()));
  BOOST_TEST(!holds_at("layers < 0" + repeated(" or bias == false", 500), some_point()));
  BOOST_TEST(holds_at("0" + repeated("<=layers", 1000), some_point()));
}

BOOST_AUTO_TEST_CASE(random_bytes_never_break_anything) {
  std::mt19937_64 random(7);
  static const std::vector<std::string> words{"layers", "opt",  "mix", "(",  ")",   "[",  "]",     ",",  "and", "or",
                                              "not",    "in",   "<",   "==", "+",   "**", "'sgd'", "3",  "-",   "min",
                                              "true",   "none", "{",   "}",  "0.5", "%",  "\"",    "\\", ".",   "\xff"};
  std::size_t accepted = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string text;
    for (std::size_t n = random() % 9 + 1; n > 0; --n) text += words[random() % words.size()] + " ";
    try {
      make_constraint(text, parameters()).holds(some_point());
      ++accepted;
    } catch (const ConfigError&) {
    }
  }
  BOOST_TEST(accepted > 50U);
}

BOOST_AUTO_TEST_SUITE_END()
