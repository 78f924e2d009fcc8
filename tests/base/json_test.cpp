#include "base/json.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "config_fixture.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;

BOOST_AUTO_TEST_SUITE(json)

BOOST_AUTO_TEST_CASE(keys_keep_their_order) {
  Json value;
  value["zebra"] = 1;
  value["ant"] = 2;
  BOOST_TEST(json_text(value) == R"({"zebra":1,"ant":2})");
  BOOST_TEST(json_text(parse_json(R"({ "zebra": 1, "ant": 2 })", "x")) == R"({"zebra":1,"ant":2})");
}

BOOST_AUTO_TEST_CASE(an_indent_puts_each_element_on_its_line) {
  const Json value = {{"a", {1, 2}}, {"b", Json::object()}, {"c", Json::array()}, {"d", nullptr}, {"e", true}};
  BOOST_TEST(json_text(value, 2) ==
             "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n  \"c\": [],\n  \"d\": null,\n  \"e\": true\n}");
}

BOOST_AUTO_TEST_CASE(numbers_are_short_and_read_back_exactly) {
  BOOST_TEST(json_text(0.1) == "0.1");
  BOOST_TEST(json_text(1.0) == "1.0");
  BOOST_TEST(json_text(-0.0) == "-0.0");
  BOOST_TEST(json_text(1e22) == "1e+22");
  BOOST_TEST(json_text(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  BOOST_TEST(json_text(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  for (const double value : {0.1 + 0.2, 1.0 / 3, 5e-324, 1.7976931348623157e308, -2.5}) {
    BOOST_TEST(parse_json(json_text(value), "x").get<double>() == value);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_number_in_json_is_a_text_and_comes_back) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Json value = {std::nan(""), kInfinity, -kInfinity};
  BOOST_TEST(json_text(value) == R"(["NaN","Infinity","-Infinity"])");
  const Json back = parse_json(json_text(value), "x");
  BOOST_TEST(std::isnan(json_number(back[0]).value()));
  BOOST_TEST(json_number(back[1]).value() == kInfinity);
  BOOST_TEST(json_number(back[2]).value() == -kInfinity);
  BOOST_TEST(json_number(Json(3)).value() == 3.0);
  BOOST_TEST(!json_number(Json("3")).has_value());
  BOOST_TEST(!json_number(Json()).has_value());
}

BOOST_AUTO_TEST_CASE(texts_are_escaped_and_broken_utf8_is_replaced) {
  BOOST_TEST(json_text("a\"b\\c\n\x01") == R"("a\"b\\c\n\u0001")");
  BOOST_TEST(json_text("\xff") == "\"\xef\xbf\xbd\"");
}

BOOST_AUTO_TEST_CASE(what_is_no_json_names_where_it_stood) {
  for (const char* text :
       {"", "{", "{\"a\":}", "nul", "[1,]", "1 2", "\"\xff\"", "{'a':1}", "// x\n1", "1e999", "NaN"}) {
    const std::string message = message_of<DataError>([&] { parse_json(text, "runs/x/manifest.json"); });
    BOOST_TEST(holds(message, "runs/x/manifest.json is not JSON"), text);
  }
}

BOOST_AUTO_TEST_CASE(a_key_that_is_there_twice_is_refused_and_named) {
  BOOST_TEST(holds(message_of<DataError>([] { parse_json(R"({"a": 1, "b": {"c": 1, "c": 2}})", "x"); }),
                   R"(has the key "c" twice)"));
  BOOST_CHECK_NO_THROW(parse_json(R"([{"a": 1, "b": {"a": 1}}, {"a": 2}])", "x"));
}

BOOST_AUTO_TEST_CASE(nesting_has_an_end) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  BOOST_TEST(json_text(parse_json(nested(200), "x")) == nested(200));
  BOOST_TEST(holds(message_of<DataError>([&] { parse_json(nested(201), "x"); }), "nested more than 200 levels deep"));
  BOOST_CHECK_THROW(parse_json(std::string(1'000'000, '['), "x"), DataError);
}

BOOST_AUTO_TEST_CASE(a_file_is_named_when_it_is_broken_or_missing) {
  const TemporaryFolder folder;
  write_file(folder / "a.json", "{\"x\": 1}\n");
  BOOST_TEST(read_json(folder / "a.json").at("x").get<int>() == 1);
  write_file(folder / "b.json", "{\"x\": ");
  BOOST_TEST(holds(message_of<DataError>([&] { read_json(folder / "b.json"); }), (folder / "b.json").string()));
  BOOST_TEST(holds(message_of<IoError>([&] { read_json(folder / "c.json"); }), (folder / "c.json").string()));
}

BOOST_AUTO_TEST_SUITE_END()
