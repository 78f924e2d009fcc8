// Texts with names in braces.
#include <boost/test/unit_test.hpp>
#include <map>

#include "base/error.h"
#include "base/text_template.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;

namespace {

const std::vector<std::string> kNames{"lr", "name with space", "größe"};

std::optional<std::string> filled(const std::string& text, const std::map<std::string, std::string>& values) {
  return TextTemplate(text, kNames, "the text").filled([&](const std::string& name) -> std::optional<std::string> {
    const auto at = values.find(name);
    return at == values.end() ? std::nullopt : std::optional(at->second);
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(text_template)

BOOST_AUTO_TEST_CASE(names_become_values_and_all_else_stays) {
  BOOST_TEST(filled("--lr={lr}", {{"lr", "0.1"}}).value() == "--lr=0.1");
  BOOST_TEST(filled("{lr}{lr}", {{"lr", "{größe}"}}).value() == "{größe}{größe}");
  BOOST_TEST(filled("{name with space}/{größe}", {{"name with space", "$a\n"}, {"größe", ""}}).value() == "$a\n/");
  BOOST_TEST(filled("", {}).value() == "");
  BOOST_TEST(filled("awk '{{ print }}'", {}).value() == "awk '{ print }'");
  BOOST_TEST(filled("{{lr}}", {}).value() == "{lr}");
}

BOOST_AUTO_TEST_CASE(without_a_value_there_is_no_text) {
  BOOST_TEST(!filled("--lr={lr}", {}).has_value());
}

BOOST_AUTO_TEST_CASE(what_makes_no_sense_is_refused) {
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
           {"{lt}", "the text names 'lt', which is no parameter. Did you mean 'lr'?"},
           {"{}", "the text names ''"},
           {"{lr", "the text has an open brace; a brace itself is written {{."},
           {"lr}", "the text has a brace too many; a brace itself is written }}."}}) {
    const std::string message = message_of<ConfigError>([&] { TextTemplate(text, kNames, "the text"); });
    BOOST_TEST(holds(message, part), message);
  }
}

BOOST_AUTO_TEST_SUITE_END()
