#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "data/files/mapped_file.h"
#include "data/files/npy.h"
#include "data/tables/source_table.h"
#include "data/windows/window_table.h"

namespace moola::data {
namespace {

namespace fs = std::filesystem;

class FolderReader {
 public:
  FolderReader(fs::path folder, const TableShape& shape) : folder_(std::move(folder)), shape_(shape) {}

  WindowTable read() {
    const auto x = first_of({"X_ohlc.npy", "X.npy"});
    if (!x) {
      throw DataError(fmt::format("{} has no X_ohlc.npy or X.npy; a folder of windows holds one of them, and y.npy.",
                                  folder_.string()));
    }
    table_ = read_npy_windows(*x, shape_);
    if (x->filename() == "X_ohlc.npy") table_.channel_names = {"open", "high", "low", "close"};
    if (const auto y = first_of({"y.npy"})) read_labels(*y);
    if (const auto feats = first_of({"X_feats20.npy", "X_feats.npy"})) read_feats(*feats);
    if (const auto meta = first_of({"meta.csv", "meta.parquet"})) read_meta_table(*meta);
    if (const auto meta = first_of({"meta.json"})) read_meta_json(*meta);
    if (const auto manifest = first_of({"manifest.json"})) read_manifest(*manifest);
    if (!table_.feats.empty() && table_.feature_names.empty()) {
      for (std::uint64_t i = 0; i < feats_; ++i) table_.feature_names.push_back(fmt::format("feature_{}", i));
    }
    if (table_.feature_names.size() != feats_) {
      throw DataError(fmt::format("{} names {} features, but there are {} of them.", folder_.string(),
                                  table_.feature_names.size(), feats_));
    }
    for (const auto& entry : fs::directory_iterator(folder_)) {
      const std::string name = entry.path().filename().string();
      if (!used_.contains(name)) table_.ignored.push_back(name);
    }
    std::ranges::sort(table_.ignored);
    return std::move(table_);
  }

 private:
  std::optional<fs::path> first_of(std::initializer_list<const char*> names) {
    for (const char* name : names) {
      if (!fs::exists(folder_ / name)) continue;
      used_.insert(name);
      return folder_ / name;
    }
    return std::nullopt;
  }

  void check_rows(const fs::path& file, std::uint64_t rows) const {
    if (rows == table_.windows) return;
    throw DataError(fmt::format("{} has {} rows, but there are {} windows; expected one for each.", file.string(), rows,
                                table_.windows));
  }

  void read_labels(const fs::path& file) {
    const MappedFile mapped(file);
    const NpyArray array = parse_npy(mapped.bytes(), file.string());
    check_rows(file, array.shape.size() == 1 ? array.shape[0] : 0);
    table_.labels = npy_texts(array);
  }

  void read_feats(const fs::path& file) {
    const MappedFile mapped(file);
    const NpyArray array = parse_npy(mapped.bytes(), file.string());
    if (array.shape.size() != 2) {
      throw DataError(fmt::format("{} has {} axes; expected windows x features.", file.string(), array.shape.size()));
    }
    check_rows(file, array.shape[0]);
    feats_ = array.shape[1];
    table_.feats = npy_floats(array);
  }

  void read_meta_table(const fs::path& file) {
    const SourceTable meta(file, {"window_id", "label"});
    check_rows(file, meta.rows());
    for (std::size_t column = 0; column < meta.names().size(); ++column) {
      const std::string& name = meta.names()[column];
      if (std::vector<std::string>* const texts = text_column(table_, name)) {
        if (texts->empty()) *texts = meta.texts(column);
      } else if (std::vector<std::int64_t>* const integers = integer_column(table_, name)) {
        if (meta.type(column) == ColumnType::stamp || meta.type(column) == ColumnType::text)
          *integers = meta.stamps(column, TimeZone("UTC"));
        else
          *integers = integers_of(meta.numbers(column), file, name);
      } else {
        table_.ignored.push_back(fmt::format("{}: {}", file.filename().string(), name));
      }
    }
  }

  // A list of objects, one per window, or an object of lists.
  void read_meta_json(const fs::path& file) {
    const Json meta = read_json(file);
    std::set<std::string> names;
    if (meta.is_array()) {
      check_rows(file, meta.size());
      for (const Json& row : meta) {
        if (!row.is_object()) throw DataError(fmt::format("{} is a list of other things than objects.", file.string()));
        for (const auto& [name, value] : row.items()) names.insert(name);
      }
    } else {
      for (const auto& [name, value] : meta.items()) names.insert(name);
    }
    for (const std::string& name : names) {
      std::vector<std::string>* const texts = text_column(table_, name);
      std::vector<std::int64_t>* const integers = integer_column(table_, name);
      if (texts == nullptr && integers == nullptr) {
        table_.ignored.push_back(fmt::format("{}: {}", file.filename().string(), name));
        continue;
      }
      std::vector<double> numbers;
      std::vector<std::string> strings;
      const Json none;
      const Json& list = meta.is_array() ? meta : meta[name];
      check_rows(file, list.is_array() ? list.size() : 0);
      for (const Json& item : list) {
        const Json& value = !meta.is_array() ? item : item.contains(name) ? item[name] : none;
        strings.push_back(value.is_string() ? value.get<std::string>() : value.is_null() ? "" : value.dump());
        numbers.push_back(value.is_number() ? value.get<double>() : std::nan(""));
      }
      if (texts != nullptr && texts->empty()) *texts = strings;
      if (integers != nullptr) *integers = integers_of(numbers, file, name);
    }
  }

  std::vector<std::int64_t> integers_of(const std::vector<double>& numbers, const fs::path& file,
                                        const std::string& name) const {
    std::vector<std::int64_t> integers;
    for (const double number : numbers) {
      const bool none = std::isnan(number), whole = number == std::floor(number) && std::fabs(number) < 9e18;
      if ((none && !may_be_missing(name)) || (!none && !whole)) {
        throw DataError(fmt::format("{}: '{}' of window {} is {}; expected a whole number.", file.string(), name,
                                    integers.size(), none ? "missing" : fmt::format("{}", number)));
      }
      integers.push_back(none ? kNoValue : static_cast<std::int64_t>(number));
    }
    return integers;
  }

  void read_manifest(const fs::path& file) {
    const Json manifest = read_json(file);
    const auto names = [&](const char* key) {
      std::vector<std::string> found;
      if (!manifest.is_object() || !manifest.contains(key) || !manifest[key].is_array()) return found;
      for (const Json& name : manifest[key]) found.push_back(name.is_string() ? name.get<std::string>() : name.dump());
      return found;
    };
    if (std::vector<std::string> classes = names("label_names"); !classes.empty() && !table_.labels.empty())
      name_classes(table_, std::move(classes), file.string());
    table_.feature_names = names("feature_names");
    if (feats_ == 0) table_.feature_names.clear();
  }

  fs::path folder_;
  TableShape shape_;
  WindowTable table_;
  std::uint64_t feats_ = 0;
  std::set<std::string> used_;
};

}  // namespace

WindowTable read_folder_windows(const fs::path& folder, const TableShape& shape) {
  return FolderReader(folder, shape).read();
}

}  // namespace moola::data
