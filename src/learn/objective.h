#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace moola::learn {

/// Which part of the work a batch belongs to: training has dropout and fresh draws at each step, evaluation neither.
enum class Phase { train, evaluate };

/// A global batch as every rank knows it: enough to make all keyed draws, whichever rank computes which sample.
struct BatchKey {
  Phase phase = Phase::train;
  std::int64_t step = 0;     // of training; 0 in evaluation, so that every evaluation draws the same
  std::int64_t samples = 0;  // in the global batch
};

/// One micro-batch of it: samples [first, first + windows.size(0)) of the global batch.
struct Leaf {
  at::Tensor windows;       // (n, T, C) fp32, normalised without a look at what is `hidden`, on the model's device
  at::Tensor host_windows;  // the same on the host; the same tensor when the model is there
  std::int64_t first = 0;
};

/// A self-supervised task: what is hidden or compared, and how far off the model was.
///
/// Its loss over a global batch is a sum over leaves, each computable alone: what a leaf needs to know of the others
/// (how many bars are hidden in all) comes from keyed draws in `begin`. Hence the same bits on any number of ranks.
class Objective {
 public:
  virtual ~Objective() = default;

  /// Names of the sums that `leaf` fills; the first is the reconstruction error that baselines are compared with.
  virtual std::vector<std::string> sum_names() const = 0;

  /// Makes ready for a batch. Cost: the draws of all its samples.
  virtual void begin(const BatchKey& batch) = 0;

  /// (count, T) of samples [first, first + count) of the batch: not 0 where the model will not see a bar. Windows are
  /// normalised without a look at those, or the visible bars would tell of them. Empty: nothing is hidden.
  virtual std::span<const std::uint8_t> hidden(std::int64_t first, std::int64_t count) const = 0;

  /// The leaf's share of the batch's loss, with the graph for `backward` in training. Adds to `sums`.
  virtual at::Tensor leaf(const Leaf& leaf, std::span<double> sums) = 0;

  /// From the sums of all leaves of the batch to what is logged: "loss" first, then parts and "baseline_NAME" of
  /// trivial predictors.
  virtual std::vector<std::pair<std::string, double>> metrics(std::span<const double> sums) const = 0;
};

}  // namespace moola::learn
