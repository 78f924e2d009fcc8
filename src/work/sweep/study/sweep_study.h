#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "sweep/journal/journal_reader.h"
#include "sweep/journal/journal_writer.h"
#include "sweep/journal/record_text.h"
#include "sweep/pruners/pruner.h"
#include "sweep/samplers/sampler.h"
#include "work/sweep/study/study_summary.h"
#include "work/sweep/study/study_worker.h"
#include "work/sweep/study/trial_result.h"
#include "work/sweep/trials/trial_command.h"
#include "work/sweep/trials/trial_runner.h"

namespace moola::work {

/// What a study is, whoever works on it.
struct StudyRequest {
  std::string name;
  std::filesystem::path folder;  // artifacts/studies/NAME
  std::vector<sweep::Direction> directions = {sweep::Direction::minimize};
  std::vector<std::string> metrics = {};      // what the directions are of; empty: not said
  std::vector<TrialValues> enqueued = {};     // tried first; what they leave out is the sampler's
  TrialValues fixed = {};                     // the same in every trial
  std::uint64_t trials = 100;                 // of the study in all
  std::optional<std::uint64_t> lag = {};      // of a study of fixed order
  bool are_jobs = false;                      // trials are jobs of moola, with its exit codes
  double gpus = 0;                            // of a trial that this process runs
  unsigned retries = 1;                       // of a trial whose program was killed, or ended with a passing fault
  std::chrono::milliseconds silence{60'000};  // after which a worker of another host that says nothing is lost
  /// Keeps what a complete trial has besides its values, in its folder and in what is written of it next; may make it a
  /// failed one.
  std::function<void(TrialResult&, const std::filesystem::path& folder)> keep_record = {};
};

/// A trial for this process to run.
struct Assignment {
  std::uint64_t number = 0;
  unsigned attempt = 1;
  TrialValues values = {};
  std::filesystem::path folder = {};  // its own; it is there
};

/// What is to be done after something has happened.
struct StudyOrders {
  std::vector<Assignment> begin = {};
  std::vector<std::uint64_t> prune = {};  // running trials to be ended
};

/// The part of a study's work that this process has: it decides what is tried, knows who has which trial, and keeps
/// what came of it. Others, on this host or another, may do the same on the same folder at the same time.
///
/// What is true stands in the folder: the journal (Optuna's), and a result.json of each finished trial, written before
/// the journal is told. A process that is killed at any moment loses nothing that was finished; its running trials are
/// run again, from their own checkpoints, by the next that comes, as another attempt of the same trial.
class SweepStudy {
 public:
  /// Opens or creates the study. Throws ConfigError when the journal has a study of this name with other directions or
  /// with choices that are none of the space's, DataError for a journal that can't be read, IoError.
  SweepStudy(StudyRequest request, const sweep::SearchSpace& space, std::unique_ptr<sweep::Sampler> sampler,
             std::unique_ptr<sweep::Pruner> pruner);
  ~SweepStudy();

  /// Keeps what has happened to this process's trials, hears of what others have done, and says what is to be begun on
  /// `free` slots. Results and records are on the disk when it returns.
  StudyOrders advance(std::span<const TrialEvent> events, std::size_t free);
  /// Others take none of this process's trials while `guard`, a process that outlives it by a moment, is there.
  void set_guard(pid_t guard) { worker_.set_guard(guard); }
  /// The running trials of this process go on elsewhere, in the attempt they are in. Nothing is begun after it.
  void leave();
  /// To be called every few seconds, so that others know that this process is at work.
  void beat() { worker_.beat(); }

  StudyCounts counts() const;
  /// What all trials have cost so far (gpu_hours.h), those that run in other processes too.
  double gpu_hours();
  /// Whether every trial of the study is finished, but for those that a program which is none of ours has begun: nobody
  /// can say whether it still runs.
  bool is_done() const;
  /// Whether nothing is left that this process could begin: all trials have begun, or a grid has no more points.
  bool nothing_to_begin() const { return exhausted_ || begun() >= request_.trials; }
  /// Trials of this process that have failed one after the other, and what the last of all said.
  std::uint64_t failures_in_a_row() const { return failures_in_a_row_; }
  const std::string& last_failure() const { return last_failure_; }
  /// Whether it was of a kind that another try elsewhere may mend.
  bool failure_may_pass() const { return failure_may_pass_; }
  /// The study as the journal has it.
  const sweep::Study& study() const;
  const sweep::History& history() const { return *history_; }
  std::filesystem::path journal() const { return reader_.file(); }
  std::filesystem::path trial_folder(std::uint64_t number) const;
  /// What is to be told the user of how the study went on: parameters whose ranges have changed.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  struct Own {
    unsigned attempt = 1;
    double seconds = 0;  // of earlier attempts
    std::vector<sweep::Report> reports = {};
    bool pruned = false;
    unsigned continued = 0;  // times that it asked to be run again
  };
  StudyRequest request_;
  const sweep::SearchSpace& space_;
  std::unique_ptr<sweep::Sampler> sampler_;
  std::unique_ptr<sweep::Pruner> pruner_;
  StudyWorker worker_;
  sweep::JournalReader reader_;
  sweep::JournalWriter writer_;
  std::size_t id_ = 0;  // of the study in the journal
  std::unique_ptr<sweep::History> history_;
  std::set<std::uint64_t> open_;  // trials that are not finished, as far as the history knows
  std::uint64_t seen_ = 0;        // trials of the journal that were looked at
  std::uint64_t told_ = 0;        // of fixed order: ends of trials below are in the history
  std::map<std::uint64_t, Own> own_;
  std::vector<std::uint64_t> again_;  // of ours: to be attempted again
  std::vector<std::string> notes_;
  std::vector<std::uint64_t> provisional_;  // begun in lines that are not written yet
  bool exhausted_ = false, left_ = false, failure_may_pass_ = false;
  std::uint64_t failures_in_a_row_ = 0;
  std::string last_failure_;

  std::uint64_t begun() const;
  void open_study();
  void check_space();
  void absorb();
  void absorb_trial(std::uint64_t number);
  void tell_end(std::uint64_t number);
  void tell_ends_before(std::uint64_t number);
  sweep::Point point_of(const sweep::Trial& trial) const;
  void forget_history();
  std::optional<TrialResult> result_of(std::uint64_t number, const TrialEnd& end);
  std::vector<TrialResult> keep_ends(std::span<const TrialEvent> events);
  bool may_begin() const;
  void record_result(sweep::RecordText& records, const TrialResult& result) const;
  std::vector<std::uint64_t> take_reports(sweep::RecordText& records, std::span<const TrialEvent> events);
  bool is_to_be_pruned(sweep::RecordText& records, const TrialEvent& event, const sweep::Report& report);
  void put_down(sweep::RecordText& records);
  std::vector<Assignment> begin_trials(sweep::RecordText& records, std::size_t free);
  bool begin_again(sweep::RecordText& records, std::uint64_t number, std::vector<Assignment>& out);
  bool begin_waiting(sweep::RecordText& records, std::uint64_t number, std::vector<Assignment>& out);
  bool begin_new(sweep::RecordText& records, std::uint64_t number, std::vector<Assignment>& out);
  void begin_at(const sweep::Point& point, std::uint64_t number, std::vector<Assignment>& out);
  sweep::Attribute ownership(unsigned attempt, double spent, std::int64_t since) const;
  Assignment assignment(std::uint64_t number, TrialValues values, unsigned attempt) const;
};

}  // namespace moola::work
