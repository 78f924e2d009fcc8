#include "cluster/run/run_events.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "cluster/job/element_list.h"
#include "cluster/run/event_file.h"
#include "cluster/run/record_field.h"

namespace moola::cluster {
namespace {

constexpr const char* kEvent = "an event of a job's run";

}  // namespace

bool Submission::holds(std::size_t element) const {
  return std::ranges::binary_search(elements, element);
}

RunEvents::RunEvents(const std::filesystem::path& run_folder) : file_(run_folder / "events.jsonl") {
  for (const Json& event : read_events(file_)) {
    const std::string kind = text_at(event, "event", kEvent);
    if (kind == "submitting") {
      take({.step = text_at(event, "step", kEvent),
            .elements = parse_element_list(text_at(event, "elements", kEvent)),
            .first = event.value("first", std::size_t{0}),
            .comment = text_at(event, "comment", kEvent),
            .id = {},
            .time = parse_utc(text_at(event, "time", kEvent)),
            .fresh = event.value("fresh", false)});
    } else if (kind == "submitted" || kind == "withdrawn") {
      const auto at = std::ranges::find(submissions_, text_at(event, "comment", kEvent), &Submission::comment);
      if (at == submissions_.end())
        throw DataError(
            fmt::format("{}: nothing was submitting what was {}: {}", file_.string(), kind, json_text(event)));
      if (kind == "submitted")
        at->id = text_at(event, "id", kEvent);
      else
        submissions_.erase(at);
    } else if (kind == "cancelled") {
      for (const std::size_t each : parse_element_list(text_at(event, "elements", kEvent)))
        cancelled_[text_at(event, "step", kEvent)][each] = text_at(event, "why", kEvent);
    } else {
      throw DataError(fmt::format("{} has an event that is none: {}", file_.string(), json_text(event)));
    }
  }
}

void RunEvents::take(const Submission& submission) {
  submissions_.push_back(submission);
  for (const std::size_t each : submission.elements) cancelled_[submission.step].erase(each);
}

const Submission* RunEvents::last_of(const std::string& step, std::size_t element) const {
  for (auto at = submissions_.rbegin(); at != submissions_.rend(); ++at) {
    if (at->step == step && at->holds(element)) return &*at;
  }
  return nullptr;
}

std::optional<std::string> RunEvents::cancelled(const std::string& step, std::size_t element) const {
  const auto of_step = cancelled_.find(step);
  if (of_step == cancelled_.end()) return std::nullopt;
  const auto at = of_step->second.find(element);
  return at == of_step->second.end() ? std::nullopt : std::optional(at->second);
}

void RunEvents::begin_submission(const Submission& given) {
  Submission submission = given;
  submission.fresh = fresh_;
  append_event(file_, {{"event", "submitting"},
                       {"step", submission.step},
                       {"elements", element_list_text(submission.elements)},
                       {"first", submission.first},
                       {"comment", submission.comment},
                       {"fresh", submission.fresh},
                       {"time", utc_text(submission.time)}});
  take(submission);
}

void RunEvents::end_submission(const std::string& comment, const std::string& id) {
  append_event(file_, {{"event", "submitted"}, {"comment", comment}, {"id", id}, {"time", utc_text(utc_now())}});
  std::ranges::find(submissions_, comment, &Submission::comment)->id = id;
}

void RunEvents::withdraw_submission(const std::string& comment, const std::string& why) {
  append_event(file_, {{"event", "withdrawn"}, {"comment", comment}, {"why", why}, {"time", utc_text(utc_now())}});
  submissions_.erase(std::ranges::find(submissions_, comment, &Submission::comment));
}

void RunEvents::cancel(const Cancellation& cancellation) {
  append_event(file_, {{"event", "cancelled"},
                       {"step", cancellation.step},
                       {"elements", element_list_text(cancellation.elements)},
                       {"why", cancellation.why},
                       {"time", utc_text(utc_now())}});
  for (const std::size_t each : cancellation.elements) cancelled_[cancellation.step][each] = cancellation.why;
}

}  // namespace moola::cluster
