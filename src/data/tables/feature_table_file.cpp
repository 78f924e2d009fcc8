#include "data/tables/feature_table_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <stdexcept>

#include "base/error.h"
#include "base/nearest.h"

namespace moola::data {
namespace {

std::string name_of(const char* column, std::int32_t horizon) {
  return fmt::format("{}_{}", column, horizon);
}

std::string fitted_attribute(const std::string& part) {
  return "fitted_" + part;
}

std::optional<std::string> fault_of(const FeatureTableInfo& info) {
  for (const auto& [what, names] : {std::pair{"feature", &info.feature_names}, std::pair{"symbol", &info.symbols}}) {
    std::set<std::string> seen;
    for (const std::string& name : *names) {
      if (name.empty()) return fmt::format("has a {} without a name", what);
      if (!seen.insert(name).second) return fmt::format("has the {} '{}' twice", what, name);
    }
  }
  if (info.feature_names.empty()) return "has no features";
  for (const FittedPart& part : info.fitted) {
    for (const FittedPart::Seen& seen : part.seen) {
      if (seen.last < seen.first)
        return fmt::format("says that '{}' has seen times that end before they begin", part.name);
    }
  }
  return {};
}

// Rows of X as they stand in the file.
Column::Rows stored_rows(const FeatureRows& features, std::size_t columns, FeaturePrecision precision) {
  return [&features, columns, precision](std::uint64_t begin, std::uint64_t count, std::span<std::byte> out) {
    if (precision == FeaturePrecision::float64) {
      // The writer's buffers come from the allocator and are aligned for any number.
      features(begin, count, {reinterpret_cast<double*>(out.data()), count * columns});
      return;
    }
    std::vector<double> values(count * columns);
    features(begin, count, values);
    auto* to = reinterpret_cast<float*>(out.data());
    std::ranges::transform(values, to, [](double value) { return static_cast<float>(value); });
  };
}

void add_horizon(std::vector<Column>& columns, const HorizonColumns& labels) {
  const std::int32_t h = labels.horizon;
  if (!labels.label.empty()) columns.emplace_back(name_of("label", h), std::span(labels.label));
  if (!labels.target.empty()) columns.emplace_back(name_of("target", h), std::span(labels.target));
  if (!labels.t1.empty()) columns.emplace_back(name_of("t1", h), std::span(labels.t1));
  if (!labels.weight.empty()) columns.emplace_back(name_of("weight", h), std::span(labels.weight));
  if (!labels.quality.empty()) columns.emplace_back(name_of("quality", h), std::span(labels.quality));
}

std::vector<std::int64_t> integers(const hdf5::File& file, const std::string& name) {
  const auto attribute = file.attribute(name);
  const auto* values = attribute ? std::get_if<std::vector<std::int64_t>>(&*attribute) : nullptr;
  if (values == nullptr) {
    throw DataError(fmt::format("{} has no attribute '{}' that is a list of integers.", file.path().string(), name));
  }
  return *values;
}

FeatureTableInfo read_info(const hdf5::File& file) {
  const auto fail = [&](const std::string& what) {
    throw DataError(fmt::format("{} {}; it was not written by Moola, or is damaged.", file.path().string(), what));
  };
  FeatureTableInfo info{.feature_names = file.list_attribute("feature_names"),
                        .symbols = file.list_attribute("symbols"),
                        .scaled = file.integer_attribute("scaled") != 0};
  const std::string pedigree = file.text_attribute("pedigree");
  if (pedigree != "recorded" && pedigree != "unknown")
    fail(fmt::format("has the pedigree '{}'; expected recorded or unknown", pedigree));
  info.pedigree = pedigree == "recorded" ? Pedigree::recorded : Pedigree::unknown;
  for (const std::string& name : file.list_attribute("fitted_parts")) {
    const std::vector<std::int64_t> ends = integers(file, fitted_attribute(name));
    if (ends.size() % 2 != 0)
      fail(fmt::format("has {} times in '{}'; expected pairs", ends.size(), fitted_attribute(name)));
    FittedPart part{.name = name};
    for (std::size_t i = 0; i < ends.size(); i += 2) part.seen.push_back({ends[i], ends[i + 1]});
    info.fitted.push_back(std::move(part));
  }
  if (const auto fault = fault_of(info)) fail(*fault);
  return info;
}

TableRows read_rows(const hdf5::File& file, std::size_t symbols) {
  TableRows rows{.time = file.read<std::int64_t>("time"), .segment = file.read<std::int32_t>("segment")};
  if (file.has_dataset("symbol")) rows.symbol = file.read<std::int32_t>("symbol");
  for (const std::int64_t horizon : integers(file, "horizons")) {
    HorizonColumns labels{.horizon = static_cast<std::int32_t>(horizon)};
    const auto optional = [&]<class T>(const char* column, std::vector<T>& values) {
      const std::string name = name_of(column, labels.horizon);
      if (file.has_dataset(name)) values = file.read<T>(name);
    };
    optional("label", labels.label);
    optional("target", labels.target);
    optional("t1", labels.t1);
    optional("weight", labels.weight);
    optional("quality", labels.quality);
    rows.horizons.push_back(std::move(labels));
  }
  if (const auto fault = fault_of(rows, symbols)) throw DataError(fmt::format("{} {}.", file.path().string(), *fault));
  return rows;
}

}  // namespace

void write_feature_table(DatasetWriter& writer, const TableRows& rows, const FeatureTableInfo& info,
                         const FeatureRows& features, FeaturePrecision precision) {
  if (const auto fault = fault_of(info)) throw std::logic_error("a feature table to be written " + *fault);
  if (const auto fault = fault_of(rows, info.symbols.size()))
    throw std::logic_error("a feature table to be written " + *fault);

  std::vector<Column> columns{{"time", std::span(rows.time)}, {"segment", std::span(rows.segment)}};
  if (!rows.symbol.empty()) columns.emplace_back("symbol", std::span(rows.symbol));
  std::vector<std::int64_t> horizons;
  for (const HorizonColumns& labels : rows.horizons) {
    add_horizon(columns, labels);
    horizons.push_back(labels.horizon);
  }
  // Not compressed: deflate writes a tenth as fast, and features hardly shrink.
  const std::size_t count = info.feature_names.size();
  columns.emplace_back("X", precision == FeaturePrecision::float64 ? hdf5::Type::float64 : hdf5::Type::float32,
                       hdf5::Shape{rows.size(), count}, stored_rows(features, count, precision));
  writer.write(std::move(columns));

  hdf5::File& file = writer.file();
  file.set_attribute("feature_names", info.feature_names);
  file.set_attribute("symbols", info.symbols);
  file.set_attribute("horizons", horizons);
  file.set_attribute("scaled", std::int64_t{info.scaled ? 1 : 0});
  file.set_attribute("pedigree", std::string(info.pedigree == Pedigree::recorded ? "recorded" : "unknown"));
  std::vector<std::string> parts;
  for (const FittedPart& part : info.fitted) {
    parts.push_back(part.name);
    std::vector<std::int64_t> ends;
    for (const FittedPart::Seen& seen : part.seen) ends.insert(ends.end(), {seen.first, seen.last});
    file.set_attribute(fitted_attribute(part.name), ends);
  }
  file.set_attribute("fitted_parts", parts);
}

FeatureTableFile::FeatureTableFile(const std::filesystem::path& workspace, const DatasetId& id)
    : FeatureTableFile(DatasetReader(workspace, id)) {}

FeatureTableFile::FeatureTableFile(const std::filesystem::path& workspace, const Parent& parent, std::string_view child)
    : FeatureTableFile(open_parent(workspace, parent, child)) {}

FeatureTableFile::FeatureTableFile(DatasetReader reader)
    : reader_(std::move(reader)),
      info_(read_info(reader_.file())),
      rows_(read_rows(reader_.file(), info_.symbols.size())),
      x_(reader_.file().dataset("X")) {
  const bool real = x_.type() == hdf5::Type::float64 || x_.type() == hdf5::Type::float32;
  if (real && x_.shape() == hdf5::Shape{rows_.size(), features()}) return;
  throw DataError(fmt::format(
      "X of {} is {} of {}, but the table has {} rows and {} feature names; expected rows x features in <f8 or <f4.",
      reader_.file().path().string(), hdf5::numpy_name(x_.type()), fmt::join(x_.shape(), " x "), rows_.size(),
      features()));
}

FeaturePrecision FeatureTableFile::precision() const {
  return x_.type() == hdf5::Type::float64 ? FeaturePrecision::float64 : FeaturePrecision::float32;
}

const HorizonColumns& FeatureTableFile::horizon(std::int32_t bars) const {
  const auto found = std::ranges::find(rows_.horizons, bars, &HorizonColumns::horizon);
  if (found != rows_.horizons.end()) return *found;
  std::vector<std::int32_t> known;
  for (const HorizonColumns& labels : rows_.horizons) known.push_back(labels.horizon);
  throw ConfigError(fmt::format("{} has no labels of horizon {}; it has {}.", to_string(id()), bars,
                                known.empty() ? "none at all" : fmt::format("those of {}", fmt::join(known, ", "))));
}

std::vector<std::size_t> FeatureTableFile::find_features(std::span<const std::string> names) const {
  std::vector<std::size_t> found;
  for (const std::string& name : names) {
    const auto at = std::ranges::find(info_.feature_names, name);
    if (at == info_.feature_names.end()) {
      throw ConfigError(
          fmt::format("{} has no feature '{}'.{}", to_string(id()), name, did_you_mean(name, info_.feature_names)));
    }
    found.push_back(static_cast<std::size_t>(at - info_.feature_names.begin()));
  }
  return found;
}

template <class T>
void FeatureTableFile::read_as(std::uint64_t begin, std::uint64_t count, std::span<T> out) const {
  if (x_.type() == hdf5::type_of<T>()) {
    x_.read_rows<T>(begin, count, out);
    return;
  }
  using Other = std::conditional_t<std::is_same_v<T, double>, float, double>;
  std::vector<Other> stored(out.size());
  x_.read_rows<Other>(begin, count, stored);
  std::ranges::transform(stored, out.begin(), [](Other value) { return static_cast<T>(value); });
}

void FeatureTableFile::read_features(std::uint64_t begin, std::uint64_t count, std::span<double> out) const {
  read_as(begin, count, out);
}

void FeatureTableFile::read_features(std::uint64_t begin, std::uint64_t count, std::span<float> out) const {
  read_as(begin, count, out);
}

}  // namespace moola::data
