#include "sweep/pruners/hyperband.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace moola::sweep {

std::vector<std::uint64_t> bracket_shares(std::int64_t min_resource, std::int64_t max_resource,
                                          std::int64_t reduction_factor) {
  if (max_resource < min_resource) return {};
  const double factor = static_cast<double>(reduction_factor);
  const double ratio = static_cast<double>(max_resource) / static_cast<double>(min_resource);
  const auto brackets = static_cast<std::size_t>(std::floor(std::log(ratio) / std::log(factor))) + 1;
  std::vector<std::uint64_t> out(brackets);
  for (std::size_t b = 0; b < brackets; ++b) {
    double trials = static_cast<double>(brackets);
    const std::size_t left = brackets - 1 - b;
    for (std::size_t i = 0; i < left; ++i) trials *= factor;
    out[b] = static_cast<std::uint64_t>(std::ceil(trials / static_cast<double>(left + 1)));
  }
  return out;
}

std::size_t bracket_of(std::string_view study_name, std::uint64_t number, const std::vector<std::uint64_t>& shares) {
  const std::string key = fmt::format("{}_{}", study_name, number);
  const uLong hash = crc32_z(0, reinterpret_cast<const Bytef*>(key.data()), key.size());
  std::uint64_t place = hash % std::accumulate(shares.begin(), shares.end(), std::uint64_t{0});
  for (std::size_t b = 0; b < shares.size(); ++b) {
    if (place < shares[b]) return b;
    place -= shares[b];
  }
  throw std::logic_error("a place beyond all brackets");
}

HyperbandPruner::HyperbandPruner(const HalvingOptions& options, std::optional<std::int64_t> max_resource,
                                 std::string study_name)
    : options_(options), max_resource_(max_resource), study_name_(std::move(study_name)) {}

Judgement HyperbandPruner::judge(const History& history, std::uint64_t number) {
  std::optional<std::int64_t> most = max_resource_;
  if (!most) {
    const std::optional<std::int64_t> last = first_.last_step(history);
    if (!last) return {};
    most = std::min(*last, kLongestTrial - 1) + 1;
  }
  if (shared_for_ != *most) {
    shares_ = bracket_shares(options_.min_resource, *most, options_.reduction_factor);
    passed_ = {};
    shared_for_ = *most;
  }
  if (shares_.empty()) return {};
  const std::span<RungLosses> all = passed_.by_bracket(
      history, shares_.size(), [&](std::uint64_t each) { return bracket_of(study_name_, each, shares_); });
  const std::size_t bracket = bracket_of(study_name_, number, shares_);
  HalvingOptions options = options_;
  options.min_early_stopping_rate = static_cast<std::int64_t>(bracket);
  return climb(history.trials()[number], options, all[bracket]);
}

}  // namespace moola::sweep
