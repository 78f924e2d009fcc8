#include "sweep/samplers/sampler_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/nearest.h"
#include "sweep/samplers/cma_es.h"
#include "sweep/samplers/grid.h"
#include "sweep/samplers/nsga.h"
#include "sweep/samplers/qmc.h"
#include "sweep/samplers/random_sampler.h"
#include "sweep/samplers/tpe_sampler.h"

namespace moola::sweep {
namespace {

using Made = std::unique_ptr<Sampler>;

Made tpe(const SamplerRequest& request) {
  return std::make_unique<TpeSampler>(TpeOptions{.seed = request.seed});
}

constexpr std::array kTable{
    SamplerDescription{"auto", "the one that fits the space and the number of trials",
                       [](const SamplerRequest& r) -> Made { return tpe(r); }},
    SamplerDescription{"random", "independent draws",
                       [](const SamplerRequest& r) -> Made { return std::make_unique<RandomSampler>(r.seed); }},
    SamplerDescription{
        "grid", "every point of a finite space once",
        [](const SamplerRequest& r) -> Made { return std::make_unique<GridSampler>(GridOptions{.seed = r.seed}); }},
    SamplerDescription{
        "qmc", "a scrambled Sobol sequence: even cover, for the first look at a space",
        [](const SamplerRequest& r) -> Made { return std::make_unique<QmcSampler>(QmcOptions{.seed = r.seed}); }},
    SamplerDescription{"tpe", "Parzen estimators of good trials against the rest, as Optuna 5 has them",
                       [](const SamplerRequest& r) -> Made { return tpe(r); }},
    SamplerDescription{"tpe-multivariate",
                       "the same with the bandwidths of Optuna 4's multivariate option: for choices and integers",
                       [](const SamplerRequest& r) -> Made {
                         return std::make_unique<TpeSampler>(
                             TpeOptions{.seed = r.seed, .multivariate = true, .bandwidth = ParzenBandwidth::scott});
                       }},
    SamplerDescription{"tpe-univariate", "the same with each parameter by itself",
                       [](const SamplerRequest& r) -> Made {
                         return std::make_unique<TpeSampler>(TpeOptions{.seed = r.seed, .multivariate = false});
                       }},
    SamplerDescription{
        "cma-es",
        "a normal distribution that moves towards good trials: floats that depend on each other, hundreds of trials",
        [](const SamplerRequest& r) -> Made { return std::make_unique<CmaEsSampler>(CmaEsOptions{.seed = r.seed}); }},
    SamplerDescription{
        "nsga2", "a genetic algorithm for several objectives",
        [](const SamplerRequest& r) -> Made { return std::make_unique<NsgaSampler>(NsgaOptions{.seed = r.seed}); }},
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
