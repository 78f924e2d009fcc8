#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sweep/pruners/halving_rungs.h"
#include "sweep/pruners/pruner.h"

namespace moola::sweep {

/// Steps that no trial is thought to go beyond.
inline constexpr std::int64_t kLongestTrial = 1'000'000'000'000'000;

/// How many trials, of their sum, go into each bracket of hyperband: floor(log_factor(max / min)) + 1 of them, with
/// the logarithm as rounded as Optuna's. None where max_resource is below min_resource. At most kLongestTrial is asked.
std::vector<std::uint64_t> bracket_shares(std::int64_t min_resource, std::int64_t max_resource,
                                          std::int64_t reduction_factor);

/// The bracket of trial `number`: by the CRC-32 of "{study}_{number}", as in Optuna.
std::size_t bracket_of(std::string_view study_name, std::uint64_t number, const std::vector<std::uint64_t>& shares);

/// Successive halving (successive_halving.h) in brackets: bracket b leaves out the b lowest rungs, and trials compete
/// within theirs only. So it does not matter how much early values tell.
///
/// Where max_resource is not said it is one more than the last step of the trial that was complete first, and nothing
/// is pruned before; see successive_halving.h for how Optuna differs with many trials at once. Source: Li et al. 2018,
/// JMLR 18(185); judgements are those of Optuna 5.0.
class HyperbandPruner final : public Pruner {
 public:
  HyperbandPruner(const HalvingOptions& options, std::optional<std::int64_t> max_resource, std::string study_name);
  Judgement judge(const History& history, std::uint64_t number) override;

 private:
  HalvingOptions options_;
  std::optional<std::int64_t> max_resource_;
  std::string study_name_;
  std::int64_t shared_for_ = 0;  // the max_resource that `shares_` are for
  std::vector<std::uint64_t> shares_;
  FirstCompleteTrial first_;
  PassedRungs passed_;
};

}  // namespace moola::sweep
