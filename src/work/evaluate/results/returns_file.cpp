#include "work/evaluate/results/returns_file.h"

#include <algorithm>
#include <cmath>

#include "base/atomic_file.h"
#include "data/store/hdf5.h"

namespace moola::work {

bool write_returns_file(const std::filesystem::path& file, const LoadedEvaluateConfig& config,
                        const EvaluationResults& results) {
  std::vector<const ConfigurationResult*> traded;
  std::vector<std::string> names;
  for (const ConfigurationResult& each : results.configurations) {
    const Configuration& configuration = config.configurations[each.configuration];
    if (configuration.baseline || each.column().size() != results.clock.size() || each.paths.empty()) continue;
    traded.push_back(&each);
    names.push_back(configuration.name);
  }
  std::vector<std::int64_t> time;
  std::vector<double> returns, median;
  const bool has_paths = std::ranges::any_of(traded, [](const auto* each) { return !each->mean_returns.empty(); });
  for (std::size_t i = 0; i < results.clock.size() && !traded.empty(); ++i) {
    const auto is_untested = [&](const ConfigurationResult* each) {
      return std::isnan(each->column()[i]) || std::isnan(each->returns[i]);
    };
    if (std::ranges::any_of(traded, is_untested)) continue;
    time.push_back(results.clock[i]);
    for (const ConfigurationResult* each : traded) {
      returns.push_back(each->column()[i]);
      median.push_back(each->returns[i]);
    }
  }
  if (time.empty()) return false;
  AtomicFile atomic(file, Overwrite::yes);
  data::hdf5::File out = data::hdf5::File::create(atomic.temporary());
  out.set_attribute("column_names", names);
  out.create_dataset("returns", data::hdf5::Type::float64, {time.size(), traded.size()}, {.deflate = 1}).write(returns);
  if (has_paths)
    out.create_dataset("median_path", data::hdf5::Type::float64, {time.size(), traded.size()}, {.deflate = 1})
        .write(median);
  out.write("time", time, {.deflate = 1});
  out.close();
  atomic.commit();
  return true;
}

}  // namespace moola::work
