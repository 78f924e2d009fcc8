#include "base/parallel_pieces.h"

#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <vector>

using namespace moola;

BOOST_AUTO_TEST_SUITE(parallel_pieces)

BOOST_AUTO_TEST_CASE(every_piece_is_done_once_on_any_number_of_threads) {
  for (const unsigned threads : {0U, 1U, 2U, 7U}) {
    std::vector<int> done(100);
    for_each_piece(done.size(), threads, [&](std::size_t piece) { ++done[piece]; });
    BOOST_TEST((done == std::vector<int>(100, 1)));
  }
}

BOOST_AUTO_TEST_CASE(no_pieces_need_no_work) {
  for_each_piece(0, 4, [](std::size_t) { BOOST_FAIL("called"); });
}

BOOST_AUTO_TEST_CASE(what_a_piece_throws_arrives) {
  for (const unsigned threads : {1U, 3U})
    BOOST_CHECK_THROW(for_each_piece(50, threads,
                                     [](std::size_t piece) {
                                       if (piece == 20) throw std::runtime_error("piece 20");
                                     }),
                      std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()
