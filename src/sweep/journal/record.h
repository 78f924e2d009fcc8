#pragma once
#include <cstdint>
#include <string_view>

#include "sweep/journal/json_scanner.h"
#include "sweep/journal/stamps.h"

namespace moola::sweep {

/// What a line of a journal does. The numbers are Optuna's.
enum class Operation : std::uint8_t {
  create_study = 0,
  delete_study = 1,
  set_study_user = 2,
  set_study_system = 3,
  create_trial = 4,
  set_parameter = 5,
  set_state = 6,
  report = 7,
  set_trial_user = 8,
  set_trial_system = 9,
  discard_trials = 10,  // Rustuna: these trials need not be kept in memory; nothing changes
};

/// The keys that mean something, in no order.
enum class Field : std::uint8_t {
  op_code,
  worker_id,
  study_name,
  directions,
  study_id,
  user_attr,
  system_attr,
  datetime_start,
  state,
  value,
  values,
  datetime_complete,
  distributions,
  params,
  user_attrs,
  system_attrs,
  intermediate_values,
  trial_id,
  param_name,
  param_value_internal,
  distribution,
  step,
  intermediate_value,
  count
};

/// A line of a journal, taken apart but not yet understood: which keys it needs depends on what it does and to what.
/// Texts are views of the line.
struct Record {
  std::uint32_t present = 0;  // bit f: the field f is there and of its type
  std::uint32_t wrong = 0;    // bit f: it is there and of another type
  std::uint32_t null = 0;     // bit f: it is there and null, which its type allows
  std::int64_t operation = -1;
  std::int64_t study = 0, trial = 0, state = 0, step = 0;
  double internal_value = 0, report = 0, value = 0;
  RawText study_name, parameter, distribution;
  Stamp started, completed;
  RawText user_key, system_key;
  std::string_view user_json, system_json;
  std::string_view directions, values;                                                    // lists
  std::string_view distributions, params, user_attrs, system_attrs, intermediate_values;  // objects

  bool has(Field field) const { return (present >> static_cast<unsigned>(field) & 1) != 0; }
  bool is_null(Field field) const { return (null >> static_cast<unsigned>(field) & 1) != 0; }
  /// Throws BadRecord, naming the key, when it is not there or of another type.
  void need(Field field) const;
};

/// Scans lines. It remembers texts that come again and again, workers and distributions, so that they are compared and
/// not scanned; they must outlive it, or `forget` be called.
class RecordScanner {
 public:
  /// The object at the front of `text`; nothing but spaces may follow it. Keys that mean nothing are passed over, of
  /// one that stands there twice the last counts. Throws BadRecord.
  void scan(std::string_view text, Record& out);
  /// The same where more may follow. Returns how many bytes the object has.
  std::size_t scan_front(std::string_view text, Record& out);
  void forget() { *this = {}; }

 private:
  static constexpr std::size_t kRecent = 16;
  RawText worker_ = {};
  RawText recent_[kRecent] = {};               // distributions
  std::size_t likely_ = 0, recent_count_ = 0;  // the one that comes next, how many were ever remembered

  RawText distribution(JsonScanner& scanner);
  void scan_field(Field field, JsonScanner& scanner, Record& out);
};

}  // namespace moola::sweep
