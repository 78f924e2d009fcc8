// The main of tests that run on several ranks. A test that fails on one rank ends the run on all of them at once: the
// others would wait for ever in a collective that the failed one has left.
#define BOOST_TEST_NO_MAIN
#define BOOST_TEST_ALTERNATIVE_INIT_API
#include "mpi_test_world.h"

#include <boost/test/results_collector.hpp>
#include <boost/test/tree/observer.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

const moola::comm::World* the_world = nullptr;

class EndAllAtFailure : public boost::unit_test::test_observer {
 public:
  int priority() override { return 1000; }  // after the collector of results
  void test_unit_finish(const boost::unit_test::test_unit& unit, unsigned long) override {
    if (unit.p_type != boost::unit_test::TUT_CASE || boost::unit_test::results_collector.results(unit.p_id).passed())
      return;
    std::fprintf(stderr, "rank %d of %d failed '%s'; the run ends\n", the_world->rank(), the_world->size(),
                 unit.full_name().c_str());
    std::fflush(nullptr);
    if (the_world->size() > 1) the_world->abort(1);
  }
};

}  // namespace

const moola::comm::World& test_world() {
  return *the_world;
}

int main(int argc, char** argv) {
  // Small messages, so that every test also tries what goes in several parts.
  const moola::comm::World world = moola::comm::World::start({.largest_message = 4000});
  the_world = &world;
  const char* expected = std::getenv("MOOLA_EXPECT_RANKS");
  if (expected == nullptr || std::atoi(expected) != world.size()) {
    std::fprintf(stderr, "this test has %d ranks, but MOOLA_EXPECT_RANKS = %s; start it with tests/run-mpi\n",
                 world.size(), expected != nullptr ? expected : "(not set)");
    world.abort(1);
  }
  EndAllAtFailure ender;
  boost::unit_test::framework::register_observer(ender);
  std::vector<char*> arguments(argv, argv + argc);
  std::string no_report = "--report_level=no";
  if (world.rank() > 0) arguments.push_back(no_report.data());
  arguments.push_back(nullptr);
  const int result =
      boost::unit_test::unit_test_main([] { return true; }, static_cast<int>(arguments.size()) - 1, arguments.data());
  boost::unit_test::framework::deregister_observer(ender);
  if (result != 0 && world.size() > 1) world.abort(result);
  return result;
}
