#include "cluster/run/step_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/atomic_file.h"
#include "base/error.h"
#include "cluster/run/event_file.h"

namespace moola::cluster {
namespace {

constexpr std::array<std::string_view, 10> kEnds{"succeeded",    "gate not met",  "time limit", "preempted",
                                                 "node failure", "out of memory", "refused",    "error",
                                                 "cancelled",    "over budget"};

std::string text_or_none(const Json& event, const char* key) {
  return event.contains(key) && event[key].is_string() ? event[key].get<std::string>() : std::string();
}

std::int64_t time_at(const Json& event) {
  const std::string text = text_or_none(event, "time");
  return text.empty() ? kNoTime : parse_utc(text);
}

std::string time_text(std::int64_t time) {
  return time == kNoTime ? "" : utc_text(time);
}

}  // namespace

std::string_view name_of(StepEnd end) {
  return kEnds.at(static_cast<std::size_t>(end));
}

bool has_succeeded(const std::vector<StepAttempt>& attempts) {
  return std::ranges::any_of(attempts, [](const StepAttempt& each) { return each.end == StepEnd::succeeded; });
}

StepRecord::StepRecord(const std::filesystem::path& run_folder, const std::string& step, std::size_t element)
    : file_(run_folder / "state" / step / fmt::format("{:06}.jsonl", element)) {}

std::vector<StepAttempt> StepRecord::attempts() const {
  std::vector<StepAttempt> out;
  for (const Json& event : read_events(file_)) {
    const std::string kind = text_or_none(event, "event");
    if (!event.contains("attempt") || !event["attempt"].is_number_integer() || (kind != "begun" && kind != "ended"))
      throw DataError(fmt::format("{} is no record of a step: {}", file_.string(), json_text(event)));
    const auto number = event["attempt"].get<std::int64_t>();
    auto at = std::ranges::find(out, number, &StepAttempt::number);
    if (at == out.end()) at = out.insert(out.end(), StepAttempt{.number = number});
    if (kind == "begun") {
      at->begun = time_at(event);
      at->host = text_or_none(event, "host");
      at->place_id = text_or_none(event, "place_id");
      continue;
    }
    at->ended = time_at(event);
    at->exit_code = event.value("exit_code", 0);
    const auto end = std::ranges::find(kEnds, text_or_none(event, "end"));
    if (end == kEnds.end())
      throw DataError(fmt::format("{} has an end that is none: {}", file_.string(), json_text(event)));
    at->end = static_cast<StepEnd>(end - kEnds.begin());
  }
  return out;
}

void StepRecord::begin(const StepAttempt& attempt) const {
  create_folders(file_.parent_path());
  append_event(file_, {{"event", "begun"},
                       {"attempt", attempt.number},
                       {"time", time_text(attempt.begun)},
                       {"host", attempt.host},
                       {"place_id", attempt.place_id}});
}

void StepRecord::end(const StepAttempt& attempt) const {
  append_event(file_, {{"event", "ended"},
                       {"attempt", attempt.number},
                       {"time", time_text(attempt.ended)},
                       {"exit_code", attempt.exit_code},
                       {"end", std::string(name_of(attempt.end.value()))}});
}

const std::vector<StepAttempt>& StepRecords::of(const std::string& step, std::size_t element) {
  std::vector<StepAttempt>& attempts = read_[{step, element}];
  if (!has_succeeded(attempts)) attempts = StepRecord(run_folder_, step, element).attempts();
  return attempts;
}

}  // namespace moola::cluster
