#include "work/evaluate/evaluation_run.h"

#include <algorithm>

#include "base/atomic_file.h"
#include "base/log.h"
#include "base/sha256.h"
#include "work/evaluate/report/evaluation_report.h"
#include "work/evaluate/results/returns_file.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

// A run's own key holds no hash of them.
bool by_the_same_files(const LoadedEvaluateConfig& config, const Json& results) {
  return std::ranges::all_of(config.configurations, [&](const Configuration& each) {
    return each.own == nullptr || results.at("models").at(each.name).at("parameters") == each.parameters;
  });
}

}  // namespace

record::Run open_evaluation_run(const fs::path& workspace, record::RunRequest wanted,
                                const LoadedEvaluateConfig& config, EvaluateOutcome& outcome) {
  const auto open = [&] {
    record::Run run = record::open_run(workspace, wanted);
    outcome.run = run.id();
    outcome.folder = run.path();
    return run;
  };
  std::optional<record::Run> run(open());
  if (run->start() != record::RunStart::finished_before) return *std::move(run);
  const fs::path file = run->path() / "results.json";
  if (fs::exists(file)) {
    outcome.results = read_json(file);
    if (by_the_same_files(config, outcome.results)) {
      log_info("This is done already: {}. Give --fresh to do it again.", run->path().string());
      outcome.status = "finished";
      for (const Json& gate : outcome.results.at("gates"))
        outcome.gates_met = outcome.gates_met && gate.at("met").get<bool>();
      return *std::move(run);
    }
    log_info("{} was made by other files than those that are there now: it is done anew.", run->path().string());
    outcome.results = Json::object();
  }
  run.reset();
  wanted.fresh = true;
  return open();
}

std::vector<record::DataUse> data_uses(const LoadedEvaluateConfig& config, const EvaluationData& data,
                                       const std::optional<Prices>& prices) {
  std::vector<record::DataUse> out{{.role = data.holds_windows() ? "windows" : "table",
                                    .id = to_string(data.table.id),
                                    .content_sha256 = data.table.content_sha256,
                                    .facts = {{"rows", data.size()}}}};
  if (data.given_split) out.push_back(split_use(*data.given_split));
  if (const data::Parent& cache = data.synthetic.cache; !cache.content_sha256.empty()) {
    out.push_back({.role = "synthetic",
                   .id = to_string(cache.id),
                   .content_sha256 = cache.content_sha256,
                   .facts = {{"windows", data.synthetic.size()}}});
  }
  if (data.embedded) out.push_back(embeddings_use(*data.embedded));
  if (config.values.fit.refits("encoder")) {
    // Where the configuration lies says nothing of what is in it.
    out.push_back({.role = "pretraining",
                   .id = fs::path(config.values.data.encoder).filename().string(),
                   .content_sha256 = sha256_hex(data.chosen.at("pretraining").get<std::string>())});
  }
  if (prices) {
    for (const Prices::Symbol& symbol : prices->symbols)
      out.push_back(
          {.role = "bars", .id = to_string(symbol.source.id), .content_sha256 = symbol.source.content_sha256});
  }
  return out;
}

Json write_results(const LoadedEvaluateConfig& config, const EvaluationData& data, const std::optional<Prices>& prices,
                   const EvaluationSplits& splits, const EvaluationResults& results, const Json& besides,
                   EvaluateOutcome& outcome) {
  outcome.results = results_json(config, data, results);
  outcome.results.update(besides);
  write_file(outcome.folder / "results.json", json_text(outcome.results, 1) + "\n");
  write_returns_file(outcome.folder / "returns.h5", config, results);
  write_file(outcome.folder / "report.html", evaluation_report(config, data, prices, splits, results, outcome.run));
  for (const GateResult& gate : results.gates) outcome.gates_met = outcome.gates_met && gate.met;
  Json metrics = {{"verdict", results.verdict}};
  if (results.best) {
    const ConfigurationResult& best = results.configurations[*results.best];
    metrics["best"] = config.configurations[*results.best].name;
    metrics["log_loss"] = best.scores->log_loss;
    metrics["accuracy"] = best.scores->accuracy;
    if (prices) metrics["dsr"] = best.dsr;
  }
  if (results.overfitting) metrics["pbo"] = results.overfitting->pbo;
  return metrics;
}

}  // namespace moola::work
