#include "market/indicators/calendar.h"

#include <array>
#include <string>

#include "market/indicators/families.h"
#include "market/indicators/table_entries.h"
#include "market/portable_sine.h"

namespace moola::market {
namespace {

constexpr std::int64_t kMinute = 60'000'000'000, kHour = 60 * kMinute, kDay = 24 * kHour;

// Whole units since 1970, rounded down.
constexpr std::int64_t count(std::int64_t time, std::int64_t unit) {
  return time / unit - (time % unit < 0 ? 1 : 0);
}

// The unit's place among `cycle`, counted from 0.
constexpr std::size_t place(std::int64_t time, std::int64_t unit, std::int64_t cycle, std::int64_t at_1970 = 0) {
  const std::int64_t within = (count(time, unit) + at_1970) % cycle;
  return static_cast<std::size_t>(within < 0 ? within + cycle : within);
}

template <std::int64_t kUnit, std::int64_t kCycle, std::int64_t kAt1970 = 0>
void angle(std::span<const std::int64_t> time, std::span<double> sine, std::span<double> cosine) {
  static constexpr auto kTable = [] {
    std::array<SineCosine, static_cast<std::size_t>(kCycle)> table{};
    for (std::size_t i = 0; i < table.size(); ++i)
      table[i] = portable_sine_cosine(static_cast<std::int64_t>(i), kCycle);
    return table;
  }();
  for (std::size_t i = 0; i < time.size(); ++i) {
    const SineCosine& at = kTable[place(time[i], kUnit, kCycle, kAt1970)];
    sine[i] = at.sine;
    cosine[i] = at.cosine;
  }
}

}  // namespace

void hour_angle(std::span<const std::int64_t> time, std::span<double> sine, std::span<double> cosine) {
  angle<kHour, 24>(time, sine, cosine);
}

void minute_angle(std::span<const std::int64_t> time, std::span<double> sine, std::span<double> cosine) {
  angle<kMinute, 60>(time, sine, cosine);
}

void day_of_week_angle(std::span<const std::int64_t> time, std::span<double> sine, std::span<double> cosine) {
  constexpr std::int64_t kThursday = 3;  // what 1970 began with
  angle<kDay, 7, kThursday>(time, sine, cosine);
}

void hours_flag(std::span<const std::int64_t> time, int first, int last, std::span<double> out) {
  for (std::size_t i = 0; i < time.size(); ++i) {
    const auto hour = static_cast<int>(place(time[i], kHour, 24));
    out[i] = hour >= first && hour < last ? 1.0 : 0.0;
  }
}

namespace {

IndicatorOutput output(std::string name, std::string help) {
  return {.names = {std::move(name)}, .kind = ColumnKind::temporal, .help = std::move(help), .warm_up = no_warm_up};
}

Indicator cycle(const std::string& name, std::string title, const std::string& what, void (*compute)(IndicatorCall&)) {
  return {.name = name,
          .title = std::move(title),
          .family = "calendar",
          .inputs = "time",
          .parameters = {},
          .outputs = {output(name + "_sin", "sine of " + what), output(name + "_cos", "cosine of " + what)},
          .definition = what + " of the bar's open in UTC as an angle",
          .compute = compute};
}

}  // namespace

std::vector<Indicator> calendar_indicators() {
  return {
      cycle("hour", "Hour of the day", "the hour of the day",
            [](IndicatorCall& call) { hour_angle(call.bars.time, call.out(0), call.out(1)); }),
      cycle("minute", "Minute of the hour", "the minute of the hour",
            [](IndicatorCall& call) { minute_angle(call.bars.time, call.out(0), call.out(1)); }),
      cycle("dayofweek", "Day of the week", "the day of the week",
            [](IndicatorCall& call) { day_of_week_angle(call.bars.time, call.out(0), call.out(1)); }),
      {.name = "session",
       .title = "Thirds of the day",
       .family = "calendar",
       .inputs = "time",
       .parameters = {},
       .outputs = {output("session_asia", "1 from 0 to 8 o'clock"), output("session_london", "1 from 8 to 16 o'clock"),
                   output("session_ny", "1 from 16 to 24 o'clock")},
       .definition = "the third of the UTC day that the bar opens in; not the exchanges' hours",
       .compute =
           [](IndicatorCall& call) {
             for (const int third : {0, 1, 2}) {
               const auto at = static_cast<std::size_t>(third);
               if (call.wanted(at)) hours_flag(call.bars.time, 8 * third, 8 * third + 8, call.out(at));
             }
           }},
  };
}

}  // namespace moola::market
