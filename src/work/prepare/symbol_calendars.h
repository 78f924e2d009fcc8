#pragma once
#include <map>
#include <string>
#include <vector>

#include "market/clean/session_calendar.h"
#include "work/prepare/prepare_config.h"

namespace moola::work {

/// "NSXUSD=cme", by symbol. Throws ConfigError for another form, an unknown calendar, or a symbol named twice.
std::map<std::string, std::string> parse_symbol_calendars(const std::vector<std::string>& texts);

/// When `symbol` is traded: by what clean.calendars says of it, else by clean.calendar; less clean.holidays, unless it
/// always is. Throws ConfigError.
market::SessionCalendar calendar_of(const PrepareConfig& config, const std::string& symbol);

/// How clean.calendar, clean.calendars and clean.holidays fit the symbols that are prepared and compared. Throws
/// ConfigError naming the key.
void check_calendars(const PrepareConfig& config, ConfigSchema& schema);

}  // namespace moola::work
