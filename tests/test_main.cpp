#define BOOST_TEST_MODULE moola
#include <boost/test/unit_test.hpp>
