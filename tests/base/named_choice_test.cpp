#include "base/named_choice.h"

#include <boost/test/unit_test.hpp>

#include "tests/support/messages.h"

using namespace moola;

namespace {

enum class Colour { red, green, blue };
constexpr auto kColours = std::to_array<NamedChoice<Colour>>({{"red", Colour::red}, {"green", Colour::green}});

}  // namespace

BOOST_AUTO_TEST_SUITE(named_choices)

BOOST_AUTO_TEST_CASE(a_name_is_its_value_and_the_other_way_round) {
  BOOST_TEST((parse_choice("colour =", "green", kColours) == Colour::green));
  BOOST_TEST(name_of(Colour::red, kColours) == "red");
  BOOST_TEST(name_of(Colour::blue, kColours) == "");
}

BOOST_AUTO_TEST_CASE(a_mistyped_name_hears_the_setting_all_names_and_the_nearest) {
  const auto refused = [](const char* text) {
    return test::refusal_of([&] { parse_choice("colour =", text, kColours); });
  };
  BOOST_TEST(refused("gren") == "colour = \"gren\" is none of red, green. Did you mean 'green'?");
  BOOST_TEST(refused("") == "colour = \"\" is none of red, green.");
}

BOOST_AUTO_TEST_SUITE_END()
