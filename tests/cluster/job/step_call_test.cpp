// Arrays, and the words that each element of a step is called with.
#include "cluster/job/step_call.h"

#include <boost/test/unit_test.hpp>

#include "base/error.h"
#include "base/toml.h"
#include "cluster/job/memory_size.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::cluster;
using namespace moola::test;

namespace {

StepArray array(const std::string& text) {
  const toml::table table = parse_toml("array = " + text, "job.toml");
  return read_step_array(*table.get("array"), "job.toml");
}

void refused(const std::string& text, const std::vector<std::string>& parts) {
  const std::string message = message_of<ConfigError>([&] { array(text); });
  BOOST_TEST(holds_all(message, parts), message);
}

std::vector<std::string> words(const JobStep& step, std::size_t index = 0) {
  return StepCall(step).element(index, {.run = "r1", .workspace = "/w s", .program = "/opt/moola"}).words;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(step_calls)

BOOST_AUTO_TEST_CASE(an_array_goes_over_a_list_a_grid_or_seeds) {
  BOOST_TEST(array("{ seeds = 3 }").elements.size() == 3U);
  BOOST_TEST((array("{ seeds = [7, 5] }").elements[1] == ArrayElement{{"seed", std::int64_t{5}}}));
  BOOST_TEST((array("{ list = [\"a\", \"b c\"] }").elements[1] == ArrayElement{{"element", "b c"}}));
  const StepArray list = array("{ list = [{ b = 1, a = true }, { a = false, b = 2.5 }], at_a_time = 2 }");
  BOOST_TEST((list.elements[1] == ArrayElement{{"b", 2.5}, {"a", false}}));
  BOOST_TEST(list.at_a_time == 2);
  // As written, the last the fastest.
  const StepArray grid = array("{ grid = { z = [1, 2], \"a.b\" = [\"x\", \"y\", \"z\"] } }");
  BOOST_REQUIRE(grid.elements.size() == 6U);
  BOOST_TEST((grid.elements[1] == ArrayElement{{"z", std::int64_t{1}}, {"a.b", "y"}}));
  BOOST_TEST((grid.elements[3] == ArrayElement{{"z", std::int64_t{2}}, {"a.b", "x"}}));
}

BOOST_AUTO_TEST_CASE(an_array_that_makes_no_sense_is_refused) {
  refused("{ list = [] }", {"job.toml, line 1", "goes over nothing"});
  refused("{ grid = {} }", {"goes over nothing"});
  refused("{ grid = { a = [] } }", {"a has no value"});
  refused("{ seeds = 0 }", {"seeds must be a whole number from 1"});
  refused("{ seeds = [1, 1] }", {"seed = 1 stands in it twice"});
  refused("{ at_a_time = 3 }", {"give it what it goes over"});
  refused("{ seeds = 2, list = [1] }", {"found two of them"});
  refused("{ sedes = 2 }", {"Did you mean 'seeds'?"});
  refused("{ list = [{ a = 1 }, { b = 1 }] }", {"others than those of the first"});
  refused("{ grid = { a = [1, 2], b = 3 } }", {"b must be a list, not the integer 3"});
  refused("3", {"a table was expected"});
  refused("{ seeds = 100001 }", {"100000"});
}

BOOST_AUTO_TEST_CASE(words_are_filled_whatever_the_values_are) {
  JobStep step{.name = "s", .command = {"./x", "--v={v}", "{{{index}}}", "{workspace}/{run}/{step}"}};
  const std::string awkward = "a 'b' \"c\" $HOME `x`\n,;{v}\\";
  step.array.elements = {{{"v", std::int64_t{1}}}, {{"v", awkward}}};
  BOOST_TEST((words(step, 1) == std::vector<std::string>{"./x", "--v=" + awkward, "{1}", "/w s/r1/s"}));
  step.environment = {{"A", "{v}!"}};
  const ElementCall call = StepCall(step).element(1, {.run = "r1", .workspace = "/w", .program = "m"});
  BOOST_TEST(call.environment.front().second == awkward + "!");
  BOOST_CHECK_THROW(StepCall(step).element(2, {}), std::out_of_range);
}

BOOST_AUTO_TEST_CASE(a_job_gets_its_configuration_its_settings_and_the_arrays_keys) {
  JobStep step{.name = "s",
               .job = "pretrain",
               .config = "/c/p.toml",
               .settings = {"output.name=\"e{seed}\""},
               .nodes = 2,
               .ranks = 4};
  step.array.elements = {{{"seed", std::int64_t{3}}, {"train.lr", 0.001}, {"model.name", "ts2vec"}}};
  BOOST_TEST((words(step) == std::vector<std::string>{"/opt/moola", "pretrain", "/c/p.toml", "--workspace", "/w s",
                                                      "--ranks", "8", "--set", "output.name=\"e3\"", "--set",
                                                      "train.lr=0.001", "--set", "model.name=\"ts2vec\""}));
}

BOOST_AUTO_TEST_CASE(a_value_may_not_take_one_of_our_names) {
  JobStep step{.name = "s", .command = {"x"}};
  step.array.elements = {{{"index", std::int64_t{3}}}};
  BOOST_TEST(holds(message_of<ConfigError>([&] { StepCall{step}; }), "{index} means something else"));
}

BOOST_AUTO_TEST_CASE(memory_has_a_unit) {
  BOOST_TEST(parse_memory("512M") == 512);
  BOOST_TEST(parse_memory("1.5G") == 1536);
  BOOST_TEST(parse_memory("2T") == 2 * 1024 * 1024);
  BOOST_TEST(parse_memory("0.1M") == 1);
  for (const char* text : {"", "G", "64", "64GB", "64 G", "-1G", "0G", "nanG", "infG", "1e30T", "64g"})
    BOOST_CHECK_THROW(parse_memory(text), ConfigError);
  for (const std::int64_t size : {1LL, 1023LL, 1024LL, 1536LL, 1048576LL, 3145728LL})
    BOOST_TEST(parse_memory(memory_text(size)) == size);
}

BOOST_AUTO_TEST_SUITE_END()
