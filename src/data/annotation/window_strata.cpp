#include "data/annotation/window_strata.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/keyed_random.h"
#include "market/portable_log.h"

namespace moola::data {
namespace {

constexpr std::int64_t kMinute = 60'000'000'000;
constexpr std::int64_t kDayMinutes = 24 * 60;

std::int32_t minute_of_day(std::int64_t time) {
  const std::int64_t minutes = time / kMinute - (time % kMinute < 0 ? 1 : 0);
  return static_cast<std::int32_t>(((minutes % kDayMinutes) + kDayMinutes) % kDayMinutes);
}

// "22:00" in minutes; -1 when it is no time of day.
std::int32_t parse_clock(const std::string& text) {
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) return -1;
  const int hour = 10 * (text[0] - '0') + text[1] - '0', minute = 10 * (text[3] - '0') + text[4] - '0';
  return hour < 24 && minute < 60 ? 60 * hour + minute : -1;
}

// The place of each value in ascending order; equal ones in the order of `begin`.
std::vector<std::size_t> ranks_of(std::span<const Candidate> candidates, double Candidate::*value) {
  std::vector<std::size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(candidates[i].*value, candidates[i].begin); });
  std::vector<std::size_t> ranks(order.size());
  for (std::size_t rank = 0; rank < order.size(); ++rank) ranks[order[rank]] = rank;
  return ranks;
}

Candidate measured(const market::Bars& bars, std::span<const double> returns, std::int64_t begin, std::int64_t length) {
  const auto first = static_cast<std::size_t>(begin), n = static_cast<std::size_t>(length);
  Candidate window{.begin = begin};
  const std::span<const double> of = returns.subspan(first + 1, n - 1);
  double sum = 0, squares = 0;
  for (const double r : of) sum += r;
  const double mean = of.empty() ? 0 : sum / static_cast<double>(of.size());
  for (const double r : of) squares += (r - mean) * (r - mean);
  window.volatility = of.empty() ? 0 : std::sqrt(squares / static_cast<double>(of.size()));
  double high = bars.high[first], low = bars.low[first];
  for (std::size_t i = first; i < first + n; ++i) {
    high = std::max(high, bars.high[i]);
    low = std::min(low, bars.low[i]);
  }
  window.range = (high - low) / bars.close[first];
  window.trend = std::fabs(bars.close[first + n - 1] / bars.close[first] - 1.0);
  return window;
}

}  // namespace

std::vector<DaySession> usual_sessions() {
  return {{"A", 22 * 60, 60}, {"B", 60, 7 * 60}, {"C", 13 * 60, 17 * 60}, {"D", 17 * 60, 22 * 60}};
}

DaySession parse_session(const std::string& text) {
  const std::size_t at = text.find('=');
  DaySession session;
  if (at != text.npos && at > 0 && text.size() == at + 12 && text[at + 6] == '-') {
    session = {text.substr(0, at), parse_clock(text.substr(at + 1, 5)), parse_clock(text.substr(at + 7))};
    if (session.begin >= 0 && session.end >= 0) return session;
  }
  throw ConfigError(fmt::format("--session {}: expected NAME=HH:MM-HH:MM in UTC, as in A=22:00-01:00.", text));
}

std::vector<Candidate> measure_windows(const market::Bars& bars, std::span<const std::int64_t> begins,
                                       std::int64_t length, std::int64_t marker, std::span<const DaySession> sessions) {
  std::vector<double> returns(bars.size());
  for (std::size_t i = 1; i < bars.size(); ++i) returns[i] = market::portable_log(bars.close[i] / bars.close[i - 1]);
  std::vector<Candidate> candidates;
  for (const std::int64_t begin : begins) {
    const std::int32_t minute = minute_of_day(bars.time[static_cast<std::size_t>(begin + marker)]);
    const auto session = std::ranges::find_if(sessions, [&](const DaySession& each) { return each.holds(minute); });
    if (session == sessions.end()) continue;
    candidates.push_back(measured(bars, returns, begin, length));
    candidates.back().session = static_cast<std::int32_t>(session - sessions.begin());
  }
  return candidates;
}

std::vector<Stratum> stratify(std::span<const Candidate> candidates, std::size_t sessions) {
  std::vector<Stratum> strata;
  for (std::size_t session = 0; session < sessions; ++session) {
    std::vector<Candidate> mine;
    std::ranges::copy_if(candidates, std::back_inserter(mine),
                         [&](const Candidate& each) { return each.session == static_cast<std::int32_t>(session); });
    std::ranges::sort(mine, {}, [](const Candidate& each) { return std::pair(each.volatility, each.begin); });
    const auto middle = mine.begin() + static_cast<std::ptrdiff_t>(mine.size() / 2);
    for (const bool high : {false, true}) {
      Stratum stratum{.session = static_cast<std::int32_t>(session), .high = high, .candidates = {}};
      const std::vector<Candidate> half = high ? std::vector(middle, mine.end()) : std::vector(mine.begin(), middle);
      const std::vector<std::size_t> range = ranks_of(half, &Candidate::range),
                                     trend = ranks_of(half, &Candidate::trend);
      std::vector<std::size_t> order(half.size());
      std::iota(order.begin(), order.end(), std::size_t{0});
      std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(range[i] + trend[i], half[i].begin); });
      for (const std::size_t i : order) stratum.candidates.push_back(half[i]);
      strata.push_back(std::move(stratum));
    }
  }
  return strata;
}

std::vector<Candidate> draw(const Stratum& stratum, std::size_t count, std::uint64_t seed, std::uint64_t cell,
                            const std::function<bool(const Candidate&)>& take) {
  const std::size_t n = stratum.candidates.size();
  std::vector<std::uint32_t> key(n);
  for (std::size_t i = 0; i < n; ++i)
    key[i] =
        KeyedRandom(seed, Stream::annotation, cell, static_cast<std::uint64_t>(stratum.candidates[i].begin)).bits();
  std::vector<Candidate> drawn;
  // One of [first, last), the first in the order of the keys that may be taken.
  const auto draw_one = [&](std::size_t first, std::size_t last) {
    std::vector<std::size_t> order(last - first);
    std::iota(order.begin(), order.end(), first);
    std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(key[i], stratum.candidates[i].begin); });
    for (const std::size_t i : order) {
      if (!take(stratum.candidates[i])) continue;
      drawn.push_back(stratum.candidates[i]);
      return true;
    }
    return false;
  };
  for (std::size_t k = 0; k < count; ++k) draw_one(k * n / count, (k + 1) * n / count);
  while (drawn.size() < count && draw_one(0, n)) {
  }
  return drawn;
}

}  // namespace moola::data
