#include "data/label_issues/clean_labels.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/sha256.h"
#include "base/utc_time.h"
#include "data/label_issues/issue_list.h"
#include "data/label_issues/labelled_rows.h"
#include "data/store/content_hash.h"
#include "data/tables/feature_table_file.h"
#include "data/windows/window_table_file.h"

namespace moola::data {
namespace {

namespace fs = std::filesystem;

// Of those that were fitted: the labels.
constexpr const char* kFittedPart = "labels";

// What becomes of a row that is not kept.
struct Change {
  std::size_t row = 0;
  std::optional<std::size_t> label = {};  // number of the class; nothing: dropped
};

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

class Clean {
 public:
  Clean(const fs::path& workspace, const CleanRequest& request)
      : workspace_(workspace),
        request_(request),
        oof_(workspace, request.oof),
        rows_(read_labelled_rows(workspace, oof_)),
        review_(read_file(request.review)) {}

  CleanResult run() {
    decide();
    result_.rows_before = rows_.size();
    DatasetWriter writer(
        workspace_,
        {oof_.info().data.id.kind, request_.name.empty() ? oof_.info().data.id.name : request_.name, request_.version});
    if (oof_.info().horizon > 0)
      write_table(writer);
    else
      write_windows(writer);
    finish(writer);
    return std::move(result_);
  }

 private:
  void decide() {
    for (const std::string& name : rows_.class_names) {
      if (lower(name) != "keep" && lower(name) != "drop") continue;
      throw ConfigError(
          fmt::format("{} has a class '{}', which a decision cannot name: keep and drop mean something "
                      "else. Import the windows with another name of the class.",
                      to_string(oof_.info().data.id), name));
    }
    for (const ReviewedRow& reviewed : read_issue_list(request_.review)) {
      check(reviewed);
      const auto row = static_cast<std::size_t>(reviewed.row);
      const std::string word = lower(reviewed.decision);
      if (word.empty() || word == "keep") {
        ++result_.kept;
      } else if (word == "drop") {
        ++result_.dropped;
        changes_.push_back({.row = row});
      } else {
        relabel(reviewed);
      }
    }
    if (changes_.empty()) {
      throw ConfigError(fmt::format(
          "{} drops and relabels nothing ({} rows are kept): there is no other version to be made. Write drop, or the "
          "name of a class ({}), into the column 'decision'.",
          request_.review.string(), result_.kept, fmt::join(rows_.class_names, ", ")));
    }
    std::ranges::sort(changes_, {}, &Change::row);
  }

  void check(const ReviewedRow& reviewed) const {
    if (reviewed.oof != mark_of(oof_)) {
      fail(reviewed,
           fmt::format("is of the predictions '{}', but those of --oof are '{}'; name those that the list was "
                       "made from",
                       reviewed.oof, mark_of(oof_)));
    }
    if (static_cast<std::uint64_t>(reviewed.row) >= rows_.size()) {
      fail(reviewed, fmt::format("is of row {} of {}, which has {}, counted from 0", reviewed.row,
                                 to_string(oof_.info().data.id), rows_.size()));
    }
    const auto row = static_cast<std::size_t>(reviewed.row);
    if (rows_.label[row] < 0 || reviewed.given_label != rows_.label_text(row)) {
      fail(reviewed, fmt::format("gives row {} the label '{}', but in {} it is {}", reviewed.row, reviewed.given_label,
                                 to_string(oof_.info().data.id), rows_.label_text(row)));
    }
  }

  void relabel(const ReviewedRow& reviewed) {
    const auto found = std::ranges::find(rows_.class_names, reviewed.decision);
    if (found == rows_.class_names.end()) {
      std::vector<std::string> words{"keep", "drop"};
      words.insert(words.end(), rows_.class_names.begin(), rows_.class_names.end());
      throw DataError(
          fmt::format("{}, row {} (counted from 0): '{}' is no decision.{} Expected nothing, keep, drop, or "
                      "the name of a class ({}).",
                      request_.review.string(), reviewed.line, reviewed.decision,
                      did_you_mean(reviewed.decision, words), fmt::join(rows_.class_names, ", ")));
    }
    const auto label = static_cast<std::size_t>(found - rows_.class_names.begin());
    const auto row = static_cast<std::size_t>(reviewed.row);
    if (static_cast<std::int32_t>(label) == rows_.label[row]) {  // what it has is confirmed
      ++result_.kept;
      return;
    }
    changes_.push_back({.row = row, .label = label});
    ++result_.relabelled[fmt::format("{} to {}", rows_.label_text(row), *found)];
  }

  [[noreturn]] void fail(const ReviewedRow& reviewed, const std::string& what) const {
    throw DataError(fmt::format("{}, row {} (counted from 0) {}.", request_.review.string(), reviewed.line, what));
  }

  void write_table(DatasetWriter& writer) {
    const FeatureTableFile table(workspace_, oof_.info().data, to_string(oof_.id()));
    TableRows rows = table.rows();
    HorizonColumns& labels = *std::ranges::find(rows.horizons, oof_.info().horizon, &HorizonColumns::horizon);
    FittedPart::Seen seen{rows.time.front(), rows.time.back()};
    for (const std::int64_t end : labels.t1) seen.last = std::max(seen.last, end);
    for (const Change& change : changes_) apply(change, labels);
    result_.rows = rows.size();
    FeatureTableInfo info = table.info();
    add_fitted(info.fitted, seen);
    manifest_of(table.manifest(), writer);
    // HDF5 is for one thread at a time, and the writer asks from two: so X is read before.
    if (table.precision() == FeaturePrecision::float64)
      write_with_features<double>(writer, table, rows, info);
    else
      write_with_features<float>(writer, table, rows, info);
  }

  void apply(const Change& change, HorizonColumns& labels) const {
    if (change.label) {
      labels.label[change.row] = static_cast<std::int8_t>(std::stoi(rows_.class_names[*change.label]));
      return;
    }
    labels.label[change.row] = kInvalidLabel;
    if (!labels.t1.empty()) labels.t1[change.row] = kNoTime;
    if (!labels.weight.empty()) labels.weight[change.row] = 0;
    if (!labels.quality.empty()) labels.quality[change.row] = std::numeric_limits<float>::quiet_NaN();
  }

  static void add_fitted(std::vector<FittedPart>& fitted, const FittedPart::Seen& seen) {
    const auto found = std::ranges::find(fitted, kFittedPart, &FittedPart::name);
    FittedPart& part = found != fitted.end() ? *found : fitted.emplace_back(FittedPart{.name = kFittedPart});
    if (std::ranges::find(part.seen, seen) == part.seen.end()) part.seen.push_back(seen);
  }

  template <class T>
  static void write_with_features(DatasetWriter& writer, const FeatureTableFile& table, const TableRows& rows,
                                  const FeatureTableInfo& info) {
    const std::size_t columns = table.features();
    std::vector<T> x(rows.size() * columns);
    table.read_features(0, rows.size(), x);
    write_feature_table(
        writer, rows, info,
        [&](std::uint64_t begin, std::uint64_t count, std::span<double> out) {
          const auto first = x.begin() + static_cast<std::ptrdiff_t>(begin * columns);
          std::copy(first, first + static_cast<std::ptrdiff_t>(count * columns), out.begin());
        },
        table.precision());
  }

  void write_windows(DatasetWriter& writer) {
    const DatasetReader parent = open_parent(workspace_, oof_.info().data, to_string(oof_.id()));
    WindowTable table = read_window_table(parent);
    std::vector<std::uint64_t> left;
    auto change = changes_.begin();
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      const bool changed = change != changes_.end() && change->row == row;
      if (changed && change->label) table.labels[row] = rows_.class_names[*change->label];
      if (!changed || change->label) left.push_back(row);
      if (changed) ++change;
    }
    if (left.empty()) {
      throw ConfigError(fmt::format("{} drops all windows of {}: none would be left.", request_.review.string(),
                                    to_string(parent.id())));
    }
    manifest_of(parent.manifest(), writer);
    if (!table.t0.empty()) {
      writer.manifest()["fitted"][kFittedPart] = {utc_text(std::ranges::min(table.t0)),
                                                  utc_text(std::ranges::max(table.t1))};
    }
    table = table.chosen(left);
    result_.rows = table.windows;
    write_window_table(writer, table);
    // What else somebody has said of the windows.
    for (const std::string& name : parent.file().attribute_names()) {
      if (is_semantic(name) && !writer.file().attribute(name))
        writer.file().set_attribute(name, *parent.file().attribute(name));
    }
  }

  // How the parent was made still holds; what comes on top is this.
  void manifest_of(const Json& parent, DatasetWriter& writer) const {
    Json changes = {{"kept", result_.kept}, {"dropped", result_.dropped}, {"relabelled", result_.relabelled}};
    writer.manifest() = parent;
    writer.manifest()["cleaned"] = {{"data", to_string(oof_.info().data.id)},
                                    {"oof", to_string(oof_.id())},
                                    {"review_sha256", sha256_hex(review_)},
                                    {"horizon", oof_.info().horizon},
                                    {"changes", changes}};
  }

  void finish(DatasetWriter& writer) {
    writer.add_parent(oof_.info().data);
    // The bars stay a parent of every version: prices, and numbers of bars, are theirs.
    for (const Parent& parent : DatasetReader(workspace_, oof_.info().data.id).parents()) {
      if (parent.id.kind == "bars") writer.add_parent(parent);
    }
    writer.add_parent({oof_.id(), oof_.content_sha256()});
    result_.content_sha256 = writer.finish_unless_known({"cleaned"});
    result_.id = writer.id();
    result_.file = dataset_file(workspace_, result_.id);
    result_.review = fs::path(result_.file).replace_extension(".review" + request_.review.extension().string());
    write_file(result_.review, review_);
  }

  fs::path workspace_;
  const CleanRequest& request_;
  OofFile oof_;
  LabelledRows rows_;
  std::string review_;  // its bytes
  std::vector<Change> changes_;
  CleanResult result_;
};

}  // namespace

CleanResult clean_labels(const fs::path& workspace, const CleanRequest& request) {
  return Clean(workspace, request).run();
}

}  // namespace moola::data
