#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/utc_time.h"

// What was done to a run from outside, in events.jsonl: submitted, cancelled, tried again.
namespace moola::cluster {

/// Elements of a step that were handed to a place as one.
struct Submission {
  std::string step = {};
  std::vector<std::size_t> elements = {};  // ascending; {0} for a step that is no array
  std::size_t first = 0;                   // the element that the place numbers 0
  /// What the place knows it by, besides its own number. One that was written before the place was asked, and has no
  /// `id`, is looked for by it.
  std::string comment = {};
  std::string id = {};  // the place's; empty: the submitter was killed before it knew
  std::int64_t time = kNoTime;
  bool fresh = false;  // jobs of moola begin anew, whatever they have

  bool holds(std::size_t element) const;
  /// Whether the place's name of an attempt ("123", "123_4") is this one's.
  bool owns(const std::string& place_id) const { return place_id == id || place_id.starts_with(id + "_"); }
};

/// Elements of a step that nobody wants any more.
struct Cancellation {
  std::string step = {};
  std::vector<std::size_t> elements = {};
  std::string why = {};
};

class RunEvents {
 public:
  /// Reads the run's events. Throws DataError for an event that is none, IoError.
  explicit RunEvents(const std::filesystem::path& run_folder);

  /// In the order of their intents.
  const std::vector<Submission>& submissions() const { return submissions_; }
  /// The last that holds the element; null: it was never submitted.
  const Submission* last_of(const std::string& step, std::size_t element) const;
  /// Why an element was cancelled; none: it was not, or submitted again since.
  std::optional<std::string> cancelled(const std::string& step, std::size_t element) const;

  /// Whether submissions from here on begin anew.
  void set_fresh(bool fresh) { fresh_ = fresh; }
  bool is_fresh() const { return fresh_; }
  /// The intent, before the place is asked; its answer afterwards. Durable when they return. Throw IoError.
  void begin_submission(const Submission& submission);
  void end_submission(const std::string& comment, const std::string& id);
  /// The place has refused it, or never heard of it: as if it had not been begun.
  void withdraw_submission(const std::string& comment, const std::string& why);
  /// Before the place is asked to end them, so that what dies of it knows why.
  void cancel(const Cancellation& cancellation);

 private:
  std::filesystem::path file_;
  std::vector<Submission> submissions_;
  bool fresh_ = false;
  std::map<std::string, std::map<std::size_t, std::string>> cancelled_;  // step, element: why

  void take(const Submission& submission);
};

}  // namespace moola::cluster
