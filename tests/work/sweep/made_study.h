#pragma once
// Studies whose trials are made up: no program runs.
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/json.h"
#include "sweep/journal/journal_reader.h"
#include "sweep/pruners/pruner_table.h"
#include "sweep/samplers/sampler_table.h"
#include "sweep/space/space_toml.h"
#include "tests/support/temporary_folder.h"
#include "work/sweep/study/sweep_study.h"
#include "work/sweep/study/trial_attributes.h"

namespace moola::test {

inline work::TrialEvent report_of(std::uint64_t number, std::vector<sweep::Report> reports) {
  return {.number = number, .reports = std::move(reports)};
}

inline work::TrialEvent end_of(std::uint64_t number, work::TrialEnd end) {
  return {.number = number, .end = std::move(end)};
}

inline work::TrialEvent value_of(std::uint64_t number, double value) {
  return end_of(number, {.values = std::vector{value}, .seconds = 1});
}

/// Does `work` in a process of its own that is killed right after it.
inline void in_a_process_that_dies(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      work();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      ::_exit(1);
    }
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  BOOST_REQUIRE((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
}

/// A folder with a study in it, and what opens it.
struct MadeStudy {
  TemporaryFolder folder;
  std::string space = "x = { float = [-5.0, 5.0] }\nn = { int = [1, 64], log = true }\n";
  std::string sampler = "random";
  sweep::PrunerKind pruner = sweep::PrunerKind::none;
  sweep::PrunerOptions pruning = {};
  work::StudyRequest request{.name = "made", .folder = folder.path(), .trials = 20};
  std::vector<std::unique_ptr<sweep::ConfiguredSpace>> spaces = {};  // of opened studies

  std::unique_ptr<work::SweepStudy> open() {
    spaces.push_back(std::make_unique<sweep::ConfiguredSpace>(sweep::parse_space(parse_toml(space, "a test"), "here")));
    const sweep::SearchSpace& opened = spaces.back()->space;
    pruning.maximise = request.directions.front() == sweep::Direction::maximize;
    return std::make_unique<work::SweepStudy>(
        request, opened,
        sweep::make_sampler(
            sampler, {.space = &opened, .objectives = request.directions.size(), .trials = request.trials, .seed = 7}),
        sweep::make_pruner(pruner, pruning, request.name));
  }
  /// What the journal says, to whoever reads it.
  sweep::Study journal() const { return sweep::read_journal(folder / "journal.log").at(0); }
  std::filesystem::path result(std::uint64_t number) const {
    return folder.path() / "trials" / fmt::format("{:06}", number) / "result.json";
  }
};

/// The value of a parameter that a trial is to try.
inline double tried(const work::Assignment& trial, const std::string& name) {
  for (const auto& [each, value] : trial.values) {
    if (each != name) continue;
    if (const auto* number = std::get_if<double>(&value)) return *number;
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  }
  BOOST_FAIL("trial " << trial.number << " has no number " << name);
  return 0;
}

inline std::vector<std::uint64_t> numbers_of(const std::vector<work::Assignment>& trials) {
  std::vector<std::uint64_t> out;
  for (const work::Assignment& each : trials) out.push_back(each.number);
  return out;
}

inline std::size_t count_of(const sweep::Study& study, sweep::TrialState state) {
  return static_cast<std::size_t>(std::ranges::count(study.trials, state, &sweep::Trial::state));
}

/// Runs trials one at a time, each with the value x^2, until nothing is left to begin; how many there were.
inline std::size_t finish_alone(work::SweepStudy& study) {
  std::size_t out = 0;
  std::vector<work::TrialEvent> events;
  for (int turn = 0; turn < 10'000; ++turn) {
    const work::StudyOrders orders = study.advance(events, 1);
    events.clear();
    if (orders.begin.empty()) return out;
    for (const work::Assignment& each : orders.begin) {
      events.push_back(value_of(each.number, tried(each, "x") * tried(each, "x")));
      ++out;
    }
  }
  BOOST_FAIL("the study has no end");
  return out;
}

}  // namespace moola::test
