#pragma once
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/diagnose/cause.h"
#include "cluster/diagnose/log_pattern.h"

namespace moola::cluster {

/// A line that says something of why a step ended.
struct Evidence {
  Cause cause = {};
  Weight weight = {};
  std::string line = {};    // printable
  std::size_t number = 0;   // of the line; 0: not counted, or told by no line
  std::size_t ordinal = 0;  // among the lines that were looked at, from 1
  std::size_t next = 0;     // the ordinal of what came after it; 0: nothing did
  std::vector<std::string> parts = {};
};

/// Collects evidence from a log's lines, in bounded memory: of each cause the first, or the next where the program went
/// on for long after it; of exceptions of Python the last.
class LogEvidence {
 public:
  void line(std::string_view text, std::size_t number);

  /// In the order of the log.
  std::vector<Evidence> found() const;
  /// Lines that were looked at.
  std::size_t lines() const { return ordinal_; }
  /// The last line that is no tool's frame, ruler or echo; empty: none.
  const std::string& last_words() const { return last_words_; }
  std::size_t last_words_number() const { return last_words_number_; }

  /// Whether so much was written after `evidence`, before anything else of the kind came, that the program had gone on.
  bool went_on_after(const Evidence& evidence) const;

 private:
  std::map<Cause, Evidence> of_cause_;
  std::size_t ordinal_ = 0;
  bool in_traceback_ = false;
  std::string last_words_;
  std::size_t last_words_number_ = 0;
  std::vector<std::uint16_t> candidates_;
  std::vector<std::string_view> parts_;

  const LogPattern* pattern_of(std::string_view text);
  bool exception_of_python(std::string_view text);
  void keep(Evidence evidence, bool newest);
  void remember_words(std::string_view text, std::size_t number);
};

/// What the lines begin with that `moola step` itself adds to a step's log: where it runs, and how it ended. They say
/// nothing of why, and are left out of a diagnosis.
inline constexpr const char* kStepSays = "[moola step] ";

/// The line that parts the attempts of one element in its log, for whatever runs it to write: "moola step: attempt 2 of
/// pretrain". What stands before the last one is left out of a diagnosis.
std::string attempt_line(const std::string& step, std::int64_t attempt);

}  // namespace moola::cluster
