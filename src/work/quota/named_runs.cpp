#include "work/quota/named_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "data/store/dataset.h"
#include "work/sweep/study/best_trial.h"
#include "work/sweep/study/study_summary.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;
using record::Artifact;
using record::RunSummary;

constexpr std::size_t kEnd = std::size_t{4} << 20;  // bytes of a job run's file that are looked through at each end
constexpr std::size_t kHash = 64;
constexpr std::string_view kJoints = "._-";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || kJoints.find(c) != std::string_view::npos;
}

// 20261121T010515Z_
bool begins_an_id(std::string_view text) {
  constexpr std::string_view kShape = "00000000T000000Z_";
  if (text.size() < kShape.size()) return false;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] == '0' ? !is_digit(text[i]) : text[i] != kShape[i]) return false;
  }
  return true;
}

std::vector<std::string> hashes_in(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin;
    while (end < text.size() && is_hex(text[end])) ++end;
    if (end - begin == kHash) out.emplace_back(text.substr(begin, kHash));
    begin = end + 1;
  }
  return out;
}

std::string ends_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string head(kEnd, '\0');
  in.read(head.data(), static_cast<std::streamsize>(kEnd));
  head.resize(static_cast<std::size_t>(in.gcount()));
  if (head.size() < kEnd) return head;
  std::error_code error;
  const std::uintmax_t size = fs::file_size(file, error);
  if (error || size <= kEnd) return head;
  const std::size_t rest = std::min<std::uintmax_t>(size - kEnd, kEnd);
  in.clear();
  in.seekg(static_cast<std::streamoff>(size - rest));
  std::string tail(rest, '\0');
  in.read(tail.data(), static_cast<std::streamsize>(rest));
  tail.resize(static_cast<std::size_t>(in.gcount()));
  return head + "\n" + tail;
}

Json uses_json(const std::vector<record::DataUse>& uses) {
  Json out = Json::array();
  for (const record::DataUse& use : uses) {
    // A run's id may be the whole id of a use; its facts are told by the job that used it.
    out.push_back({{"id", use.id}, {"hash", use.content_sha256}, {"facts", use.facts}, {"of", uses_json(use.sources)}});
  }
  return out;
}

class Search {
 public:
  Search(const fs::path& workspace, const record::RunList& runs) : workspace_(workspace) {
    for (const RunSummary& run : runs.runs) {
      known_[run.path.filename().string()] = &run;
      for (const Artifact& artifact : run.manifest.artifacts) {
        if (artifact.path.starts_with("artifacts/encoders/"))
          encoders_[artifact.sha256].push_back(run.path.filename().string());
      }
    }
  }

  NamedRuns all() {
    runs();
    datasets();
    job_runs();
    studies();
    return std::move(out_);
  }

 private:
  const fs::path& workspace_;
  std::map<std::string, const RunSummary*> known_;
  std::map<std::string, std::vector<std::string>> encoders_;
  NamedRuns out_;

  void name_ids(std::string_view text, const Namer& namer) {
    for (const std::string& id : run_ids_in(text, known_)) name(id, namer);
  }
  void name_all(std::string_view text, const Namer& namer) {
    name_ids(text, namer);
    for (const std::string& hash : hashes_in(text)) {
      const auto at = encoders_.find(hash);
      if (at == encoders_.end()) continue;
      for (const std::string& id : at->second) name(id, namer);
    }
  }
  void name(const std::string& id, const Namer& namer) {
    if (id == namer.run) return;
    std::vector<Namer>& namers = out_[id];
    if (std::ranges::find(namers, namer.what, &Namer::what) == namers.end()) namers.push_back(namer);
  }

  void runs() {
    for (const auto& [id, run] : known_) {
      Json text = uses_json(run->manifest.data);
      for (const record::Parent& parent : run->manifest.parents) text.push_back({parent.id, parent.sha256});
      name_all(json_text(text), {.what = "run " + id, .run = id});
    }
  }

  void datasets() {
    for (const data::DatasetId& id : data::list_datasets(workspace_)) {
      const Namer namer{.what = "data set " + to_string(id), .run = {}};
      try {
        name_all(json_text(data::DatasetReader(workspace_, id).manifest()), namer);
      } catch (const Error& error) {
        log_warning("{} can't be read, so it is not known which run it comes from: {}", to_string(id), error.what());
      }
      const fs::path beside = circumstances_file(workspace_, id);
      if (std::error_code error; fs::exists(beside, error)) name_all(read_file(beside), namer);
    }
  }

  void job_runs() {
    std::error_code error;
    for (const auto& folder : fs::directory_iterator(workspace_ / "artifacts" / "jobs", error)) {
      const Namer namer{.what = "job run " + folder.path().filename().string(), .run = {}};
      for (auto at = fs::recursive_directory_iterator(folder.path(), error);
           !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
        if (at->is_regular_file(error)) name_ids(ends_of(at->path()), namer);
      }
    }
  }

  void studies() {
    for (const std::string& name : studies_of(workspace_)) {
      const fs::path folder = study_folder(workspace_, name);
      try {
        const FoundStudy found = find_study(workspace_, name);
        std::vector<std::uint64_t> best = front_of(found.study);
        if (found.study.directions.size() == 1) {
          best.clear();
          if (const std::optional<BestTrial> one = best_trial(found.study)) best = {one->number};
        }
        for (const std::uint64_t number : best) {
          const Namer namer{.what = fmt::format("trial {}, the best of study {}", number, name), .run = {}};
          for (const sweep::Attribute& each : found.study.trials[number].user) name_ids(each.json, namer);
          trial(trial_folder(folder, number), namer);
        }
      } catch (const Error& error) {
        log_warning("the journal of study {} can't be read, so runs of all its trials stay: {}", name, error.what());
        std::error_code none;
        for (const auto& each : fs::directory_iterator(folder / "trials", none))
          trial(each.path(), {.what = "study " + name, .run = {}});
      }
    }
  }
  void trial(const fs::path& folder, const Namer& namer) {
    for (const char* file : {"result.json", "output.log"}) {
      std::error_code error;
      if (fs::is_regular_file(folder / file, error)) name_ids(ends_of(folder / file), namer);
    }
  }
};

}  // namespace

std::vector<std::string> run_ids_in(std::string_view text, const std::map<std::string, const RunSummary*>& known) {
  std::set<std::string> out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!is_digit(text[at]) || !begins_an_id(text.substr(at))) continue;
    std::size_t end = at;
    while (end < text.size() && is_word(text[end])) ++end;
    // A sentence's full stop, or ".log", may follow it.
    for (; end > at; --end) {
      const std::string id(text.substr(at, end - at));
      const bool ends = end == text.size() || !is_word(text[end]) || kJoints.find(text[end]) != std::string_view::npos;
      if (!ends || !known.contains(id)) continue;
      out.insert(id);
      at = end - 1;
      break;
    }
  }
  return {out.begin(), out.end()};
}

NamedRuns named_runs(const fs::path& workspace, const record::RunList& runs) {
  return Search(workspace, runs).all();
}

}  // namespace moola::work
