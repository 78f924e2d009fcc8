#include "data/tables/labelled_horizon.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "base/error.h"

namespace moola::data {

const HorizonColumns& labelled_horizon(const FeatureTableFile& table, std::optional<std::int32_t> bars,
                                       std::string_view key) {
  const std::vector<HorizonColumns>& horizons = table.rows().horizons;
  if (horizons.empty()) throw DataError(to_string(table.id()) + " has no labels, and rows are purged by theirs.");
  if (!bars && horizons.size() > 1) {
    std::vector<std::int32_t> there;
    for (const HorizonColumns& each : horizons) there.push_back(each.horizon);
    throw ConfigError(fmt::format("{} has labels of the horizons {}: {} says which are meant.", to_string(table.id()),
                                  fmt::join(there, ", "), key));
  }
  const HorizonColumns& out = bars ? table.horizon(*bars) : horizons.front();
  if (out.t1.empty()) {
    throw DataError(fmt::format("{} does not say when its labels are known (t1_{}): nothing can be purged by them.",
                                to_string(table.id()), out.horizon));
  }
  return out;
}

}  // namespace moola::data
