#pragma once
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "sweep/journal/record.h"
#include "sweep/study/trial.h"

namespace moola::sweep {

/// Where a trial stands: its study, by id, and its number there.
struct TrialPlace {
  std::uint32_t study = 0, number = 0;
  bool operator==(const TrialPlace&) const = default;
};

/// What the records of a journal come to, applied one after the other, as Optuna has it:
///
/// - ids are counted: a study's as studies are created, a trial's over all studies of the journal;
/// - a study of a name that one has already is not created, and a trial of no study or of a deleted one neither;
/// - what comes for a finished trial, or one that is not there, is passed over; a running trial is not begun again;
/// - a parameter whose distribution does not fit the first of its name in the study is passed over, except where a
///   trial is created with it;
/// - of two reports of a step, two values of an attribute or of a parameter, the later one stays;
/// - null among values and reports is NaN; a trial may have more values, or fewer, than its study has directions.
///
/// Cost: tens of nanoseconds a record, whatever the number of trials.
class JournalState {
 public:
  /// Throws BadRecord for what Optuna does not read either; the state is then as it was.
  void apply(const Record& record);

  /// By id; deleted ones keep what they had.
  const std::vector<Study>& studies() const { return studies_; }
  /// By id.
  std::span<const TrialPlace> trials() const { return places_; }
  std::uint64_t trial_id(std::size_t study, std::size_t number) const { return indexes_[study].trial_ids[number]; }

 private:
  // A name and a distribution as a record writes them.
  struct Written {
    std::string name, distribution;
    std::uint32_t parameter;  // index in Study::parameters; kDropped: it does not fit
  };
  struct StudyIndex {
    std::vector<std::uint64_t> trial_ids;
    std::vector<std::uint32_t> first_of_name;                   // by parameter: the first one of its name
    std::unordered_map<std::string, std::uint32_t> names;       // the first parameter of a name
    std::unordered_map<std::string, std::uint32_t> parameters;  // by name and canonical distribution
    std::deque<Written> written;
    std::unordered_map<std::string, std::uint32_t> by_text;  // into `written`
    std::size_t likely = 0;                                  // of `written`: the one that comes next
    std::size_t usual_parameters = 0, usual_reports = 0;     // how many the last finished trial had
    std::string template_text;                               // the distributions that the last trial was created with
    std::vector<std::pair<std::string, std::uint32_t>> template_parameters;
  };

  std::vector<Study> studies_;
  std::vector<StudyIndex> indexes_;
  std::vector<TrialPlace> places_;
  std::unordered_map<std::string, std::uint32_t> live_names_;
  LocalClock clock_;

  void create_study(const Record& record);
  void delete_study(const Record& record);
  void create_trial(const Record& record);
  void set_parameter(const Record& record);
  void set_state(const Record& record);
  void report(const Record& record);
  void set_attribute(const Record& record);
  Study* live_study(const Record& record);
  Trial* open_trial(const Record& record);
  const Written* find_written(StudyIndex& index, const Record& record) const;
  std::uint32_t parameter_index(std::size_t study, const std::string& name, const Distribution& distribution);
  void set_value(std::size_t study, Trial& trial, std::uint32_t parameter, double inner) const;
  void set_template_parameters(std::size_t study, Trial& trial, const Record& record);
};

}  // namespace moola::sweep
