#include "market/indicators/calendar.h"

#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numbers>
#include <vector>

#include "market/portable_sine.h"

using namespace moola::market;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000, kDay = 86'400 * kSecond;

// In units of the last place of the exact value.
double off_by(double got, long double exact) {
  const double near = std::fabs(static_cast<double>(exact));
  return static_cast<double>(std::fabs(got - exact)) / (std::nextafter(near, 2.0) - near);
}

// The sine of `part` / `whole` of a turn, 0 <= part: counted from the nearer end of a quarter, as long double's own pi
// is too short for what is left of whole turns.
long double exact_sine(std::int64_t part, std::int64_t whole) {
  const std::int64_t quarter = 4 * part / whole % 4, rest = 4 * part % whole;
  const std::int64_t from_axis = quarter % 2 == 0 ? rest : whole - rest;
  const bool far = 2 * from_axis > whole;
  const long double angle = std::numbers::pi_v<long double> / 2 *
                            static_cast<long double>(far ? whole - from_axis : from_axis) /
                            static_cast<long double>(whole);
  const long double size = far ? std::cos(angle) : std::sin(angle);
  return quarter < 2 ? size : -size;
}

// That `part` of `whole` is what both columns say.
void check_angle(void (*function)(std::span<const std::int64_t>, std::span<double>, std::span<double>),
                 std::int64_t time, int part, int whole) {
  std::array<double, 1> sine{}, cosine{};
  function(std::array{time}, sine, cosine);
  const double angle = 2 * std::numbers::pi * part / whole;
  BOOST_TEST_CONTEXT("time " << time) {
    BOOST_TEST(std::fabs(sine[0] - std::sin(angle)) < 1e-15);
    BOOST_TEST(std::fabs(cosine[0] - std::cos(angle)) < 1e-15);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(calendar)

BOOST_AUTO_TEST_CASE(the_portable_sine_agrees_with_long_double_to_two_units_in_the_last_place) {
  double worst = 0;
  for (const std::int64_t whole : {1, 3, 5, 7, 12, 24, 60, 365, 1440, 86'400, 1'000'003}) {
    for (std::int64_t part = 0; part < whole; part += 1 + whole / 5000) {
      const auto [sine, cosine] = portable_sine_cosine(part, whole);
      if (4 * part % whole == 0) continue;
      worst = std::max(worst, off_by(sine, exact_sine(part, whole)));
      worst = std::max(worst, off_by(cosine, exact_sine(4 * part + whole, 4 * whole)));
    }
  }
  BOOST_TEST(worst < 2.0);
}

BOOST_AUTO_TEST_CASE(whole_quarters_of_a_turn_are_exact_and_turns_come_round) {
  const std::array<std::array<double, 2>, 4> wanted{{{0, 1}, {1, 0}, {0, -1}, {-1, 0}}};
  for (std::int64_t quarter = -8; quarter < 8; ++quarter) {
    const auto [sine, cosine] = portable_sine_cosine(6 * quarter, 24);
    const auto& at = wanted[static_cast<std::size_t>((quarter + 8) % 4)];
    BOOST_TEST(sine == at[0]);
    BOOST_TEST(cosine == at[1]);
    BOOST_TEST((!std::signbit(sine) || sine < 0));
    BOOST_TEST((!std::signbit(cosine) || cosine < 0));
  }
  BOOST_TEST(portable_sine_cosine(-1, 7).sine == portable_sine_cosine(6, 7).sine);
}

BOOST_AUTO_TEST_CASE(angles_are_of_the_hour_the_minute_and_the_weekday_in_utc) {
  // 1970 began with a Thursday, 2019 with a Tuesday; the nanosecond before 1970 was still Wednesday's last hour.
  check_angle(hour_angle, 0, 0, 24);
  check_angle(minute_angle, 0, 0, 60);
  check_angle(day_of_week_angle, 0, 3, 7);
  check_angle(hour_angle, -1, 23, 24);
  check_angle(minute_angle, -1, 59, 60);
  check_angle(day_of_week_angle, -1, 2, 7);
  const std::int64_t new_year = 1'546'300'800 * kSecond;  // 2019-01-01 00:00:00
  check_angle(day_of_week_angle, new_year, 1, 7);
  check_angle(day_of_week_angle, new_year - 1, 0, 7);
  check_angle(day_of_week_angle, new_year + 5 * kDay, 6, 7);
  check_angle(hour_angle, new_year + (17 * 3600 + 35 * 60) * kSecond, 17, 24);
  check_angle(minute_angle, new_year + (17 * 3600 + 35 * 60 + 59) * kSecond, 35, 60);
}

BOOST_AUTO_TEST_CASE(every_hour_is_in_the_third_of_the_day_that_it_begins_in) {
  std::vector<std::int64_t> time;
  for (std::int64_t minute = -3 * 1440; minute < 3 * 1440; minute += 5) time.push_back(minute * 60 * kSecond);
  std::vector<double> flag(time.size());
  for (const int third : {0, 1, 2}) {
    hours_flag(time, 8 * third, 8 * third + 8, flag);
    for (std::size_t i = 0; i < time.size(); ++i) {
      const std::int64_t hour = (time[i] + 3 * kDay) / (3600 * kSecond) % 24;
      BOOST_REQUIRE(flag[i] == (hour / 8 == third ? 1.0 : 0.0));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
