#include "cluster/run/record_field.h"

#include <fmt/format.h>

#include "base/error.h"

namespace moola::cluster {

std::string text_at(const Json& record, const char* key, std::string_view what) {
  const auto at = record.find(key);
  if (at == record.end() || !at->is_string())
    throw DataError(fmt::format("{} says no {}, as Moola writes it: {}", what, key, json_text(record)));
  return at->get<std::string>();
}

}  // namespace moola::cluster
