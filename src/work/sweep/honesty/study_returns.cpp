#include "work/sweep/honesty/study_returns.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/utc_time.h"
#include "work/sweep/honesty/trial_recorder.h"
#include "work/sweep/study/study_summary.h"

namespace moola::work {
namespace {

using Records = std::vector<std::pair<std::uint64_t, TrackRecord>>;

const Records::value_type* reference_of(const Records& records, std::optional<std::uint64_t> judged) {
  const Records::value_type* out = nullptr;
  for (const Records::value_type& each : records) {
    if (judged && each.first == *judged) return &each;
    if (out == nullptr || each.second.value.size() > out->second.value.size()) out = &each;
  }
  return out;
}

std::vector<std::int64_t> common(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  std::vector<std::int64_t> out;
  std::ranges::set_intersection(a, b, std::back_inserter(out));
  return out;
}

// Why a trial can't stand beside the one that is judged; empty: it can.
std::string reason_to_leave_out(const TrackRecord& record, const TrackRecord& judged) {
  if (record.time.empty() != judged.time.empty())
    return record.time.empty() ? "its returns have no times" : "its returns have times, and others have none";
  if (judged.time.empty()) {
    if (record.value.size() == judged.value.size()) return {};
    return fmt::format("it has {} returns without times, where {} were expected", record.value.size(),
                       judged.value.size());
  }
  const std::size_t shared = common(record.time, judged.time).size();
  if (2 * shared >= judged.time.size()) return {};
  return fmt::format("it has returns at {} of {} moments", shared, judged.time.size());
}

}  // namespace

std::vector<double> StudyReturns::column(std::size_t which) const {
  std::vector<double> out;
  for (std::size_t i = which; i < values.size(); i += columns()) out.push_back(values[i]);
  return out;
}

std::optional<std::size_t> StudyReturns::find(std::uint64_t trial) const {
  const auto at = std::ranges::lower_bound(trials, trial);
  if (at == trials.end() || *at != trial) return std::nullopt;
  return static_cast<std::size_t>(at - trials.begin());
}

StudyReturns StudyReturns::moving() const {
  std::vector<bool> keep(columns());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] != values[i % columns()]) keep[i % columns()] = true;
  }
  StudyReturns out = *this;
  out.trials.clear();
  out.values.clear();
  for (std::size_t c = 0; c < columns(); ++c) {
    if (keep[c]) out.trials.push_back(trials[c]);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (keep[i % columns()]) out.values.push_back(values[i]);
  }
  return out;
}

StudyReturns align_returns(const Records& records, std::optional<std::uint64_t> judged) {
  StudyReturns out;
  if (records.empty()) return out;
  const TrackRecord& reference = reference_of(records, judged)->second;
  std::vector<const TrackRecord*> used;
  out.time = reference.time;
  for (const auto& [number, record] : records) {
    out.longest = std::max(out.longest, record.value.size());
    if (const std::string why = reason_to_leave_out(record, reference); !why.empty()) {
      out.left_out.push_back(fmt::format("trial {}: {}", number, why));
      continue;
    }
    out.trials.push_back(number);
    used.push_back(&record);
    if (record.time != out.time) out.time = common(out.time, record.time);
  }
  const std::size_t rows = reference.time.empty() ? reference.value.size() : out.time.size();
  out.values.resize(rows * used.size());
  for (std::size_t c = 0; c < used.size(); ++c) {
    const TrackRecord& record = *used[c];
    std::size_t from = 0;
    for (std::size_t row = 0; row < rows; ++row, ++from) {
      while (!record.time.empty() && record.time[from] != out.time[row]) ++from;
      out.values[row * used.size() + c] = record.value[from];
    }
  }
  return out;
}

StudyReturns read_study_returns(const sweep::Study& study, const std::filesystem::path& study_folder,
                                std::optional<std::uint64_t> judged, PathsAs paths) {
  Records records;
  std::vector<std::string> faults;
  std::size_t complete = 0, without = 0;
  for (std::uint64_t number = 0; number < study.trials.size(); ++number) {
    if (study.trials[number].state != sweep::TrialState::complete) continue;
    ++complete;
    const std::filesystem::path folder = trial_folder(study_folder, number);
    const bool by_mean = paths == PathsAs::mean && std::filesystem::exists(folder / kMeanReturnsFile);
    const std::filesystem::path file = folder / (by_mean ? kMeanReturnsFile : kReturnsFile);
    if (!std::filesystem::exists(file)) {
      ++without;
      continue;
    }
    try {
      records.emplace_back(number, read_track_record(file));
    } catch (const Error& error) {
      faults.push_back(fmt::format("trial {}: {}", number, error.what()));
    }
  }
  StudyReturns out = align_returns(records, judged);
  out.complete = complete;
  out.without = without;
  out.left_out.insert(out.left_out.end(), faults.begin(), faults.end());
  return out;
}

}  // namespace moola::work
