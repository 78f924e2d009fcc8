#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sweep/journal/stamps.h"
#include "sweep/study/trial.h"

namespace moola::sweep {

/// Lines of a journal as Optuna 4 writes them, to be appended by a JournalWriter: no blanks between tokens, ASCII,
/// canonical distributions, nothing that one of Optuna's readers, or the page of its dashboard, stumbles over.
///
/// Ids are those that a reader counts (journal_state.h); whoever creates knows them from a reader that is up to date.
/// Times are nanoseconds UTC. Values of attributes are JSON texts of any form; BadRecord is thrown for others.
class RecordText {
 public:
  /// `worker` says in every line who wrote it; any text, but no other process's.
  explicit RecordText(std::string_view worker, StampForm stamps = StampForm::local);

  void create_study(std::string_view name, std::span<const Direction> directions);
  void delete_study(std::uint64_t study);
  void set_study_user(std::uint64_t study, const Attribute& attribute);
  /// With `metrics`, the names of what the directions are of, written anew behind the attribute: the dashboard's page
  /// takes a study's last system attribute for them, whatever it is.
  void set_study_system(std::uint64_t study, const Attribute& attribute, std::span<const std::string> metrics = {});
  /// The names alone.
  void set_metrics(std::uint64_t study, std::span<const std::string> metrics);

  /// A running trial that began at `started`.
  void create_trial(std::uint64_t study, std::int64_t started);
  /// A trial with all that is known of it: an enqueued one, which waits, or one from elsewhere. Its parameters are
  /// indices into `parameters`.
  void create_trial(std::uint64_t study, const Trial& trial, std::span<const StudyParameter> parameters);
  void set_parameter(std::uint64_t trial, std::string_view name, const Distribution& distribution, double inner);
  /// A waiting trial begins.
  void set_running(std::uint64_t trial, std::int64_t started);
  /// A running trial waits again.
  void set_waiting(std::uint64_t trial);
  /// It ends; `values` may be empty, where it was pruned or failed.
  void finish(std::uint64_t trial, TrialState state, std::span<const double> values, std::int64_t started,
              std::int64_t completed);
  void report(std::uint64_t trial, std::int64_t step, double value);
  void set_trial_user(std::uint64_t trial, const Attribute& attribute);
  void set_trial_system(std::uint64_t trial, const Attribute& attribute);

  bool empty() const { return lines_.empty(); }
  /// The lines so far, and none are left.
  std::string take();

 private:
  std::string worker_, lines_;
  StampForm stamps_;

  void begin(int operation, std::string_view id_key, std::uint64_t id);
  void key(std::string_view name);
  void stamp(std::string_view name, std::int64_t time);
  void numbers(std::span<const double> values);
  void set_attribute(int operation, std::string_view id_key, std::uint64_t id, std::string_view field,
                     const Attribute& attribute);
  void attributes(std::string_view field, const std::vector<Attribute>& attributes);
  void end() { lines_ += "}\n"; }
};

}  // namespace moola::sweep
