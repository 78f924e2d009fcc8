#include "cluster/run/element_state.h"

#include <fmt/format.h>

#include <array>

#include "cluster/run/run_step.h"

namespace moola::cluster {
namespace {

constexpr std::array<std::string_view, 8> kNames{"not submitted", "waiting", "running", "again",
                                                 "succeeded",     "failed",  "blocked", "cancelled"};

// Of an attempt without an end that the place does not run any more.
std::string how_it_was_lost(const PlaceWord* word) {
  if (word == nullptr || word->name.empty()) return "it was lost without a word: its node, or what ran it, died";
  if (word->name.starts_with("OUT_OF_ME")) return "out of memory";
  if (word->name == "NODE_FAIL") return "its node failed";
  if (word->name == "TIMEOUT") return "it reached its time limit without having stopped when it was told to";
  return fmt::format("the place ended it: {}", word->name);
}

std::string how_it_failed(const StepAttempt& attempt) {
  if (attempt.end == StepEnd::error || attempt.end == StepEnd::refused)
    return fmt::format("exit code {}", attempt.exit_code);
  return std::string(name_of(*attempt.end));
}

// Of one that has never begun, and that the place has done with.
ElementStatus never_begun(const PlaceWord& word) {
  ElementStatus out{.state = ElementState::failed, .place = word};
  if (word.name.starts_with("CANCELLED") && word.reason == "DependencyNeverSatisfied")
    return {.state = ElementState::blocked, .why = "a step that it comes after has not succeeded", .place = word};
  if (word.name.starts_with("CANCELLED")) {
    out.state = ElementState::cancelled;
    out.why = "the place cancelled it before it began";
  } else if (word.exit == "0:53") {
    out.why = "its script never ran: the folder of its log was missing or could not be written on the node";
  } else {
    out.why = fmt::format("it ended before it began: {}{}", word.name, word.exit.empty() ? "" : ", exit " + word.exit);
  }
  return out;
}

}  // namespace

const PlaceWord* PlaceView::of(const std::string& step, std::size_t element) const {
  const auto at = words.find({step, element});
  return at == words.end() ? nullptr : &at->second;
}

std::string_view name_of(ElementState state) {
  return kNames.at(static_cast<std::size_t>(state));
}

bool is_over(ElementState state) {
  return state == ElementState::succeeded || state == ElementState::failed || state == ElementState::blocked ||
         state == ElementState::cancelled;
}

PlaceView view_by_runner(StepRecords& records, const RunEvents& events, bool is_at_work) {
  PlaceView out{.answered = true, .why_not = {}};
  if (!is_at_work) return out;
  for (const Submission& each : events.submissions()) {
    for (const std::size_t element : each.elements) {
      // With a runner alive an attempt without an end runs.
      const std::vector<StepAttempt>& attempts = records.of(each.step, element);
      const bool runs = !attempts.empty() && !attempts.back().end;
      out.words[{each.step, element}] = {.state = runs ? PlaceWord::State::running : PlaceWord::State::pending};
    }
  }
  return out;
}

ElementStatus status_of(const JobRun& run, StepRecords& records, const RunEvents& events, const PlaceView& view,
                        const std::string& step, std::size_t element) {
  using State = PlaceWord::State;
  ElementStatus out{.attempts = records.of(step, element)};
  const PlaceWord* word = view.of(step, element);
  if (word != nullptr) out.place = *word;
  const bool is_there = word != nullptr && (word->state == State::pending || word->state == State::running);
  const std::optional<std::string> cancelled = events.cancelled(step, element);
  const auto become = [&](ElementState state, std::string why = {}) {
    out.state = state;
    out.why = std::move(why);
    return out;
  };

  if (has_succeeded(out.attempts)) return become(ElementState::succeeded);
  if (!out.attempts.empty() && !out.attempts.back().end) {
    if (is_there && word->state == State::pending)
      return become(ElementState::again, "its last attempt was lost, and the place begins another");
    if (is_there || !view.answered) return become(ElementState::running);
    if (cancelled) return become(ElementState::cancelled, *cancelled);
    return become(ElementState::failed, how_it_was_lost(word));
  }
  if (cancelled) {
    if (is_there && word->state == State::running) return become(ElementState::running, "it is being cancelled");
    return become(ElementState::cancelled, *cancelled);
  }
  const Submission* submission = events.last_of(step, element);
  if (!out.attempts.empty()) {
    const StepAttempt& last = out.attempts.back();
    // One that was submitted anew after its last end waits for its turn.
    const bool submitted_since = submission != nullptr && !submission->id.empty() && !submission->owns(last.place_id);
    if (submitted_since && (is_there || !view.answered))
      return become(ElementState::again, how_it_failed(last) + ", and submitted again");
    if (may_try_again(run.job.step(step).retry, out.attempts) && (is_there || !view.answered))
      return become(ElementState::again, how_it_failed(last));
    if (last.end == StepEnd::cancelled) return become(ElementState::cancelled, "it was told to end");
    return become(ElementState::failed, how_it_failed(last));
  }
  // A machine that is still to be rented has been given nothing yet, and will be.
  if (is_there)
    return become(word->state == State::running ? ElementState::running : ElementState::waiting, word->reason);
  if (submission == nullptr && word != nullptr && word->state == State::over) return never_begun(*word);
  if (submission == nullptr) return become(ElementState::not_submitted);
  if (!view.answered) return become(ElementState::waiting, "the place could not be asked");
  if (word != nullptr && word->state == State::over) return never_begun(*word);
  if (submission->id.empty())
    return become(ElementState::not_submitted, "whoever submitted it was stopped before the place had it");
  return become(ElementState::failed, "the place has forgotten it, and it has never begun");
}

}  // namespace moola::cluster
