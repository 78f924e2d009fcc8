#pragma once
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "cluster/diagnose/cause.h"

namespace moola::cluster {

/// What is known of a step beside its log; all of it may be left out.
struct DiagnoseContext {
  std::string step = {};               // for the advice: step.NAME.memory
  std::string memory = {}, time = {};  // what the job file gives it now, such as "4G" and "2h"
  std::optional<bool> is_moola_job =
      {};                            // whether the exit codes 2, 3 and 85 have moola's meaning; by the log if unknown
  std::string slurm_state = {};      // TIMEOUT, OUT_OF_MEMORY, NODE_FAIL, PREEMPTED, CANCELLED, FAILED …
  std::string slurm_exit_code = {};  // "0:53"
};

/// One thing that happened to a step, and what to do about it.
struct Diagnosis {
  enum class Role {
    cause,        // what ended it
    consequence,  // what followed from that, however loud
    before,       // came earlier in the log, and the program went on after it
  };
  enum class Certainty {
    certain,  // the tool's own words for it, and the step failed
    likely,   // words that may stand in a log without harm, or a status that has several reasons
  };
  Cause cause = {};
  Role role = Role::cause;
  Certainty certainty = Certainty::certain;
  std::string line = {};        // of the log that says so; empty: told by the exit code or by Slurm
  std::size_t line_number = 0;  // from 1; 0: no line, or not counted
  std::string means = {}, advice = {}, page = {};
};

/// What a log says.
struct LogReport {
  std::vector<Diagnosis> diagnoses = {};
  std::string telling_line = {};  // the one line that says most: that of the cause, else its last words; may be empty
};

/// What ended a step, by its log (its end at least) and its exit code: the cause first, then what followed from it. Of
/// several errors it is the one that came first and says most; what only says that another rank failed comes last,
/// wherever it stands. Nothing when the step succeeded (exit code 0), or, without an exit code, when nothing in the log
/// is sure.
///
/// Reads the log once, in bounded memory, whatever it holds. Cost about 0.3 s for 64 MB; larger ones cost no more but
/// for counting their lines.
std::vector<Diagnosis> diagnose(std::string_view log, std::optional<int> exit_code,
                                const DiagnoseContext& context = {});
/// The same, and the telling line, of a file. Throws ConfigError for what is no file, IoError.
LogReport diagnose_file(const std::filesystem::path& log, std::optional<int> exit_code,
                        const DiagnoseContext& context = {});

/// The one line of a failed step's log that says most.
std::string last_telling_line(std::string_view log);

std::string to_string(Diagnosis::Role role);
std::string to_string(Diagnosis::Certainty certainty);
Json diagnosis_json(const Diagnosis& diagnosis);
/// A paragraph for people: the line, what it means, what to do.
std::string diagnosis_text(const Diagnosis& diagnosis);

}  // namespace moola::cluster
