#include "cluster/diagnose/log_evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ranges>

#include "cluster/diagnose/log_lines.h"
#include "cluster/diagnose/pattern_search.h"

namespace moola::cluster {
namespace {

// So many lines without a further sign of trouble are a program that goes on.
constexpr std::size_t kWentOn = 300;
constexpr std::string_view kAttempt = "moola step: attempt ";

// The longest part without a star: what is searched for before the whole pattern is held against a line.
std::string_view longest_part(std::string_view text) {
  if (text.starts_with('^')) text.remove_prefix(1);
  if (text.ends_with('$')) text.remove_suffix(1);
  std::string_view longest;
  while (true) {
    const std::size_t star = text.find('*');
    if (text.substr(0, star).size() > longest.size()) longest = text.substr(0, star);
    if (star == std::string_view::npos) return longest;
    text.remove_prefix(star + 1);
  }
}

const PatternSearch& search() {
  static const PatternSearch all = [] {
    std::vector<std::string_view> texts;
    for (const LogPattern& pattern : log_patterns()) texts.push_back(longest_part(pattern.text));
    return PatternSearch(texts);
  }();
  return all;
}

// What tools draw around their words, and what stands in every failure alike.
bool is_frame(std::string_view text) {
  if (text.find_first_not_of("-=*_#~ .") == std::string_view::npos) return true;
  constexpr std::array<std::string_view, 17> kBegins{"  ",
                                                     "\t",
                                                     "Traceback (",
                                                     "frame #",
                                                     "#0x",
                                                     "NOTE: ",
                                                     "Per user-direction",
                                                     "a non-zero",
                                                     "the job to",
                                                     "During handling of the above",
                                                     "The above exception was",
                                                     "srun: Job step aborted",
                                                     "srun: Terminating",
                                                     "srun: got SIGCONT",
                                                     "srun: forcing",
                                                     "For debugging consider",
                                                     "Compile with `TORCH_USE_CUDA_DSA`"};
  return std::ranges::any_of(kBegins, [&](std::string_view begin) { return text.starts_with(begin); });
}

// "ValueError: …", "KeyError", "package.module.Name: …".
bool looks_like_exception(std::string_view text) {
  const std::size_t end = std::min(text.find(':'), text.size());
  if (end == 0 || end > 120 || std::isdigit(static_cast<unsigned char>(text.front())) != 0) return false;
  return std::ranges::all_of(text.substr(0, end), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.';
  });
}

}  // namespace

std::string attempt_line(const std::string& step, std::int64_t attempt) {
  return fmt::format("{}{} of {}", kAttempt, attempt, step);
}

// The first that fits, as the more special ones stand first; a hint gives way to any other.
const LogPattern* LogEvidence::pattern_of(std::string_view text) {
  search().find(text, candidates_);
  const LogPattern* best = nullptr;
  for (const std::uint16_t index : candidates_) {
    const LogPattern& pattern = log_patterns()[index];
    const bool better = best == nullptr || (best->weight == Weight::hint && pattern.weight != Weight::hint);
    if (better && matches(pattern, text, parts_)) best = &pattern;
  }
  if (best != nullptr) matches(*best, text, parts_);
  return best;
}

// The line behind the frames of a traceback.
bool LogEvidence::exception_of_python(std::string_view text) {
  text = without_rank(text);
  if (text.starts_with("Traceback (most recent call last)")) {
    in_traceback_ = true;
    return false;
  }
  if (!in_traceback_ || text.starts_with(' ')) return false;
  in_traceback_ = false;
  return looks_like_exception(text) && !text.starts_with("KeyboardInterrupt") && !text.starts_with("SystemExit");
}

void LogEvidence::keep(Evidence evidence, bool newest) {
  for (auto& [cause, each] : of_cause_) {
    if (each.next == 0 && each.ordinal < evidence.ordinal) each.next = evidence.ordinal;
  }
  const auto [at, is_new] = of_cause_.try_emplace(evidence.cause, evidence);
  if (is_new) return;
  const bool stronger = evidence.weight < at->second.weight;
  if (stronger || (evidence.weight == at->second.weight && (newest || went_on_after(at->second))))
    at->second = std::move(evidence);
}

void LogEvidence::remember_words(std::string_view text, std::size_t number) {
  if (is_frame(without_rank(text))) return;
  last_words_.assign(text.substr(0, 2000));
  last_words_number_ = number;
}

void LogEvidence::line(std::string_view text, std::size_t number) {
  ++ordinal_;
  if (without_rank(text).starts_with(kAttempt)) {
    of_cause_.clear();
    in_traceback_ = false;
    last_words_.clear();
    return;
  }
  if (text.starts_with(kStepSays)) return;
  const bool exception = exception_of_python(text);
  const LogPattern* pattern = pattern_of(text);
  if (pattern == nullptr && !exception) {
    remember_words(text, number);
    return;
  }
  // An exception whose words nobody knows better.
  const bool own = exception && (pattern == nullptr || pattern->weight == Weight::hint);
  Evidence evidence{.cause = own ? Cause::python_error : pattern->cause,
                    .weight = own ? Weight::hint : pattern->weight,
                    .line = printable_line(text),
                    .number = number,
                    .ordinal = ordinal_};
  if (!own) {
    for (const std::string_view part : parts_) evidence.parts.push_back(printable_line(part, 200));
  }
  if (evidence.weight != Weight::consequence) remember_words(text, number);
  keep(std::move(evidence), own);
}

bool LogEvidence::went_on_after(const Evidence& evidence) const {
  return (evidence.next != 0 ? evidence.next : ordinal_) - evidence.ordinal > kWentOn;
}

std::vector<Evidence> LogEvidence::found() const {
  std::vector<Evidence> out;
  for (const auto& each : of_cause_ | std::views::values) out.push_back(each);
  std::ranges::sort(out, {}, &Evidence::ordinal);
  return out;
}

}  // namespace moola::cluster
