#pragma once
// A run that nothing has submitted yet, and what could have become of its elements.
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "cluster/run/job_run.h"
#include "cluster/run/run_events.h"
#include "cluster/run/run_status.h"
#include "cluster/run/step_record.h"
#include "tests/support/temporary_folder.h"

namespace moola::test {

struct MadeRun {
  TemporaryFolder folder;
  cluster::JobRun run;

  explicit MadeRun(const std::string& steps, const std::string& place = "slurm") {
    write_file(folder / "job.toml", "[job]\nname = \"made\"\n" + steps);
    run = cluster::create_job_run(folder.path(), cluster::load_job_file(folder / "job.toml", {}, "", folder / "sites"),
                                  place, "/opt/moola/bin/moola");
  }

  cluster::RunEvents events() const { return cluster::RunEvents(run.folder); }

  // As if a place had taken it.
  void submit(const std::string& step, std::vector<std::size_t> elements, const std::string& id) const {
    cluster::RunEvents all = events();
    const std::string comment = step + ":" + id;
    all.begin_submission({.step = step, .elements = std::move(elements), .comment = comment, .time = utc_now()});
    all.end_submission(comment, id);
  }

  // An attempt; without an end it runs, or was lost.
  void attempt(const std::string& step, std::size_t element, std::int64_t number, const std::string& place_id,
               std::optional<cluster::StepEnd> end) const {
    const cluster::StepRecord record(run.folder, step, element);
    cluster::StepAttempt made{.number = number, .begun = utc_now(), .host = "n1", .place_id = place_id};
    record.begin(made);
    if (!end) return;
    made.ended = utc_now();
    made.end = end;
    made.exit_code = *end == cluster::StepEnd::succeeded ? 0 : 1;
    record.end(made);
  }

  cluster::RunStatus status(const cluster::PlaceView& view) const { return status_of(run, events(), view); }
};

inline cluster::PlaceView view_with(const std::string& step, std::size_t element, cluster::PlaceWord word) {
  cluster::PlaceView out{.answered = true, .why_not = {}};
  out.words[{step, element}] = std::move(word);
  return out;
}

}  // namespace moola::test
