#pragma once
#include <array>
#include <string>
#include <vector>

#include "cluster/run/element_state.h"

namespace moola::cluster {

struct StepStatus {
  std::string name;
  std::vector<ElementStatus> elements;

  std::size_t count(ElementState state) const { return counts.at(static_cast<std::size_t>(state)); }
  std::array<std::size_t, 8> counts{};  // elements by state
  /// Of all elements together: the state that most wants to be known.
  ElementState state() const;
};

struct RunStatus {
  std::vector<StepStatus> steps;  // in the job's order

  const StepStatus& step(const std::string& name) const;
  bool is_over() const;
  bool succeeded() const;
};

/// Whether a step that the element comes after is over and has not succeeded; `status` holds the steps before it.
bool is_hopeless(const RunStatus& status, const JobStep& step, std::size_t element);

/// Of all steps. Cost: one small file for each element that has begun and is not among `records` yet.
RunStatus status_of(const JobRun& run, StepRecords& records, const RunEvents& events, const PlaceView& view);
RunStatus status_of(const JobRun& run, const RunEvents& events, const PlaceView& view);

/// Whether all that the element comes after is as it must be for it to begin, by the records alone; a sentence that
/// says what is missing, else empty. Steps that only have to be over (`after_any`) are left to the place.
std::string what_is_missing(const JobRun& run, StepRecords& records, const JobStep& step, std::size_t element);

}  // namespace moola::cluster
