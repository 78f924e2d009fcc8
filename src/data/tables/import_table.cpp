#include "data/tables/import_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "base/error.h"
#include "base/sha256.h"
#include "base/utc_time.h"
#include "data/tables/joined_tables.h"
#include "data/tables/source_labels.h"
#include "data/tables/table_parts.h"
#include "data/tables/table_segments.h"

namespace moola::data {
namespace {

template <class T>
void reorder(std::vector<T>& values, std::span<const std::uint64_t> order) {
  if (values.empty() || order.empty()) return;
  std::vector<T> moved;
  moved.reserve(values.size());
  for (const std::uint64_t row : order) moved.push_back(values[row]);
  values = std::move(moved);
}

std::string default_name(const std::vector<std::filesystem::path>& files, bool parts) {
  std::string name = files.front().stem().string();
  if (parts) {
    name = files.front().parent_path().filename().string();
    if (name.empty() || name == "." || name == "..") name = "table";
  }
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '-' && c != '.') c = '_';
  }
  return name;
}

class Import {
 public:
  Import(const std::filesystem::path& workspace, const TableImport& options)
      : workspace_(workspace),
        options_(options),
        sources_(checked(options.files), symbol_columns(options.columns)),
        zone_(options.timezone) {
    columns_ = choose_columns(sources_.tables().front(), options.columns);
    parts_ = parts_of(options.files);
  }

  TableImportResult run() {
    const std::string name = options_.name.empty() ? default_name(options_.files, parts_.has_value()) : options_.name;
    check_name(name, "the name");
    read_rows();
    put_in_order(name);
    const OrderedRows features(sources_, columns_.features, order_);
    count_missing(features);
    cut_segments();
    add_ends();
    info_.feature_names = columns_.features;
    info_.scaled = is_scaled();
    info_.pedigree = Pedigree::unknown;
    SplitParts split;
    if (parts_) split = split_by_parts(rows_, part_of_row());

    DatasetWriter writer(workspace_, {"feature_table", name, options_.version});
    write_feature_table(writer, rows_, info_, features, options_.precision);
    write_manifest(writer);
    result_.content_sha256 = writer.finish();
    result_.id = writer.id();
    result_.file = writer.target();
    if (parts_) write_parts(split);
    report();
    return std::move(result_);
  }

 private:
  static const std::vector<std::filesystem::path>& checked(const std::vector<std::filesystem::path>& files) {
    if (files.empty()) throw ConfigError("no file to import a table from.");
    return files;
  }

  // Symbols may be numbers with zeros in front.
  static std::vector<std::string> symbol_columns(const ColumnChoice& choice) {
    return {choice.symbol, "symbol", "Symbol", "ticker", "instrument"};
  }

  void read_rows() {
    rows_.time = sources_.stamps(columns_.time, zone_);
    const auto none = std::ranges::find(rows_.time, kNoTime);
    if (none != rows_.time.end()) {
      sources_.refuse(columns_.time, static_cast<std::uint64_t>(none - rows_.time.begin()),
                      "expected a time stamp of the column's form");
    }
    if (!columns_.symbol.empty()) read_symbols();
    std::map<std::string, std::int8_t> meaning = options_.label_values;
    if (meaning.empty()) meaning = {{"-1", -1}, {"0", 0}, {"1", 1}, {"-99", kInvalidLabel}};
    for (const LabelColumns& names : columns_.labels) {
      HorizonColumns labels{.horizon = names.horizon, .label = read_labels(sources_, names.label, meaning)};
      if (!names.t1.empty()) labels.t1 = read_label_ends(sources_, names.t1, zone_, labels.label, rows_.time);
      if (!names.weight.empty()) labels.weight = read_weights(sources_, names.weight, labels.label);
      if (!names.quality.empty()) {
        const std::vector<double> quality = sources_.numbers(names.quality);
        labels.quality.assign(quality.begin(), quality.end());
      }
      rows_.horizons.push_back(std::move(labels));
    }
  }

  void read_symbols() {
    const std::vector<std::string> texts = sources_.texts(columns_.symbol);
    const auto none = std::ranges::find(texts, "");
    if (none != texts.end())
      sources_.refuse(columns_.symbol, static_cast<std::uint64_t>(none - texts.begin()), "expected a symbol");
    const std::set<std::string> distinct(texts.begin(), texts.end());
    info_.symbols.assign(distinct.begin(), distinct.end());
    if (info_.symbols.size() == 1) return;
    for (const std::string& text : texts) {
      rows_.symbol.push_back(
          static_cast<std::int32_t>(std::ranges::lower_bound(info_.symbols, text) - info_.symbols.begin()));
    }
  }

  void put_in_order(const std::string& name) {
    if (info_.symbols.empty()) info_.symbols = {options_.symbol_name.empty() ? name : options_.symbol_name};
    const auto key = [&](std::uint64_t row) {
      return std::pair(rows_.time[row], rows_.symbol.empty() ? 0 : rows_.symbol[row]);
    };
    for (std::uint64_t row = 1; row < rows_.size(); ++row) result_.reordered += key(row) < key(row - 1) ? 1 : 0;
    if (result_.reordered > 0) {
      order_.resize(rows_.size());
      std::iota(order_.begin(), order_.end(), std::uint64_t{0});
      std::ranges::stable_sort(order_, {}, key);
      reorder(rows_.time, order_);
      reorder(rows_.symbol, order_);
      for (HorizonColumns& labels : rows_.horizons) {
        reorder(labels.label, order_);
        reorder(labels.t1, order_);
        reorder(labels.weight, order_);
        reorder(labels.quality, order_);
      }
    }
    for (std::uint64_t row = 1; row < rows_.size(); ++row) {
      if (key(row) != key(row - 1)) continue;
      throw DataError(fmt::format(
          "{} and {} have the same time, {}{}; a table has one row for each time and symbol. {}",
          sources_.place_text(source_row(row - 1)), sources_.place_text(source_row(row)), utc_text(rows_.time[row]),
          columns_.symbol.empty()
              ? ""
              : ", and symbol " + info_.symbols[static_cast<std::size_t>(rows_.symbol.empty() ? 0 : rows_.symbol[row])],
          columns_.symbol.empty() ? "If there are several symbols, name their column with --symbol."
                                  : "Take one out."));
    }
  }

  std::uint64_t source_row(std::uint64_t row) const { return order_.empty() ? row : order_[row]; }

  void count_missing(const OrderedRows& features) {
    constexpr std::uint64_t kPiece = 4096;
    const std::size_t width = columns_.features.size();
    std::vector<std::uint64_t> missing(width);
    std::optional<std::pair<std::uint64_t, std::size_t>> first;
    std::vector<double> values(kPiece * width);
    for (std::uint64_t begin = 0; begin < rows_.size(); begin += kPiece) {
      const std::uint64_t count = std::min<std::uint64_t>(kPiece, rows_.size() - begin);
      features(begin, count, std::span(values).first(count * width));
      for (std::size_t i = 0; i < count * width; ++i) {
        if (std::isfinite(values[i])) continue;
        ++missing[i % width];
        if (!first) first = {begin + i / width, i % width};
      }
    }
    if (!first) return;
    for (std::size_t c = 0; c < width; ++c) {
      if (missing[c] > 0) result_.not_finite[columns_.features[c]] = missing[c];
    }
    if (options_.missing == MissingValues::keep) return;
    std::string counts;
    for (const auto& [feature, count] : result_.not_finite) {
      if (counts.size() > 200) {
        counts += ", …";
        break;
      }
      counts += fmt::format("{}{} ({})", counts.empty() ? "" : ", ", feature, count);
    }
    throw DataError(
        fmt::format("{}, column '{}' is {}, which is no finite number; {} of {} features have such values: {}. Put "
                    "them right, leave "
                    "columns out with --exclude, or keep them as they are with --nan keep (few models take them).",
                    sources_.place_text(source_row(first->first)), columns_.features[first->second],
                    sources_.shown(columns_.features[first->second], source_row(first->first)),
                    result_.not_finite.size(), width, counts));
  }

  void cut_segments() {
    gap_ = options_.any_gap   ? std::nullopt
           : options_.max_gap ? options_.max_gap
                              : std::optional(10 * usual_distance(rows_));
    rows_.segment = segments_of(rows_.time, rows_.symbol, gap_);
  }

  void add_ends() {
    if (options_.label_bars == 0) return;
    for (HorizonColumns& labels : rows_.horizons) {
      if (labels.t1.empty()) labels.t1 = label_ends_after(rows_, labels.label, options_.label_bars);
    }
  }

  bool is_scaled() const {
    if (options_.scaled) return *options_.scaled;
    return std::ranges::any_of(options_.files, [](const std::filesystem::path& file) {
      const std::string stem = file.stem().string();
      return stem.find("scaled") != stem.npos && stem.find("unscaled") == stem.npos;
    });
  }

  std::vector<TablePart> part_of_row() const {
    std::vector<TablePart> parts;
    for (std::uint64_t row = 0; row < rows_.size(); ++row)
      parts.push_back((*parts_)[sources_.place(source_row(row)).first]);
    return parts;
  }

  void write_manifest(DatasetWriter& writer) const {
    Json labels = Json::array();
    for (std::size_t i = 0; i < columns_.labels.size(); ++i) {
      const LabelColumns& names = columns_.labels[i];
      Json counts = Json::object();
      for (const int label : {-1, 0, 1, int{kInvalidLabel}})
        counts[std::to_string(label)] = std::ranges::count(rows_.horizons[i].label, label);
      labels.push_back({{"horizon", names.horizon},
                        {"label", names.label},
                        {"t1", names.t1},
                        {"weight", names.weight},
                        {"quality", names.quality},
                        {"counts", counts}});
    }
    Json sources = Json::array();
    for (std::size_t t = 0; t < sources_.tables().size(); ++t) {
      const SourceTable& table = sources_.tables()[t];
      const std::filesystem::path& file = options_.files[t];
      Json source = {{"name", file.filename().string()},
                     {"bytes", std::filesystem::file_size(file)},
                     {"sha256", sha256_of_file(file)},
                     {"form", table.form()},
                     {"rows", table.rows()}};
      if (parts_) source["part"] = to_string((*parts_)[t]);
      sources.push_back(std::move(source));
    }
    Json& manifest = writer.manifest();
    manifest["parameters"] = {{"time", columns_.time},
                              {"symbol", columns_.symbol},
                              {"timezone", zone_.name()},
                              {"labels", labels},
                              {"label_values", options_.label_values},
                              {"label_bars", options_.label_bars},
                              {"max_gap_ns", gap_ ? Json(*gap_) : Json(nullptr)}};
    manifest["sources"] = sources;
    manifest["left_out"] = columns_.left_out;
    manifest["not_finite"] = result_.not_finite;
    manifest["reordered"] = result_.reordered;
    manifest["first"] = utc_text(rows_.time.front());
    manifest["last"] = utc_text(rows_.time.back());
  }

  void write_parts(const SplitParts& split) {
    const std::string name =
        options_.split_name.empty() ? fmt::format("{}-v{}", result_.id.name, result_.id.version) : options_.split_name;
    std::vector<std::string> notes{"the parts are those of the files that were imported"};
    const bool known = !rows_.horizons.empty() && std::ranges::all_of(rows_.horizons, [](const HorizonColumns& labels) {
      return !labels.t1.empty();
    });
    if (!known)
      notes.emplace_back("where labels end is not known: that no label reaches into a later part was not checked");
    write_split(workspace_, {.name = name,
                             .data = {result_.id, result_.content_sha256},
                             .strategy = "chronological",
                             .splits = {split},
                             .notes = notes});
    result_.split = {{"name", name},
                     {"file", split_path(workspace_, name).string()},
                     {"train", validation::count_rows(split.train)},
                     {"val", validation::count_rows(split.val)},
                     {"test", validation::count_rows(split.test)},
                     {"purged", validation::count_rows(split.purged)}};
    if (!known) result_.notes.push_back(notes.back());
  }

  void report() {
    result_.rows = rows_.size();
    result_.segments = static_cast<std::uint64_t>(*std::ranges::max_element(rows_.segment)) + 1;
    result_.features = columns_.features;
    result_.symbols = info_.symbols;
    result_.left_out = columns_.left_out;
    result_.scaled = info_.scaled;
    for (std::size_t i = 0; i < columns_.labels.size(); ++i) {
      const LabelColumns& names = columns_.labels[i];
      const bool ends = !rows_.horizons[i].t1.empty();
      result_.horizons.push_back(fmt::format("{}: {}{}{}", names.horizon, names.label,
                                             names.t1.empty() ? "" : ", ends " + names.t1,
                                             names.weight.empty() ? "" : ", weights " + names.weight));
      if (!ends) {
        result_.notes.push_back(fmt::format(
            "where the labels '{}' end is not known, so nothing that needs purging will take them; name their column "
            "with --t1, or say with --label-bars how many rows they look ahead at most",
            names.label));
      }
    }
    if (columns_.labels.empty()) result_.notes.emplace_back("the table has no labels; name their columns with --label");
  }

  std::filesystem::path workspace_;
  const TableImport& options_;
  JoinedTables sources_;
  TimeZone zone_;
  TableColumns columns_;
  std::optional<std::vector<TablePart>> parts_;  // of each file
  TableRows rows_;
  FeatureTableInfo info_;
  std::vector<std::uint64_t> order_;  // source row of each row; empty: as they come
  std::optional<std::int64_t> gap_;
  TableImportResult result_;
};

}  // namespace

TableImportResult import_table(const std::filesystem::path& workspace, const TableImport& options) {
  return Import(workspace, options).run();
}

}  // namespace moola::data
