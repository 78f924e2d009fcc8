#include "work/evaluate/refit/refit_pools.h"

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

std::vector<std::size_t> broadcast_numbers(const comm::Communicator& ranks, const Json& numbers) {
  return parse_json(ranks.broadcast(json_text(numbers), 0), "what is to be done").get<std::vector<std::size_t>>();
}

RefitOutcome outcome_of(const comm::TaskPoolResult& pool, const std::vector<std::size_t>& numbers) {
  RefitOutcome out{.stopped = pool.stopped};
  for (const comm::TaskFailure& failure : pool.failed) out.failures.emplace(numbers[failure.task], failure.message);
  return out;
}

}  // namespace

RefitOutcome search_barriers(const fs::path& run, const comm::Communicator& ranks, BarrierRefit& refit,
                             const std::vector<validation::RowRange>& rows, const comm::TaskPoolOptions& options) {
  std::vector<std::string> keys;
  for (const validation::RowRange& each : rows) keys.push_back(each.size() > 0 ? refit.key(each) : "");
  const auto found_of = [&](std::size_t split) {
    return rows[split].size() > 0 ? stored(file_of(run, split), keys[split]) : Json();
  };
  Json todo = Json::array();
  if (ranks.rank() == 0) {
    for (std::size_t split = 0; split < rows.size(); ++split) {
      if (rows[split].size() > 0 && found_of(split).is_null()) todo.push_back(split);
    }
  }
  const std::vector<std::size_t> splits = broadcast_numbers(ranks, todo);
  std::vector<double> costs;
  for (const std::size_t split : splits) costs.push_back(static_cast<double>(rows[split].size()));
  const auto search = [&](std::size_t i) {
    const std::size_t split = splits[i];
    const Json found = {{"key", keys[split]}, {"symbols", refit.search(rows[split])}};
    write_file(file_of(run, split), json_text(found, 1) + "\n", Overwrite::yes);
  };
  RefitOutcome out = outcome_of(comm::run_tasks(ranks, costs, search, options), splits);
  if (out.stopped) return out;
  Json all = Json::array();
  if (ranks.rank() == 0) {
    for (std::size_t split = 0; split < rows.size(); ++split) all.push_back(found_of(split));
  }
  refit.take(parse_json(ranks.broadcast(json_text(all), 0), "what searches have found").get<std::vector<Json>>());
  return out;
}

RefitOutcome train_encoders(const fs::path& logs, const comm::Communicator& ranks, const EncoderRefits& encoders,
                            const std::set<std::size_t>& needed, unsigned threads,
                            const comm::TaskPoolOptions& options) {
  Json numbers = Json::array();
  if (ranks.rank() == 0) {
    for (const std::size_t training : needed) {
      if (!encoders.is_there(training)) numbers.push_back(training);
    }
  }
  const std::vector<std::size_t> todo = broadcast_numbers(ranks, numbers);
  if (todo.empty()) return {};
  if (ranks.rank() == 0) log_info("{} of {} encoders are to be trained.", todo.size(), encoders.trainings());
  const auto train = [&](std::size_t i) {
    encoders.train(todo[i], logs, threads, [&] {
      if (options.stop_requested()) throw comm::TaskStopped();
    });
  };
  return outcome_of(comm::run_tasks(ranks, std::vector<double>(todo.size(), 1.0), train, options), todo);
}

}  // namespace moola::work
