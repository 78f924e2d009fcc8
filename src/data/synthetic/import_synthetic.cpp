#include "data/synthetic/import_synthetic.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "base/sha256.h"
#include "data/files/mapped_file.h"
#include "data/files/npy.h"
#include "data/files/zip_reader.h"
#include "data/windows/labelled_windows.h"
#include "data/windows/window_checks.h"
#include "data/windows/window_table.h"

namespace moola::data {
namespace {

namespace fs = std::filesystem;

std::vector<std::int64_t> read_sources(const fs::path& file, std::uint64_t windows) {
  const MappedFile mapped(file);
  const std::vector<ZipMember> members = zip_members(mapped.bytes(), file.string());
  const auto found = std::ranges::find_if(
      members, [](const ZipMember& each) { return each.name == "source.npy" || each.name == "source"; });
  if (found == members.end()) {
    throw DataError(fmt::format(
        "{} has no array 'source'. Expected for each window the row of the labelled windows that it was made from, "
        "counted from 0, or -1 where there is none: without it nobody knows beside which test rows it may be learnt "
        "from.",
        file.string()));
  }
  const std::vector<std::byte> content = zip_extract(mapped.bytes(), *found, file.string());
  const NpyArray array = parse_npy(content, fmt::format("array 'source' of {}", file.string()));
  if (array.shape != std::vector<std::uint64_t>{windows}) {
    throw DataError(fmt::format("{} has the shape ({}), but there are {} windows; expected one row for each.",
                                array.where, fmt::join(array.shape, ", "), windows));
  }
  return npy_integers(array);
}

class Importing {
 public:
  Importing(const fs::path& workspace, const fs::path& file, const SyntheticImport& options)
      : workspace_(workspace),
        file_(file),
        options_(options),
        reader_(workspace, find_dataset(workspace, options.of, "labeled_windows")),
        id_(to_string(reader_.id())),
        real_(read_labelled_windows(reader_)) {}

  SyntheticImportResult run() {
    check_options();
    read();
    check_windows();
    compare();
    write();
    return std::move(out_);
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw DataError(fmt::format("{} {}.", file_.string(), what));
  }

  void check_options() const {
    std::string suffix = file_.extension().string();
    std::ranges::transform(suffix, suffix.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (suffix != ".npz") {
      throw ConfigError(fmt::format("synthetic windows are read from .npz files with X, y and source; {} ends in '{}'.",
                                    file_.string(), suffix));
    }
    if (options_.fit == GeneratorFit::nothing && !options_.seen.empty()) {
      throw ConfigError(
          "--augmentation-only says that the generator was fitted on nothing, and --seen on what. Give one of them.");
    }
    if (options_.version != 0) DatasetWriter::check_free(workspace_, {"synthetic_cache", name(), options_.version});
  }

  std::string name() const {
    if (!options_.name.empty()) return options_.name;
    std::string out = file_.stem().string();
    for (char& c : out) {
      if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '-' && c != '.') c = '_';
    }
    return out;
  }

  void read() {
    table_ = read_npz_windows(file_, {.channels = real_.channels()});
    made_ = {.length = table_.length, .channel_names = real_.channel_names, .label_names = real_.label_names};
    if (table_.length != real_.length || table_.channels != real_.channels()) {
      refuse(fmt::format("has windows of {} bars x {} channels, and {} has {} x {}", table_.length, table_.channels,
                         id_, real_.length, real_.channels()));
    }
    if (table_.windows == 0) refuse("holds no window");
    if (!table_.channel_names.empty() && table_.channel_names != real_.channel_names) {
      refuse(fmt::format("has the channels {}, and {} has {}", fmt::join(table_.channel_names, ", "), id_,
                         fmt::join(real_.channel_names, ", ")));
    }
    if (table_.labels.empty()) refuse("has no classes: expected an array y with the class of each window");
    for (std::size_t i = 0; i < table_.windows; ++i) {
      const auto found = std::ranges::find(real_.label_names, table_.labels[i]);
      if (found == real_.label_names.end()) {
        refuse(
            fmt::format("has the class '{}' in window {}, and those of {} are {}. Where y holds numbers, save "
                        "label_names beside it, the names that they count",
                        table_.labels[i], i, id_, fmt::join(real_.label_names, ", ")));
      }
      made_.y.push_back(static_cast<std::int32_t>(found - real_.label_names.begin()));
      ++out_.classes[table_.labels[i]];
    }
    made_.source = read_sources(file_, table_.windows);
    note_ignored();
  }

  void note_ignored() {
    for (const std::string& each : table_.ignored) {
      if (each != "source") out_.ignored.push_back(each);
    }
    for (const auto& [part, column] :
         {std::pair("window_id", table_.window_ids.empty()), std::pair("t0", table_.t0.empty()),
          std::pair("t1", table_.t1.empty()), std::pair("raw_start_idx", table_.raw_start.empty()),
          std::pair("raw_end_idx", table_.raw_end.empty()),
          std::pair("expansion_start", table_.expansion_start.empty()),
          std::pair("expansion_end", table_.expansion_end.empty()),
          std::pair("pointer_start", table_.pointer_start.empty()),
          std::pair("pointer_end", table_.pointer_end.empty())}) {
      if (!column) out_.ignored.emplace_back(part);
    }
  }

  void check_windows() {
    table_.channel_names = real_.channel_names;
    table_.expansion_start = {};
    const bool candles = real_.channel_names == std::vector<std::string>{"open", "high", "low", "close"};
    std::size_t faults = 0;
    std::string first;
    for (std::size_t i = 0; i < table_.windows; ++i) {
      const auto fault = fault_of(table_, i, {.candles = candles, .inner = {}});
      if (fault && faults++ == 0) first = fault->what;
    }
    if (faults > 0) {
      refuse(
          fmt::format("has {} of {} windows that are not as they must be; the first: {} (counted from 0). Mend the "
                      "generator: moving all prices of a bar by the same factor leaves it a candle",
                      faults, table_.windows, first));
    }
    made_.x = std::move(table_.x);
    const auto sourceless = static_cast<std::size_t>(std::ranges::count(made_.source, -1));
    if (sourceless == 0 || !options_.seen.empty()) return;
    throw ConfigError(fmt::format(
        "{} of {} windows of {} are made from no row (source -1): beside which test rows they may be learnt from "
        "depends on what their generator was fitted on. Say it with --seen FROM TO.",
        sourceless, made_.size(), file_.string()));
  }

  // Real windows of the time that the synthetic ones tell of: further away markets differ by themselves.
  std::vector<std::size_t> comparable() const {
    std::vector<std::size_t> out;
    std::int64_t first = INT64_MAX, last = INT64_MIN;
    for (const std::int64_t source : made_.source) {
      if (source < 0 || real_.t0.empty()) continue;
      first = std::min(first, real_.t0[static_cast<std::size_t>(source)]);
      last = std::max(last, real_.t0[static_cast<std::size_t>(source)]);
    }
    for (const FittedPart::Seen& each : options_.seen) {
      first = std::min(first, each.first);
      last = std::max(last, each.last);
    }
    for (std::size_t row = 0; row < real_.size(); ++row) {
      if (real_.t0.empty() || (real_.t0[row] >= first && real_.t0[row] <= last)) out.push_back(row);
    }
    return out;
  }

  void compare() {
    for (std::size_t i = 0; i < made_.size(); ++i) {
      const std::int64_t source = made_.source[i];
      if (source < -1 || source >= static_cast<std::int64_t>(real_.size())) {
        refuse(fmt::format("has the source {} in window {}; expected a row of {}, 0 to {}, or -1", source, i, id_,
                           real_.size() - 1));
      }
      if (source >= 0 && real_.y[static_cast<std::size_t>(source)] != made_.y[i]) ++out_.relabelled;
    }
    if (const auto other = find_other_source(real_, made_, options_.seen)) {
      refuse(fmt::format("has wrong sources: {}. Count rows as they lie in {}, from 0", *other,
                         dataset_file(workspace_, reader_.id()).string()));
    }
    out_.near_sources = count_near_sources(real_, made_);
    const std::vector<std::size_t> rows = comparable();
    out_.compared_with = rows.size();
    out_.resemblance = measure_resemblance(real_, rows, made_);
    if (!out_.resemblance.differs() || options_.allow_different) return;
    const Resemblance::Test& worst = out_.resemblance.worst();
    const auto apart = std::ranges::count_if(
        out_.resemblance.tests, [](const Resemblance::Test& each) { return each.adjusted < kLeastResemblance; });
    refuse(fmt::format(
        "has windows of another distribution than {}: {} of {} tests (a figure of the windows of a class, by "
        "Kolmogorov and Smirnov) have p < {} after Holm's correction. The worst: {} of class '{}', distance {:.3f}, p "
        "{:.2g} ({} synthetic and {} real windows). Mend the generator, or take them with --allow-different: then "
        "what is learnt from them has no verdict",
        id_, apart, out_.resemblance.tests.size(), kLeastResemblance, worst.statistic, worst.label, worst.distance,
        worst.adjusted, worst.synthetic, worst.real));
  }

  void write() {
    out_.info = {.windows = {reader_.id(), reader_.content_sha256()},
                 .real = real_.size(),
                 .generator = options_.generator.empty() ? name() : options_.generator,
                 .fit = options_.seen.empty() ? options_.fit : GeneratorFit::seen,
                 .seen = options_.seen};
    out_.windows = made_.size();
    out_.ratio = static_cast<double>(made_.size()) / static_cast<double>(real_.size());
    Json manifest = {{"source_sha256", sha256_of_file(file_)},
                     {"parameters",
                      {{"generator", out_.info.generator},
                       {"generator_fit", to_string(out_.info.fit)},
                       {"allow_different", options_.allow_different}}},
                     {"windows", out_.windows},
                     {"relabelled", out_.relabelled},
                     {"near_sources", {{"asked", out_.near_sources.asked}, {"nearest", out_.near_sources.nearest}}},
                     {"compared_with", out_.compared_with}};
    if (!out_.ignored.empty()) manifest["ignored"] = out_.ignored;
    out_.written = write_synthetic(workspace_, {.id = {"synthetic_cache", name(), options_.version},
                                                .info = out_.info,
                                                .windows = std::move(made_),
                                                .resemblance = out_.resemblance,
                                                .manifest = std::move(manifest),
                                                .circumstances = {{"source", fs::absolute(file_).string()}}});
  }

  const fs::path& workspace_;
  const fs::path& file_;
  const SyntheticImport& options_;
  DatasetReader reader_;
  std::string id_;
  LabelledWindows real_;
  WindowTable table_;
  SyntheticWindows made_;
  SyntheticImportResult out_;
};

}  // namespace

SyntheticImportResult import_synthetic(const fs::path& workspace, const fs::path& file,
                                       const SyntheticImport& options) {
  return Importing(workspace, file, options).run();
}

}  // namespace moola::data
