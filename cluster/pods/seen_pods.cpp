#include "cluster/pods/seen_pods.h"

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text_table.h"
#include "base/utc_time.h"
#include "cluster/local/local_runner.h"
#include "cluster/pods/pod_book.h"
#include "cluster/pods/pod_wish.h"
#include "cluster/run/run_events.h"
#include "cluster/run/run_status.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

fs::path words_file(const JobRun& run) {
  return run.folder / "pods.status";
}

std::string last_words(const JobRun& run) {
  const fs::path file = words_file(run);
  return fs::exists(file) ? read_file(file) : std::string();
}

}  // namespace

void note_pod_words(const JobRun& run, const std::string& words) {
  try {
    write_file(words_file(run), words);
  } catch (const IoError& error) {
    log_warning("{}", error.what());
  }
}

bool is_left_alone(const JobRun& run) {
  const PodBook book(run.folder);
  if (book.rentals().empty() || is_run_locally(run)) return false;
  if (book.current() != nullptr) return true;
  if (book.closed()) return false;
  const bool lacks_results = !book.fetched() && !pod_wish(run.job).settings.network_volume.empty();
  return lacks_results || !status_of(run, RunEvents(run.folder), {.answered = false, .why_not = {}}).is_over();
}

std::string rentals_text(const JobRun& run) {
  const PodBook book(run.folder);
  if (book.rentals().empty()) return {};
  const std::int64_t now = utc_now();
  TextTable table({{"machine"}, {"GPU"}, {"$/h", Align::right}, {"up", Align::right}, {"$", Align::right}, {""}});
  for (const Rental& each : book.rentals()) {
    table.row({each.name, each.gpu.empty() ? "-" : each.gpu, fmt::format("{:.2f}", each.per_hour),
               readable_seconds(each.seconds(now)), fmt::format("{:.2f}", each.cost(now)),
               each.ended != kNoTime ? each.why
               : each.id.empty()     ? "asked for"
                                     : "rented"});
  }
  std::string out = table.text();
  if (book.current() != nullptr) {
    if (const std::string words = last_words(run); !words.empty()) out += words + "\n";
  }
  if (is_left_alone(run)) {
    out += fmt::format(
        "Nobody keeps it from here any more: `moola status {} --watch` does. What is rented ends itself.\n", run.id());
  }
  return out;
}

Json rentals_json(const JobRun& run) {
  const PodBook book(run.folder);
  const std::int64_t now = utc_now();
  Json out = Json::array();
  for (const Rental& each : book.rentals()) {
    out.push_back({{"name", each.name},
                   {each.is_cluster ? "cluster" : "pod", each.id},
                   {"gpu", each.gpu},
                   {"dollars_per_hour", each.per_hour},
                   {"seconds", each.seconds(now)},
                   {"dollars", each.cost(now)},
                   {"ended", each.ended == kNoTime ? Json(nullptr) : Json(utc_text(each.ended))},
                   {"why", each.why}});
  }
  return out;
}

PlaceView pod_view(const JobRun& run, StepRecords& records) {
  const PodBook book(run.folder);
  const RunEvents events(run.folder);
  PlaceView out = view_by_runner(records, events, !book.closed());
  const std::string words = last_words(run);
  for (const JobStep& step : run.job.steps) {
    for (std::size_t element = 0; element < step.elements(); ++element) {
      if (events.last_of(step.name, element) != nullptr && !book.closed()) continue;
      out.words[{step.name, element}] = {.state = book.closed() ? PlaceWord::State::over : PlaceWord::State::pending,
                                         .name = book.closed().value_or(""),
                                         .reason = words.empty() ? "for a machine" : words};
    }
  }
  return out;
}

}  // namespace moola::cluster
