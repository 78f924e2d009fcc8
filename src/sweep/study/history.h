#pragma once
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "sweep/space/search_space.h"
#include "sweep/study/trial.h"

namespace moola::sweep {

/// What samplers and pruners see of a trial. Values are losses: where a study maximises they have changed their sign,
/// so that less is better everywhere.
struct Observation {
  std::uint64_t number = 0;
  TrialState state = TrialState::waiting;
  Point point = {};                  // of the history's space; NaN for what the trial does not have
  std::vector<double> losses = {};   // one per objective when complete; may be infinite, never NaN
  std::vector<Report> reports = {};  // losses of the first objective, by step; may be NaN
  std::vector<double> rungs = {};    // losses at the rungs of successive halving that the trial has passed
  double violation = 0;              // sum of the constraints' excesses that the trial told of itself; 0: feasible
};

/// A trial has passed a rung of successive halving with this loss.
struct RungPass {
  std::uint64_t number = 0;
  std::size_t rung = 0;
  double loss = 0;
};

/// A number that no other object of the process has or had; copies get their own.
class Identity {
 public:
  Identity();
  Identity(const Identity&) : Identity() {}
  Identity& operator=(const Identity&) {
    number_ = Identity().number_;
    return *this;
  }
  std::uint64_t number() const { return number_; }

 private:
  std::uint64_t number_;
};

/// The trials of a study as far as a sampler or a pruner may know them, and in which order they finished.
///
/// Whoever drives the study decides what is told and when: a study of fixed order tells trial n's end only when trial
/// n + lag is about to begin. Samplers may keep what they have computed as long as `changes` shows what is new, but
/// what they answer is a function of what the history holds.
class History {
 public:
  History(const SearchSpace& space, std::size_t objectives) : space_(&space), objectives_(objectives) {}

  const SearchSpace& space() const { return *space_; }
  std::size_t objectives() const { return objectives_; }

  /// By number; numbers that were never begun are waiting and have no point.
  std::span<const Observation> trials() const { return trials_; }
  /// Numbers of the trials in the order in which they were finished, whatever their end.
  std::span<const std::uint64_t> finished() const { return finished_; }
  std::size_t count(TrialState state) const { return counts_[static_cast<std::size_t>(state)]; }
  /// How often anything was told; grows by one with each call of the functions below.
  std::uint64_t version() const { return version_; }
  /// Differs between any two histories, also between one and its copy. What was computed from `finished` and
  /// `rung_passes` of a history holds for what they begin with later, for both only grow; but see `forgotten`.
  std::uint64_t identity() const { return identity_.number(); }
  /// All rungs that were passed, in the order in which that was told, less those of trials that were retried since.
  std::span<const RungPass> rung_passes() const { return rung_passes_; }
  /// How many retried trials had passed a rung: where it has grown, `rung_passes` has lost theirs.
  std::uint64_t forgotten() const { return forgotten_; }

  /// Trial `number` runs with these values. Throws std::logic_error when it has begun already, or the point is not as
  /// long as the space.
  void begin(std::uint64_t number, Point point);
  /// A value of a running trial; a second one for a step is left out, as Optuna does. Returns whether it was new.
  bool report(std::uint64_t number, std::int64_t step, double loss);
  /// A running trial has passed the rung that comes next.
  void pass_rung(std::uint64_t number, double loss);
  /// A running trial is over: complete with losses, pruned or failed. Throws std::logic_error when it does not run, for
  /// a number of losses that does not fit, or NaN among them.
  void finish(std::uint64_t number, TrialState state, std::vector<double> losses, double violation = 0);
  /// A running trial was lost and waits for another try: its reports and rungs are forgotten, its point is kept.
  void retry(std::uint64_t number);
  /// A trial with all that is known of it, as a journal has it. Throws std::logic_error when it has begun already.
  void add(Observation observation);

 private:
  const SearchSpace* space_;
  std::size_t objectives_;
  std::vector<Observation> trials_;
  std::vector<std::uint64_t> finished_;
  std::size_t counts_[5] = {};
  std::uint64_t version_ = 0, forgotten_ = 0;
  std::vector<RungPass> rung_passes_;
  Identity identity_;

  Observation& running(std::uint64_t number);
  void set_state(Observation& trial, TrialState state);
};

}  // namespace moola::sweep
