#include "data/annotation/merge_annotations.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <unordered_map>

#include "base/error.h"
#include "base/nearest.h"
#include "base/sha256.h"
#include "data/annotation/annotation_rows.h"
#include "data/annotation/review_list.h"
#include "data/annotation/sample_file.h"
#include "data/store/dataset.h"
#include "data/windows/blacklist.h"
#include "data/windows/window_checks.h"
#include "data/windows/window_table_file.h"

namespace moola::data {
namespace {

namespace fs = std::filesystem;

// "consolidation 61-65".
std::string described(const WindowTable& table, std::uint64_t window) {
  const bool marked = !table.expansion_start.empty() && table.expansion_start[window] != kNoValue;
  return marked
             ? fmt::format("{} {}-{}", table.labels[window], table.expansion_start[window], table.expansion_end[window])
             : table.labels[window];
}

class Merge {
 public:
  Merge(const fs::path& workspace, const MergeRequest& request) : workspace_(workspace), request_(request) {}

  MergeResult run() {
    read_inputs();
    add_annotations();
    correct();
    drop_blacklisted();
    check();
    write();
    return std::move(result_);
  }

 private:
  void read_inputs() {
    if (!request_.blacklist.empty()) black_ = read_blacklist(request_.blacklist).entries();
    if (request_.parent) {
      const DatasetReader reader(workspace_, *request_.parent);
      parents_.push_back({reader.id(), reader.content_sha256()});
      // The bars stay a parent of every version, so that numbers of bars keep their meaning.
      for (const Parent& parent : reader.parents()) {
        if (parent.id.kind == "bars") parents_.push_back(parent);
      }
      table_ = read_window_table(reader);
      if (table_.window_ids.empty()) {
        throw DataError(
            fmt::format("{} has no window ids, by which annotations and corrections know its windows. Import "
                        "the windows with a column window_id.",
                        to_string(*request_.parent)));
      }
    }
    result_.before = table_.windows;
    if (request_.sample.empty()) return;
    sample_ = read_sample(request_.sample);
    check_bars();
    if (table_.windows == 0) {
      table_.length = sample_->table.length;
      table_.channels = sample_->table.channels;
      table_.channel_names = sample_->table.channel_names;
    }
    if (table_.length != sample_->table.length || table_.channel_names != sample_->table.channel_names) {
      throw DataError(fmt::format("{} has windows of {} bars ({}), but {} has {} ({}).", request_.sample.string(),
                                  sample_->table.length, fmt::join(sample_->table.channel_names, ", "),
                                  to_string(*request_.parent), table_.length, fmt::join(table_.channel_names, ", ")));
    }
    if (!table_.feats.empty()) {
      throw DataError(fmt::format(
          "{} has features of its windows (X_feats), which the sample's windows lack. Merge into the version without "
          "them, and compute them again.",
          to_string(*request_.parent)));
    }
    // A set has a time for every window or for none.
    timed_ = table_.windows == 0 || !table_.t0.empty();
    if (!timed_) result_.notes.push_back("the parent has no times, so those of the sample's windows are left out too");
  }

  void check_bars() {
    const auto known = std::ranges::find(parents_, "bars", [](const Parent& parent) { return parent.id.kind; });
    if (known == parents_.end()) {
      parents_.push_back(sample_->bars);
    } else if (known->content_sha256 != sample_->bars.content_sha256) {
      throw DataError(fmt::format(
          "{} has windows of {}, but those of {} are of {} with other content: numbers of bars would mean different "
          "bars. "
          "Draw the sample from the same bars, or merge it under another --name.",
          request_.sample.string(), to_string(sample_->bars.id), to_string(*request_.parent), to_string(known->id)));
    }
  }

  InnerBars inner() const {
    return request_.inner.empty() ? usual_inner_bars(table_.length) : parse_inner_bars(request_.inner, table_.length);
  }

  void add_annotations() {
    if (request_.annotations.empty()) return;
    if (!sample_) throw ConfigError("annotations are of the windows of a sample; name its windows.h5 with --sample.");
    const std::string file = request_.annotations.string();
    const std::vector<Annotation> annotations = read_annotations(request_.annotations, inner().begin);
    std::unordered_map<std::string, std::uint64_t> of_sample;
    for (std::uint64_t w = 0; w < sample_->table.windows; ++w) of_sample.emplace(sample_->table.window_ids[w], w);
    std::map<std::string, std::uint64_t> lines, used;  // of those that are kept
    for (const Annotation& annotation : annotations) lines[annotation.window_id] += is_kept(annotation) ? 1 : 0;
    for (const Annotation& annotation : annotations) {
      const auto found = of_sample.find(annotation.window_id);
      if (found == of_sample.end()) {
        throw DataError(fmt::format("{}, row {} (counted from 0): {} has no window '{}'.{}", file, annotation.row,
                                    request_.sample.string(), annotation.window_id,
                                    did_you_mean(annotation.window_id, sample_->table.window_ids)));
      }
      if (annotation.grade == 'D') {
        blacklist(annotation, found->second);
      } else if (annotation.grade == 0) {
        review_.push_back({annotation.window_id, "not_annotated", "", "", annotation.reason});
      } else if (!is_kept(annotation)) {
        review_.push_back(
            {annotation.window_id, "marginal", "", annotation.label,
             fmt::format("grade {}{}{}", annotation.grade, annotation.reason.empty() ? "" : ": ", annotation.reason)});
      } else {
        const bool several = lines[annotation.window_id] > 1;
        add(annotation, found->second,
            several ? fmt::format("{}_exp_{}", annotation.window_id, ++used[annotation.window_id])
                    : annotation.window_id);
      }
    }
    if (black_.size() > 0) check_no_kept_is_black(annotations);
  }

  bool is_kept(const Annotation& annotation) const {
    return annotation.grade != 0 && request_.keep.find(annotation.grade) != std::string::npos;
  }

  // A window graded D in one line and kept in another is a mistake of the annotator.
  void check_no_kept_is_black(const std::vector<Annotation>& annotations) const {
    std::set<std::string> black;
    for (const Annotation& annotation : annotations) {
      if (annotation.grade == 'D') black.insert(annotation.window_id);
    }
    for (const Annotation& annotation : annotations) {
      if (is_kept(annotation) && black.contains(annotation.window_id)) {
        throw DataError(fmt::format("{}, row {} (counted from 0): window '{}' has grade {} here and D in another row.",
                                    request_.annotations.string(), annotation.row, annotation.window_id,
                                    annotation.grade));
      }
    }
  }

  void blacklist(const Annotation& annotation, std::uint64_t window) {
    const WindowTable& from = sample_->table;
    const std::string reason = annotation.reason.empty() ? "grade D" : "grade D: " + annotation.reason;
    black_.push_back(
        {annotation.window_id, RawRange{from.raw_start[window], from.raw_end[window]}, reason, request_.date});
    review_.push_back({annotation.window_id, "blacklisted", "", "", reason});
  }

  void add(const Annotation& annotation, std::uint64_t window, std::string id) {
    const auto fail = [&](const std::string& what) {
      throw DataError(fmt::format("{}, row {} (counted from 0): window '{}' {}.", request_.annotations.string(),
                                  annotation.row, annotation.window_id, what));
    };
    if (annotation.label.empty()) fail(fmt::format("has grade {} and no label", annotation.grade));
    if (std::ranges::find(table_.window_ids, id) != table_.window_ids.end())
      fail("is in the labelled windows already; correct it with --corrections instead");
    const WindowTable& from = sample_->table;
    const std::uint64_t values = from.length * from.channels;
    const auto first = from.x.begin() + static_cast<std::ptrdiff_t>(window * values);
    table_.expansion_start.resize(table_.windows, kNoValue);
    table_.expansion_end.resize(table_.windows, kNoValue);
    table_.raw_start.resize(table_.windows, kNoValue);
    table_.raw_end.resize(table_.windows, kNoValue);
    table_.x.insert(table_.x.end(), first, first + static_cast<std::ptrdiff_t>(values));
    table_.labels.push_back(annotation.label);
    if (!table_.weight.empty()) table_.weight.push_back(1.0F);
    table_.expansion_start.push_back(annotation.expansion_start.value_or(kNoValue));
    table_.expansion_end.push_back(annotation.expansion_end.value_or(kNoValue));
    table_.raw_start.push_back(from.raw_start[window]);
    table_.raw_end.push_back(from.raw_end[window]);
    if (timed_) {
      table_.t0.push_back(from.t0[window]);
      table_.t1.push_back(from.t1[window]);
    }
    table_.window_ids.push_back(std::move(id));
    ++table_.windows;
    review_.push_back({table_.window_ids.back(), "added", "", described(table_, table_.windows - 1),
                       fmt::format("grade {}", annotation.grade)});
  }

  void correct() {
    if (request_.corrections.empty()) return;
    std::set<std::string> seen;
    for (const Correction& correction : read_corrections(request_.corrections)) {
      const auto fail = [&](const std::string& what) {
        throw DataError(
            fmt::format("{}, row {} (counted from 0): {}", request_.corrections.string(), correction.row, what));
      };
      const auto found = std::ranges::find(table_.window_ids, correction.window_id);
      if (found == table_.window_ids.end()) {
        fail(fmt::format("there is no window '{}'.{}", correction.window_id,
                         did_you_mean(correction.window_id, table_.window_ids)));
      }
      if (!seen.insert(correction.window_id).second)
        fail(fmt::format("window '{}' is in another row too.", correction.window_id));
      const auto window = static_cast<std::uint64_t>(found - table_.window_ids.begin());
      if (!correction.given_label.empty() && correction.given_label != table_.labels[window]) {
        fail(fmt::format("window '{}' was reviewed as '{}', but is '{}' now; review it again.", correction.window_id,
                         correction.given_label, table_.labels[window]));
      }
      apply(correction, window);
    }
  }

  void apply(const Correction& correction, std::uint64_t window) {
    const std::string before = described(table_, window);
    if (correction.action == Correction::Action::open) {
      review_.push_back({correction.window_id, "open", before, before, correction.reason});
      return;
    }
    if (correction.action == Correction::Action::drop) {
      dropped_.insert(window);
      review_.push_back({correction.window_id, "dropped", before, "", correction.reason});
      return;
    }
    const bool relabelled = !correction.label.empty() && correction.label != table_.labels[window];
    if (!correction.label.empty()) table_.labels[window] = correction.label;
    if (correction.expansion_start) {
      table_.expansion_start.resize(table_.windows, kNoValue);
      table_.expansion_end.resize(table_.windows, kNoValue);
      table_.expansion_start[window] = *correction.expansion_start;
      table_.expansion_end[window] = *correction.expansion_end;
    }
    const std::string after = described(table_, window);
    review_.push_back({correction.window_id,
                       relabelled        ? "relabelled"
                       : before == after ? "confirmed"
                                         : "moved",
                       before, after, correction.reason});
  }

  void drop_blacklisted() {
    const Blacklist blacklist(black_);
    for (std::uint64_t window = 0; window < table_.windows; ++window) {
      if (dropped_.contains(window)) continue;
      std::optional<RawRange> range;
      if (!table_.raw_start.empty() && table_.raw_start[window] != kNoValue)
        range = {table_.raw_start[window], table_.raw_start[window] + static_cast<std::int64_t>(table_.length) - 1};
      const auto reason = blacklist.against(table_.window_ids[window], range);
      if (!reason) continue;
      dropped_.insert(window);
      review_.push_back({table_.window_ids[window], "dropped", described(table_, window), "", *reason});
    }
    std::vector<std::uint64_t> kept;
    for (std::uint64_t window = 0; window < table_.windows; ++window) {
      if (!dropped_.contains(window)) kept.push_back(window);
    }
    if (kept.empty()) throw DataError("no labelled window would be left.");
    if (!table_.t0.empty()) std::ranges::stable_sort(kept, {}, [&](std::uint64_t w) { return table_.t0[w]; });
    table_ = table_.chosen(kept);
  }

  void check() {
    if (!request_.classes.empty()) table_.label_names = request_.classes;
    if (table_.label_names.empty()) {
      const std::set<std::string> names(table_.labels.begin(), table_.labels.end());
      table_.label_names.assign(names.begin(), names.end());
    }
    const WindowRules rules{.candles = table_.channel_names == std::vector<std::string>{"open", "high", "low", "close"},
                            .inner = inner()};
    for (std::uint64_t window = 0; window < table_.windows; ++window) {
      const std::string& label = table_.labels[window];
      if (std::ranges::find(table_.label_names, label) == table_.label_names.end()) {
        throw DataError(fmt::format(
            "window '{}' would be labelled '{}', but the classes are {}.{} A new class is named with --classes.",
            table_.window_ids[window], label, fmt::join(table_.label_names, ", "),
            did_you_mean(label, table_.label_names)));
      }
      if (const auto fault = fault_of(table_, window, rules))
        throw DataError(fmt::format("a window would not be as it must be ({}): {}.", fault->cause, fault->what));
    }
  }

  void write() {
    DatasetWriter writer(workspace_, {"labeled_windows", request_.name, request_.version});
    write_window_table(writer, table_);
    for (const Parent& parent : parents_) writer.add_parent(parent);
    Json sources = Json::array();
    for (const fs::path& file : {request_.annotations, request_.corrections, request_.blacklist}) {
      if (!file.empty()) sources.push_back({{"name", file.filename().string()}, {"sha256", sha256_of_file(file)}});
    }
    Json& manifest = writer.manifest();
    manifest["parameters"] = {{"keep", request_.keep}, {"inner", {inner().begin, inner().end}}};
    manifest["sources"] = sources;
    if (sample_) manifest["sample_content_sha256"] = sample_->content_sha256;
    manifest["changes"] = changes_of(review_);
    result_.content_sha256 = writer.finish();
    result_.id = writer.id();
    result_.file = writer.target();

    const auto beside = [&](const char* suffix) { return fs::path(result_.file).replace_extension(suffix); };
    result_.review_csv = beside(".review.csv");
    result_.review_json = beside(".review.json");
    result_.blacklist = beside(".blacklist.csv");
    for (const std::string& label : table_.labels) ++result_.classes[label];
    result_.windows = table_.windows;
    result_.changes = changes_of(review_);
    write_review(result_.review_csv, result_.review_json, review_,
                 {{"id", to_string(result_.id)},
                  {"content_sha256", result_.content_sha256},
                  {"parent", request_.parent ? Json(to_string(*request_.parent)) : Json(nullptr)},
                  {"windows_before", result_.before},
                  {"windows_after", result_.windows}});
    write_blacklist(result_.blacklist, Blacklist(black_));
  }

  fs::path workspace_;
  const MergeRequest& request_;
  std::vector<Parent> parents_;
  WindowTable table_;
  std::optional<AnnotationSample> sample_;
  bool timed_ = false;
  std::vector<Blacklist::Entry> black_;
  std::set<std::uint64_t> dropped_;
  std::vector<ReviewItem> review_;
  MergeResult result_;
};

}  // namespace

MergeResult merge_annotations(const fs::path& workspace, const MergeRequest& request) {
  MergeRequest complete = request;
  if (complete.name.empty() && complete.parent) complete.name = complete.parent->name;
  if (complete.name.empty()) throw ConfigError("a first version needs a name; give it with --name.");
  if (complete.annotations.empty() && complete.corrections.empty() && complete.blacklist.empty())
    throw ConfigError("there is nothing to merge: name --annotations, --corrections or --blacklist.");
  if (!complete.parent && complete.annotations.empty())
    throw ConfigError("without --parent there is nothing that could be corrected; name --annotations.");
  if (complete.keep.empty() || complete.keep.find_first_not_of("ABC") != std::string::npos) {
    throw ConfigError(fmt::format("--keep {}: expected grades out of A, B and C; D is never kept.", complete.keep));
  }
  return Merge(workspace, complete).run();
}

}  // namespace moola::data
