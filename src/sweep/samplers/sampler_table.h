#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "sweep/samplers/sampler.h"

namespace moola::sweep {

/// What a study's sampler is chosen for.
struct SamplerRequest {
  const SearchSpace* space = nullptr;
  std::size_t objectives = 1;
  std::uint64_t trials = 100;  // of the study in all
  std::uint64_t seed = 0;
};

/// A row of the table of samplers.
struct SamplerDescription {
  std::string_view name;
  std::string_view summary;
  std::unique_ptr<Sampler> (*make)(const SamplerRequest&);
};

/// All of them.
std::span<const SamplerDescription> sampler_table();

/// Throws ConfigError naming the nearest of the table, and where the sampler is not for such a study.
std::unique_ptr<Sampler> make_sampler(std::string_view name, const SamplerRequest& request);

}  // namespace moola::sweep
