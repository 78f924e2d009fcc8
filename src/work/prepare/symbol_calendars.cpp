#include "work/prepare/symbol_calendars.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/nearest.h"
#include "data/store/dataset_id.h"

namespace moola::work {
namespace {

std::vector<std::string> cleaned_symbols(const PrepareConfig& config) {
  std::vector<std::string> out;
  for (const auto* bars : {&config.data.bars, &config.cross_asset.others}) {
    for (const std::string& text : *bars) out.push_back(data::parse_dataset_id(text, "bars").name);
  }
  return out;
}

}  // namespace

std::map<std::string, std::string> parse_symbol_calendars(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> out;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == text.size()) {
      throw ConfigError(fmt::format(
          "clean.calendars: '{}' is no calendar of a symbol; expected SYMBOL=CALENDAR, such as NSXUSD=cme.", text));
    }
    const std::string symbol = text.substr(0, equals), calendar = text.substr(equals + 1);
    naming_key("clean.calendars", [&] { static_cast<void>(market::SessionCalendar(calendar)); });
    if (!out.emplace(symbol, calendar).second)
      throw ConfigError(fmt::format("clean.calendars names {} twice.", symbol));
  }
  return out;
}

market::SessionCalendar calendar_of(const PrepareConfig& config, const std::string& symbol) {
  const auto calendars = parse_symbol_calendars(config.clean.calendars);
  const auto own = calendars.find(symbol);
  const std::string& name = own == calendars.end() ? config.clean.calendar : own->second;
  if (market::SessionCalendar always(name); always.always_open()) return always;
  return market::SessionCalendar(name, config.clean.holidays);
}

void check_calendars(const PrepareConfig& config, ConfigSchema& schema) {
  const std::vector<std::string> symbols = cleaned_symbols(config);
  const auto calendars = parse_symbol_calendars(config.clean.calendars);
  for (const auto& [symbol, calendar] : calendars) {
    if (std::find(symbols.begin(), symbols.end(), symbol) != symbols.end()) continue;
    throw ConfigError(
        fmt::format("clean.calendars has the calendar of {}, which neither data.bars nor cross_asset.others names.{}",
                    symbol, did_you_mean(symbol, symbols)));
  }
  if (std::all_of(symbols.begin(), symbols.end(), [&](const std::string& s) { return calendars.contains(s); })) {
    if (schema.given("clean.calendar")) {
      throw ConfigError(
          "clean.calendar has no meaning where clean.calendars names every symbol. Leave one of them out.");
    }
    schema.leave_out("clean.calendar");
  }
  bool always_open = true;
  for (const std::string& symbol : symbols)
    naming_key("clean.holidays", [&] { always_open = calendar_of(config, symbol).always_open() && always_open; });
  if (!always_open) return;
  if (schema.given("clean.holidays")) {
    throw ConfigError(
        "clean.holidays has no meaning where clean.calendar is \"crypto\", which is always open. Leave one of them "
        "out.");
  }
  schema.leave_out("clean.holidays");
}

}  // namespace moola::work
