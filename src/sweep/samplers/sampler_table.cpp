#include "sweep/samplers/sampler_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/nearest.h"
#include "sweep/samplers/auto_sampler.h"
#include "sweep/samplers/cma_es.h"
#include "sweep/samplers/gp_sampler.h"
#include "sweep/samplers/grid.h"
#include "sweep/samplers/nsga.h"
#include "sweep/samplers/qmc.h"
#include "sweep/samplers/random_sampler.h"
#include "sweep/samplers/tpe_sampler.h"

namespace moola::sweep {
namespace {

using Made = std::unique_ptr<Sampler>;

using Request = SamplerRequest;

template <class S, class Options>
Made made(Options options) {
  return std::make_unique<S>(options);
}

constexpr std::array kTable{
    SamplerDescription{
        "auto", "what fits the space and how much is known: Gaussian processes, later Parzen estimators",
        [](const Request& r) -> Made { return std::make_unique<AutoSampler>(*r.space, r.objectives, r.seed); }},
    SamplerDescription{"random", "independent draws",
                       [](const Request& r) -> Made { return std::make_unique<RandomSampler>(r.seed); }},
    SamplerDescription{"grid", "every point of a finite space once",
                       [](const Request& r) { return made<GridSampler>(GridOptions{.seed = r.seed}); }},
    SamplerDescription{"qmc", "a scrambled Sobol sequence: even cover, for the first look at a space",
                       [](const Request& r) { return made<QmcSampler>(QmcOptions{.seed = r.seed}); }},
    SamplerDescription{"tpe", "Parzen estimators of good trials against the rest, as Optuna 5 has them",
                       [](const Request& r) { return made<TpeSampler>(TpeOptions{.seed = r.seed}); }},
    SamplerDescription{"tpe-multivariate", "the same with Optuna 4's bandwidths: for choices and integers",
                       [](const Request& r) {
                         return made<TpeSampler>(
                             TpeOptions{.seed = r.seed, .multivariate = true, .bandwidth = ParzenBandwidth::scott});
                       }},
    SamplerDescription{
        "tpe-univariate", "the same with each parameter by itself",
        [](const Request& r) { return made<TpeSampler>(TpeOptions{.seed = r.seed, .multivariate = false}); }},
    SamplerDescription{"gp", "a Gaussian process and what it expects to gain: the most from few trials",
                       [](const Request& r) { return made<GpSampler>(GpOptions{.seed = r.seed}); }},
    SamplerDescription{
        "cma-es",
        "a normal distribution that moves towards good trials: floats that depend on each other, hundreds of trials",
        [](const Request& r) { return made<CmaEsSampler>(CmaEsOptions{.seed = r.seed}); }},
    SamplerDescription{"nsga2", "a genetic algorithm for several objectives",
                       [](const Request& r) { return made<NsgaSampler>(NsgaOptions{.seed = r.seed}); }},
};

}  // namespace

std::span<const SamplerDescription> sampler_table() {
  return kTable;
}

std::unique_ptr<Sampler> make_sampler(std::string_view name, const SamplerRequest& request) {
  const auto at = std::ranges::find(kTable, name, &SamplerDescription::name);
  if (at != kTable.end()) return at->make(request);
  std::vector<std::string> names;
  for (const SamplerDescription& each : kTable) names.emplace_back(each.name);
  throw ConfigError(fmt::format("there is no sampler '{}'.{}", name, did_you_mean(name, names)));
}

}  // namespace moola::sweep
