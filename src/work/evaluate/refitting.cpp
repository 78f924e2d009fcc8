#include "work/evaluate/refitting.h"

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

fs::path file_of(const fs::path& run, std::size_t split) {
  return run / "barriers" / fmt::format("{:05}.json", split);
}

// What a search has found; null where there is no file, or one of another search.
Json stored(const fs::path& file, const std::string& key) {
  if (!fs::exists(file)) return {};
  Json found = read_json(file);
  if (found.value("key", std::string()) == key) return std::move(found.at("symbols"));
  log_info("{} is of another search: it is done again.", file.string());
  return {};
}

}  // namespace

Refitted refit_barriers(const fs::path& run, const comm::Communicator& ranks, BarrierRefit& refit,
                        const std::vector<validation::RowRange>& rows, const comm::TaskPoolOptions& options) {
  std::vector<std::string> keys;
  for (const validation::RowRange& each : rows) keys.push_back(each.size() > 0 ? refit.key(each) : "");
  Json todo = Json::array();
  if (ranks.rank() == 0) {
    for (std::size_t split = 0; split < rows.size(); ++split) {
      if (rows[split].size() > 0 && stored(file_of(run, split), keys[split]).is_null()) todo.push_back(split);
    }
  }
  const auto splits =
      parse_json(ranks.broadcast(json_text(todo), 0), "the searches to be done").get<std::vector<std::size_t>>();
  std::vector<double> costs;
  for (const std::size_t split : splits) costs.push_back(static_cast<double>(rows[split].size()));
  Refitted out{.pool = comm::run_tasks(
                   ranks, costs,
                   [&](std::size_t i) {
                     const std::size_t split = splits[i];
                     const Json found = {{"key", keys[split]}, {"symbols", refit.search(rows[split])}};
                     write_file(file_of(run, split), json_text(found, 1) + "\n", Overwrite::yes);
                   },
                   options),
               .failures = {}};
  for (const comm::TaskFailure& failure : out.pool.failed)
    out.failures.push_back(fmt::format("the barriers of split {}: {}", splits[failure.task], failure.message));
  if (out.pool.stopped) return out;
  Json all = Json::array();
  if (ranks.rank() == 0) {
    for (std::size_t split = 0; split < rows.size(); ++split)
      all.push_back(rows[split].size() > 0 ? stored(file_of(run, split), keys[split]) : Json());
  }
  refit.take(parse_json(ranks.broadcast(json_text(all), 0), "what searches have found").get<std::vector<Json>>());
  return out;
}

}  // namespace moola::work
