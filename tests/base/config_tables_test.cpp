// Tables that the user names.
#include <boost/test/unit_test.hpp>
#include <map>

#include "base/atomic_file.h"
#include "base/config.h"
#include "base/error.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::test;

namespace {

struct Zoo {
  struct Animal {
    std::string food;
    std::int64_t legs = 4, sleep_hours = 8;
  };
  std::map<std::string, Animal> animals;
  std::int64_t keepers = 1;
  ConfigSchema schema{"zoo"};
  TemporaryFolder folder;

  Zoo() {
    schema.table("staff", "People.");
    schema.key("keepers", keepers).help("how many");
    schema.tables("animal", "One that lives here.", [this](const std::string& name) {
      schema.key("food", animals[name].food).help("what it eats");
      schema.key("legs", animals[name].legs).range(0, 1000).help("how many");
      schema.key("sleep.hours", animals[name].sleep_hours).range(0, 24).help("of a day");
      schema.leave_to_others("friends");
    });
    schema.table("gates", "Where one gets in.");
  }
  void load(const std::string& text, const std::vector<std::string>& settings = {}) {
    const auto file = folder.path() / "zoo.toml";
    write_file(file, text);
    schema.load(file, settings);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(config_tables)

BOOST_AUTO_TEST_CASE(there_are_as_many_as_are_named) {
  Zoo zoo;
  zoo.load("[animal.bear]\nfood = \"honey\"\n[animal.ant-1]\nlegs = 6\n[staff]\nkeepers = 3\n", {"animal.owl.legs=2"});
  BOOST_TEST(zoo.keepers == 3);
  BOOST_TEST(zoo.animals.size() == 3U);
  BOOST_TEST(zoo.animals["bear"].food == "honey");
  BOOST_TEST(zoo.animals["bear"].legs == 4);
  BOOST_TEST(zoo.animals["ant-1"].legs == 6);
  BOOST_TEST(zoo.animals["owl"].legs == 2);
  BOOST_TEST(zoo.schema.given("animal.bear.food"));
  BOOST_TEST(!zoo.schema.given("animal.bear.legs"));
  BOOST_TEST(zoo.schema.named_tables("animal").size() == 3U);
}

BOOST_AUTO_TEST_CASE(keys_of_one_may_stand_in_tables_of_its_own) {
  Zoo zoo;
  zoo.load("[animal.bear]\nsleep.hours = 12\nfriends = { ant = 1 }\n[animal.owl.sleep]\nhours = 10\n",
           {"animal.ant.sleep.hours=0"});
  BOOST_TEST(zoo.animals["bear"].sleep_hours == 12);
  BOOST_TEST(zoo.animals["owl"].sleep_hours == 10);
  BOOST_TEST(zoo.animals["ant"].sleep_hours == 0);
  BOOST_TEST(zoo.animals.size() == 3U);
  Zoo again;
  again.load(zoo.schema.resolved());
  BOOST_TEST(again.schema.resolved() == zoo.schema.resolved());
  Zoo wrong;
  const std::string message = message_of<ConfigError>([&] { wrong.load("[animal.bear.sleep]\nhuors = 12\n"); });
  BOOST_TEST(holds(message, "zoo.toml, line 2: the key 'animal.bear.sleep.huors' is unknown"), message);
  BOOST_TEST(holds(message, "Did you mean 'animal.bear.sleep.hours'?"), message);
}

BOOST_AUTO_TEST_CASE(none_is_no_mistake) {
  Zoo zoo;
  zoo.load("[staff]\nkeepers = 3\n");
  BOOST_TEST(zoo.animals.empty());
  BOOST_TEST(zoo.schema.named_tables("animal").empty());
}

BOOST_AUTO_TEST_CASE(what_is_resolved_is_read_back) {
  Zoo zoo, again;
  zoo.load("[animal.bear]\nfood = \"honey\"\n", {"animal.ant.legs=6"});
  again.load(zoo.schema.resolved());
  BOOST_TEST(again.animals["bear"].food == "honey");
  BOOST_TEST(again.animals["ant"].legs == 6);
  BOOST_TEST(again.schema.resolved() == zoo.schema.resolved());
}

BOOST_AUTO_TEST_CASE(keys_and_values_are_checked_as_elsewhere) {
  const auto refusal = [](const std::string& text) {
    Zoo zoo;
    return message_of<ConfigError>([&] { zoo.load(text); });
  };
  BOOST_TEST(holds_all(refusal("[animal.bear]\nlegz = 3\n"), {"line 2", "animal.bear.legz", "animal.bear.legs"}));
  BOOST_TEST(holds_all(refusal("[animal.bear]\nlegs = -3\n"), {"line 2", "animal.bear.legs", "0 to 1000"}));
  BOOST_TEST(holds_all(refusal("[animal]\nbear = 3\n"), {"animal.bear", "must be a table"}));
  BOOST_TEST(holds_all(refusal("[animal.\"a bear\"]\nlegs = 3\n"), {"'a bear'", "letters"}));
  BOOST_TEST(holds_all(refusal("[animals.bear]\nlegs = 3\n"), {"[animals]", "animal"}));
}

BOOST_AUTO_TEST_CASE(the_page_shows_them_where_they_belong) {
  Zoo zoo;
  const std::string page = zoo.schema.reference("All keys.\n");
  const std::size_t staff = page.find("## [staff]"), animal = page.find("## [animal.NAME]"),
                    gates = page.find("## [gates]");
  BOOST_TEST(staff < animal);
  BOOST_TEST(animal < gates);
  BOOST_TEST(gates != std::string::npos);
  BOOST_TEST(page.find("One that lives here.") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
