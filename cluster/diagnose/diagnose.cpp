#include "cluster/diagnose/diagnose.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <tuple>

#include "base/error.h"
#include "cluster/diagnose/log_evidence.h"
#include "cluster/diagnose/log_lines.h"

namespace moola::cluster {
namespace {

constexpr std::size_t kMost = 4;  // diagnoses of one log
// Without an exit code a hint counts only where nothing but so many lines comes after it.
constexpr std::size_t kLastLines = 3;

struct SignalCause {
  int number;
  Cause cause;
};
constexpr std::array kSignalCauses{
    SignalCause{SIGKILL, Cause::killed},   SignalCause{SIGSEGV, Cause::segmentation_fault},
    SignalCause{SIGBUS, Cause::bus_error}, SignalCause{SIGILL, Cause::illegal_instruction},
    SignalCause{SIGABRT, Cause::aborted},  SignalCause{SIGTERM, Cause::terminated},
};

std::optional<Cause> cause_of_state(const DiagnoseContext& context) {
  const std::string& state = context.slurm_state;
  if (context.slurm_exit_code == "0:53") return Cause::no_log_folder;
  if (state.starts_with("OUT_OF_ME")) return Cause::host_out_of_memory;
  if (state == "TIMEOUT") return Cause::time_limit;
  if (state == "NODE_FAIL" || state == "BOOT_FAIL") return Cause::node_failure;
  if (state == "PREEMPTED") return Cause::preempted;
  if (state.starts_with("CANCELLED")) return Cause::cancelled;
  return std::nullopt;
}

/// Puts what was found into its order.
class Verdict {
 public:
  Verdict(const LogEvidence& log, std::optional<int> exit_code, const DiagnoseContext& context)
      : log_(log), exit_code_(exit_code), context_(context), evidence_(log.found()) {
    add_state();
    add_exit_code();
    note_who_was_ended_by_others();
    if (!exit_code_) leave_out_what_is_not_sure();
    sort();
  }

  const Evidence& first() const { return evidence_.front(); }

  std::vector<Diagnosis> diagnoses() const {
    std::vector<Diagnosis> out;
    for (const Evidence& each : evidence_) {
      if (out.size() == kMost) break;
      Diagnosis::Role role = out.empty() ? Diagnosis::Role::cause : Diagnosis::Role::consequence;
      if (!out.empty() && went_on(each)) role = Diagnosis::Role::before;
      out.push_back(diagnosis(each, role));
    }
    return out;
  }

 private:
  const LogEvidence& log_;
  std::optional<int> exit_code_;
  const DiagnoseContext& context_;
  std::vector<Evidence> evidence_;
  bool first_is_fixed_ = false;  // by the exit code

  bool has(Cause cause) const {
    return std::ranges::any_of(evidence_, [&](const Evidence& each) { return each.cause == cause; });
  }
  bool went_on(const Evidence& each) const { return each.ordinal <= log_.lines() && log_.went_on_after(each); }

  Evidence without_line(Cause cause, Weight weight) const {
    return {.cause = cause, .weight = weight, .ordinal = log_.lines() + 1};
  }

  void add_state() {
    const std::optional<Cause> cause = cause_of_state(context_);
    if (!cause) return;
    const auto known = std::ranges::find(evidence_, *cause, &Evidence::cause);
    if (known != evidence_.end()) {
      known->weight = Weight::cause;
    } else {
      evidence_.push_back(without_line(*cause, *cause == Cause::cancelled ? Weight::outcome : Weight::cause));
    }
  }

  void add_exit_code() {
    if (!exit_code_ || *exit_code_ == 0) return;
    const bool ours = context_.is_moola_job.value_or(has(Cause::moola_error));
    const int code = *exit_code_;
    if (code == static_cast<int>(ExitCode::run_again) && context_.is_moola_job.value_or(true))
      put_first(Cause::run_again);
    if (code == static_cast<int>(ExitCode::gate_not_met) && context_.is_moola_job.value_or(false))
      put_first(Cause::gate_not_met);
    if (code == static_cast<int>(ExitCode::permanent) && ours) refuse();
    if (code > 128) {
      const auto at = std::ranges::find(kSignalCauses, code - 128, &SignalCause::number);
      if (at != kSignalCauses.end() && !has(at->cause)) evidence_.push_back(without_line(at->cause, Weight::outcome));
    }
    if (evidence_.empty()) evidence_.push_back(without_line(Cause::program_failed, Weight::outcome));
  }

  void put_first(Cause cause) {
    first_is_fixed_ = true;
    evidence_.insert(evidence_.begin(), without_line(cause, Weight::cause));
  }

  // Its own words are the reason, whatever else was said.
  void refuse() {
    const auto said = std::ranges::find(evidence_, Cause::moola_error, &Evidence::cause);
    if (said == evidence_.end()) {
      evidence_.push_back(without_line(Cause::refused, Weight::outcome));
    } else {
      said->cause = Cause::refused;
    }
  }

  // Once a rank has given up the others are killed; a kill that is told after it says nothing.
  void note_who_was_ended_by_others() {
    const auto given_up = std::ranges::find_if(evidence_, [](const Evidence& each) {
      return each.cause == Cause::mpi_abort || each.cause == Cause::other_rank;
    });
    if (given_up == evidence_.end()) return;
    const std::size_t since = given_up->ordinal;
    for (Evidence& each : evidence_) {
      const bool kill = each.cause == Cause::killed || each.cause == Cause::terminated;
      if (kill && each.ordinal > since && !each.line.empty()) each.weight = Weight::consequence;
    }
  }

  void leave_out_what_is_not_sure() {
    std::erase_if(evidence_, [&](const Evidence& each) {
      const bool late = each.ordinal + kLastLines > log_.lines();
      return went_on(each) || (each.weight == Weight::hint && !late);
    });
  }

  void sort() {
    const auto rest = evidence_.begin() + (first_is_fixed_ ? 1 : 0);
    std::stable_sort(rest, evidence_.end(), [&](const Evidence& a, const Evidence& b) {
      return std::tuple(went_on(a), a.weight, a.ordinal) < std::tuple(went_on(b), b.weight, b.ordinal);
    });
    // A module that was not loaded is why what it brings is missing.
    const auto module = std::ranges::find(evidence_, Cause::missing_module, &Evidence::cause);
    if (module == evidence_.end() || first_is_fixed_) return;
    const Cause first = evidence_.front().cause;
    if (first != Cause::missing_library && first != Cause::missing_program && first != Cause::python_package) return;
    if (module->ordinal < evidence_.front().ordinal) std::rotate(evidence_.begin(), module, module + 1);
  }

  std::string filled(std::string_view text, const Evidence& each) const {
    std::string out(text);
    const auto put = [&](const std::string& name, const std::string& value) {
      for (std::size_t at = out.find(name); at != std::string::npos; at = out.find(name, at + value.size()))
        out.replace(at, name.size(), value);
    };
    put("{step}", context_.step.empty() ? "NAME" : context_.step);
    put("{memory}", context_.memory.empty() ? "" : fmt::format(" (now {})", context_.memory));
    put("{time}", context_.time.empty() ? "" : fmt::format(" (now {})", context_.time));
    for (std::size_t i = 0; i < each.parts.size(); ++i) put(fmt::format("{{{}}}", i + 1), each.parts[i]);
    return out;
  }

  Diagnosis diagnosis(const Evidence& each, Diagnosis::Role role) const {
    const CauseWords& words = words_of(each.cause);
    const bool said_by_state = each.line.empty() && each.weight == Weight::cause;
    const bool certain = (exit_code_ || said_by_state) && each.weight == Weight::cause && !went_on(each);
    return {.cause = each.cause,
            .role = role,
            .certainty =
                certain || each.cause == Cause::refused ? Diagnosis::Certainty::certain : Diagnosis::Certainty::likely,
            .line = each.line,
            .line_number = each.number,
            .means = filled(words.means, each),
            .advice = filled(words.advice, each),
            .page = std::string(words.page)};
  }
};

std::string telling_line_of(const LogEvidence& evidence) {
  const Verdict verdict(evidence, static_cast<int>(ExitCode::failed), {});
  const Evidence& first = verdict.first();
  const std::string words = printable_line(evidence.last_words());
  const bool says_little = first.line.empty() || first.weight == Weight::consequence || first.cause == Cause::cancelled;
  return says_little && !words.empty() ? words : first.line;
}

std::vector<Diagnosis> diagnoses_of(const LogEvidence& evidence, std::optional<int> exit_code,
                                    const DiagnoseContext& context) {
  if (exit_code == 0 && !cause_of_state(context)) return {};
  return Verdict(evidence, exit_code, context).diagnoses();
}

LogEvidence evidence_in(std::string_view log) {
  LogEvidence evidence;
  read_log_lines(log, [&](std::string_view text, std::size_t number) { evidence.line(text, number); });
  return evidence;
}

}  // namespace

std::vector<Diagnosis> diagnose(std::string_view log, std::optional<int> exit_code, const DiagnoseContext& context) {
  return diagnoses_of(evidence_in(log), exit_code, context);
}

LogReport diagnose_file(const std::filesystem::path& log, std::optional<int> exit_code,
                        const DiagnoseContext& context) {
  LogEvidence evidence;
  read_log_file(log, [&](std::string_view text, std::size_t number) { evidence.line(text, number); });
  return {.diagnoses = diagnoses_of(evidence, exit_code, context), .telling_line = telling_line_of(evidence)};
}

std::string last_telling_line(std::string_view log) {
  return telling_line_of(evidence_in(log));
}

std::string to_string(Diagnosis::Role role) {
  switch (role) {
    case Diagnosis::Role::cause:
      return "cause";
    case Diagnosis::Role::consequence:
      return "consequence";
    case Diagnosis::Role::before:
      return "before";
  }
  return "unknown";
}

std::string to_string(Diagnosis::Certainty certainty) {
  return certainty == Diagnosis::Certainty::certain ? "certain" : "likely";
}

Json diagnosis_json(const Diagnosis& diagnosis) {
  Json out{{"cause", words_of(diagnosis.cause).name},
           {"role", to_string(diagnosis.role)},
           {"certainty", to_string(diagnosis.certainty)}};
  out["line"] = diagnosis.line.empty() ? Json(nullptr) : Json(diagnosis.line);
  out["line_number"] = diagnosis.line_number == 0 ? Json(nullptr) : Json(diagnosis.line_number);
  out["means"] = diagnosis.means;
  out["advice"] = diagnosis.advice;
  out["page"] = diagnosis.page;
  return out;
}

std::string diagnosis_text(const Diagnosis& diagnosis) {
  const bool likely = diagnosis.certainty == Diagnosis::Certainty::likely;
  std::string out = fmt::format("{}{}", words_of(diagnosis.cause).name,
                                diagnosis.role == Diagnosis::Role::consequence ? ", a consequence"
                                : diagnosis.role == Diagnosis::Role::before ? ", earlier; the program went on after it"
                                : likely                                    ? ", likely"
                                                                            : "");
  out += "\n";
  if (!diagnosis.line.empty()) {
    out += diagnosis.line_number != 0 ? fmt::format("  line {}: {}\n", diagnosis.line_number, diagnosis.line)
                                      : fmt::format("  {}\n", diagnosis.line);
  }
  out += fmt::format("  {}\n", diagnosis.means);
  if (diagnosis.role == Diagnosis::Role::cause) {
    out += fmt::format("  To do: {}{}\n", diagnosis.advice,
                       diagnosis.page.empty() ? "" : fmt::format(" More: {}.", diagnosis.page));
  }
  return out;
}

}  // namespace moola::cluster
