#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/utc_time.h"
#include "cluster/run/job_run.h"
#include "cluster/run/run_events.h"
#include "cluster/run/step_record.h"

namespace moola::cluster {

/// What a place itself says of one element that it was given.
struct PlaceWord {
  enum class State {
    pending,
    running,
    over,    // it ended, however
    unknown  // the place has never heard of it, or has forgotten it
  };
  State state = State::unknown;
  std::string name = {};         // in the place's words: "PENDING", "NODE_FAIL"
  std::string reason = {};       // why it waits
  std::int64_t start = kNoTime;  // when it began, or will by the place's estimate
  std::string exit = {};         // of an end, as the place writes it: "0:53"
  std::string host = {};         // where
};

/// What a place says of all elements of a run: by step and element. `answered` is false where it could not be asked;
/// then nothing is concluded from its silence.
struct PlaceView {
  bool answered = false;
  std::string why_not = {};  // of no answer
  std::map<std::pair<std::string, std::size_t>, PlaceWord> words = {};

  const PlaceWord* of(const std::string& step, std::size_t element) const;
};

enum class ElementState {
  not_submitted,  // the submitter was stopped before it
  waiting,        // in the queue, or for other steps
  running,
  again,  // between two attempts: it has written a checkpoint, or failed in a way that is tried again
  succeeded,
  failed,
  blocked,  // what it comes after has failed
  cancelled
};
std::string_view name_of(ElementState state);
bool is_over(ElementState state);

struct ElementStatus {
  ElementState state = ElementState::not_submitted;
  std::string why = {};                    // it waits, failed, or was cancelled; empty: nothing to say
  std::vector<StepAttempt> attempts = {};  // in their order
  PlaceWord place = {};
};

/// What a machine that runs the elements itself says of those that were submitted: with its runner at work they run,
/// or wait for their turn.
PlaceView view_by_runner(StepRecords& records, const RunEvents& events, bool is_at_work);

/// The element's state from its own record, which is the truth about what has run, from what was asked of the place,
/// and from what the place says. `run` must be what the other arguments are of.
ElementStatus status_of(const JobRun& run, StepRecords& records, const RunEvents& events, const PlaceView& view,
                        const std::string& step, std::size_t element);

}  // namespace moola::cluster
