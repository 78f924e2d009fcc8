#include "work/evaluate/rows/synthetic_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "data/synthetic/synthetic_windows_file.h"

namespace moola::work {
namespace {

using data::SyntheticWindows;
using data::SyntheticWindowsFile;

void check_parent(const SyntheticWindowsFile& file, const data::Parent& rows) {
  const data::Parent& from = file.info().windows;
  if (from.id == rows.id && from.content_sha256 == rows.content_sha256) return;
  throw DataError(fmt::format(
      "{} was made from {} (content hash {:.12}…), and data.windows is {} (content hash {:.12}…): its sources are rows "
      "of other windows. Take the windows that it was made from, or make it again from these.",
      to_string(file.id()), to_string(from.id), from.content_sha256, to_string(rows.id), rows.content_sha256));
}

void check_features(const EvaluationData& data, const std::string& id) {
  if (data.features.size() == data.window.values()) return;
  throw ConfigError(fmt::format(
      "models look at {} features of {} beside its windows ('{}' first), and {} has windows alone. Leave the features "
      "out (data.exclude), or data.synthetic.",
      data.features.size() - data.window.values(), to_string(data.table.id), data.features[data.window.values()], id));
}

void note_doubts(const SyntheticWindowsFile& file, EvaluationData& out) {
  const std::string id = to_string(file.id());
  if (file.info().fit == data::GeneratorFit::unknown) {
    out.doubts.push_back(fmt::format(
        "{} was made by '{}', and nobody knows what that was fitted on: it may have seen every test part (import it "
        "with --augmentation-only or --seen FROM TO)",
        id, file.info().generator));
  }
  if (!file.resemblance().differs()) return;
  const data::Resemblance::Test& worst = file.resemblance().worst();
  out.differs = fmt::format(
      "{} is of another distribution than {}: {} of class '{}' lies {:.3f} apart (Kolmogorov and Smirnov, p "
      "{:.2g} by Holm), and more than {} is asked for",
      id, to_string(file.info().windows.id), worst.statistic, worst.label, worst.distance, worst.adjusted,
      data::kLeastResemblance);
}

}  // namespace

void add_synthetic_rows(const std::filesystem::path& workspace, const EvaluateConfig& config,
                        const AppendWindow& append, EvaluationData& out) {
  const SyntheticWindowsFile file(workspace, data::find_dataset(workspace, config.data.synthetic, "synthetic_cache"));
  check_parent(file, out.table);
  check_features(out, to_string(file.id()));
  note_doubts(file, out);
  SyntheticRows& rows = out.synthetic;
  rows.cache = {file.id(), file.content_sha256()};
  rows.generator = file.info().generator;
  rows.seen = file.info().seen;
  std::unordered_map<std::int64_t, std::int64_t> row_of;  // by number in the set
  for (std::size_t row = 0; row < out.size(); ++row)
    row_of.emplace(static_cast<std::int64_t>(out.number[row]), static_cast<std::int64_t>(row));
  const SyntheticWindows& made = file.windows();
  for (std::size_t i = 0; i < made.size(); ++i) {
    const std::string& label = made.label_names[static_cast<std::size_t>(made.y[i])];
    const auto found = std::ranges::find(out.class_names, label);
    const auto source = row_of.find(made.source[i]);
    if (found == out.class_names.end() || (made.source[i] >= 0 && source == row_of.end())) {
      ++rows.left_out;
      continue;
    }
    append(std::span(made.x).subspan(i * made.values(), made.values()),
           fmt::format("window {} of {}", i, to_string(file.id())));
    rows.label.push_back(static_cast<std::int32_t>(found - out.class_names.begin()));
    rows.source.push_back(made.source[i] < 0 ? -1 : source->second);
    out.position.push_back(out.position.size());
  }
}

}  // namespace moola::work
