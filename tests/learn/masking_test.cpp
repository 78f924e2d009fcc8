#include "learn/masking.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

#include "base/error.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::learn;
using namespace moola::test;

namespace {

using Mask = std::vector<std::uint8_t>;

Mask draw(const MaskOptions& options, std::size_t length, std::uint64_t sample, std::uint64_t step = 0,
          std::uint64_t seed = 1) {
  Mask mask(length, 7);  // what was there before must not matter
  const std::int64_t hidden = draw_mask(options, KeyedRandom(seed, Stream::mask, step, sample), mask);
  BOOST_TEST_REQUIRE(hidden == std::accumulate(mask.begin(), mask.end(), 0));
  for (const std::uint8_t bar : mask) BOOST_TEST_REQUIRE(bar <= 1);
  return mask;
}

int hidden_in(const Mask& mask) {
  return std::accumulate(mask.begin(), mask.end(), 0);
}

MaskOptions options(MaskStrategy strategy, double ratio, std::int64_t patch = 7) {
  return {.strategy = strategy, .ratio = ratio, .patch = patch};
}

std::string refusal(const MaskOptions& mask, std::int64_t length) {
  try {
    check_mask(mask, length);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(masking)

BOOST_AUTO_TEST_CASE(random_hides_its_share_on_average) {
  // 2,000 masks of 105 bars: 210,000 independent bars; five deviations of the mean.
  for (const double ratio : {0.05, 0.15, 0.5, 0.9}) {
    double hidden = 0;
    for (std::uint64_t i = 0; i < 2000; ++i) hidden += hidden_in(draw(options(MaskStrategy::random, ratio), 105, i));
    BOOST_TEST(std::abs(hidden / 210'000 - ratio) < 5 * std::sqrt(ratio * (1 - ratio) / 210'000), "ratio " << ratio);
  }
}

BOOST_AUTO_TEST_CASE(random_hides_each_bar_as_often_as_the_others) {
  std::vector<int> times(21);
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const Mask mask = draw(options(MaskStrategy::random, 0.3), 21, i);
    for (std::size_t t = 0; t < mask.size(); ++t) times[t] += mask[t];
  }
  for (const int n : times) BOOST_TEST(std::abs(n - 6000.0) < 5 * std::sqrt(20'000 * 0.3 * 0.7));
}

BOOST_AUTO_TEST_CASE(a_bar_always_stays_visible) {
  for (std::uint64_t i = 0; i < 200; ++i) {
    for (const MaskStrategy strategy : {MaskStrategy::random, MaskStrategy::block, MaskStrategy::patch}) {
      for (const std::size_t length : {2U, 3U, 8U}) {
        BOOST_TEST_REQUIRE(hidden_in(draw(options(strategy, 0.999999, 1), length, i)) < static_cast<int>(length));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(block_hides_one_run_of_the_floor_of_its_share) {
  std::set<std::size_t> begins;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const Mask mask = draw(options(MaskStrategy::block, 0.15), 105, i);
    BOOST_TEST_REQUIRE(hidden_in(mask) == 15);  // floor(15.75)
    const auto first = static_cast<std::size_t>(std::find(mask.begin(), mask.end(), 1) - mask.begin());
    BOOST_TEST_REQUIRE(std::accumulate(mask.begin() + static_cast<std::ptrdiff_t>(first),
                                       mask.begin() + static_cast<std::ptrdiff_t>(first) + 15, 0) == 15);
    begins.insert(first);
  }
  BOOST_TEST(*begins.begin() == 0U);
  BOOST_TEST(*begins.rbegin() == 90U);
  BOOST_TEST(begins.size() == 91U);  // 3,000 draws miss one of 91 places with a chance of 4e-13
}

BOOST_AUTO_TEST_CASE(patch_hides_whole_patches) {
  std::vector<int> times(15);
  for (std::uint64_t i = 0; i < 5000; ++i) {
    const Mask mask = draw(options(MaskStrategy::patch, 0.15, 7), 105, i);
    BOOST_TEST_REQUIRE(hidden_in(mask) == 14);  // floor(0.15 * 15) = 2 patches of 7
    for (std::size_t p = 0; p < 15; ++p) {
      const int hidden = std::accumulate(mask.begin() + static_cast<std::ptrdiff_t>(p * 7),
                                         mask.begin() + static_cast<std::ptrdiff_t>(p * 7 + 7), 0);
      BOOST_TEST_REQUIRE((hidden == 0 || hidden == 7));
      times[p] += hidden == 7;
    }
  }
  const double expected = 5000 * 2.0 / 15;
  for (const int n : times) BOOST_TEST(std::abs(n - expected) < 5 * std::sqrt(expected * 13 / 15));
}

BOOST_AUTO_TEST_CASE(bars_after_the_last_whole_patch_are_never_hidden) {
  for (std::uint64_t i = 0; i < 500; ++i) {
    const Mask mask = draw(options(MaskStrategy::patch, 0.9, 10), 25, i);
    BOOST_TEST_REQUIRE(hidden_in(mask) == 10);
    BOOST_TEST_REQUIRE(std::accumulate(mask.begin() + 20, mask.end(), 0) == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_mask_is_a_function_of_its_key_and_of_every_part_of_it) {
  for (const MaskStrategy strategy : {MaskStrategy::random, MaskStrategy::block, MaskStrategy::patch}) {
    const auto masks = [&](std::uint64_t step, std::uint64_t seed, std::uint64_t first) {
      std::vector<Mask> out;
      for (std::uint64_t i = 0; i < 8; ++i) out.push_back(draw(options(strategy, 0.3), 105, first + i, step, seed));
      return out;
    };
    BOOST_TEST((masks(3, 1, 0) == masks(3, 1, 0)));
    BOOST_TEST((masks(3, 1, 0) != masks(4, 1, 0)));
    BOOST_TEST((masks(3, 1, 0) != masks(3, 2, 0)));
    BOOST_TEST((masks(3, 1, 0) != masks(3, 1, 8)));
  }
}

BOOST_AUTO_TEST_CASE(options_that_hide_no_bar_or_every_bar_are_refused) {
  for (const MaskStrategy strategy : {MaskStrategy::random, MaskStrategy::block, MaskStrategy::patch}) {
    for (const double ratio : {0.0, -0.1, 1.0, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
      BOOST_TEST(holds(refusal(options(strategy, ratio), 105), "objective.ratio must be above 0 and below 1"));
    }
    BOOST_TEST(refusal(options(strategy, 0.15), 105).empty());
    BOOST_TEST(holds(refusal(options(strategy, 0.5), 1), "a window of 1 bar cannot be masked"));
  }
}

BOOST_AUTO_TEST_CASE(a_block_of_no_bar_is_refused_and_one_of_one_bar_is_not) {
  BOOST_TEST(holds(refusal(options(MaskStrategy::block, 0.0095), 105), "hides no bar. Raise it to at least 0.0095"));
  BOOST_TEST(refusal(options(MaskStrategy::block, 0.01), 100).empty());
  BOOST_TEST(hidden_in(draw(options(MaskStrategy::block, 0.01), 100, 0)) == 1);
}

BOOST_AUTO_TEST_CASE(patches_that_do_not_fit_are_refused) {
  BOOST_TEST(holds(refusal(options(MaskStrategy::patch, 0.15, 106), 105), "of the 0 patches of 106 bars"));
  BOOST_TEST(
      holds(refusal(options(MaskStrategy::patch, 0.15, 18), 105), "of the 5 patches of 18 bars in a window of 105"));
  BOOST_TEST(holds(refusal(options(MaskStrategy::patch, 0.15, 18), 105), "make objective.patch smaller"));
  BOOST_TEST(refusal(options(MaskStrategy::patch, 0.15, 15), 105).empty());  // 7 patches, floor(1.05) = 1
  BOOST_TEST(holds(refusal(options(MaskStrategy::patch, 0.15, 0), 105), "objective.patch must be at least 1 bar"));
  BOOST_TEST(holds(refusal(options(MaskStrategy::patch, 0.15, -1), 105), "found -1"));
}

BOOST_AUTO_TEST_CASE(a_strategy_has_a_name_and_a_mistyped_one_a_nearest) {
  BOOST_TEST((parse_mask_strategy("random") == MaskStrategy::random));
  BOOST_TEST((parse_mask_strategy("block") == MaskStrategy::block));
  BOOST_TEST((parse_mask_strategy("patch") == MaskStrategy::patch));
  try {
    parse_mask_strategy("pacth");
    BOOST_ERROR("nothing was thrown");
  } catch (const ConfigError& error) {
    BOOST_TEST(holds(error.what(), "there is no mask 'pacth'"), error.what());
    BOOST_TEST(holds(error.what(), "Did you mean 'patch'?"), error.what());
  }
}

BOOST_AUTO_TEST_SUITE_END()
