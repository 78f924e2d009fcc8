#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <optional>

#include "base/error.h"
#include "data/store/registry.h"

namespace moola::data {
namespace {

using hdf5::Type;

// Rows of one data set, as the bytes of its elements.
struct RowBytes {
  explicit RowBytes(const hdf5::Dataset& dataset)
      : type(dataset.type()),
        width(dataset.row_elements() * hdf5::size_of(dataset.type())),
        bytes(dataset.rows() * width) {
    dataset.read_row_bytes(0, dataset.rows(), bytes);
  }

  Type type;
  std::size_t width;
  std::vector<std::byte> bytes;
};

template <class T>
bool same_numbers(const std::byte* a, const std::byte* b, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    T x, y;
    std::memcpy(&x, a + i * sizeof(T), sizeof(T));
    std::memcpy(&y, b + i * sizeof(T), sizeof(T));
    if (x != y && !(std::isnan(x) && std::isnan(y))) return false;
  }
  return true;
}

bool same_row(const RowBytes& a, std::size_t i, const RowBytes& b, std::size_t j) {
  const std::byte *left = a.bytes.data() + i * a.width, *right = b.bytes.data() + j * b.width;
  if (std::memcmp(left, right, a.width) == 0) return true;
  if (a.type == Type::float64) return same_numbers<double>(left, right, a.width / 8);
  if (a.type == Type::float32) return same_numbers<float>(left, right, a.width / 4);
  return false;
}

// Pairs of rows (of A, of B) that belong together, and how many have no partner.
struct Matching {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  std::size_t only_a = 0, only_b = 0;
};

Matching match(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  Matching matching;
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (a[i] == b[j]) {
      matching.pairs.emplace_back(i++, j++);
    } else if (a[i] < b[j]) {
      ++i, ++matching.only_a;
    } else {
      ++j, ++matching.only_b;
    }
  }
  matching.only_a += a.size() - i;
  matching.only_b += b.size() - j;
  return matching;
}

// The stamps by which rows are told apart, when there are any that increase.
std::optional<std::vector<std::int64_t>> stamps_of(const hdf5::File& file) {
  if (!file.has_dataset("time")) return std::nullopt;
  const hdf5::Dataset dataset = file.dataset("time");
  if (dataset.type() != Type::int64 || dataset.shape().size() != 1) return std::nullopt;
  auto stamps = dataset.read<std::int64_t>();
  if (std::adjacent_find(stamps.begin(), stamps.end(), std::greater_equal<>()) != stamps.end()) return std::nullopt;
  return stamps;
}

bool rows_agree(const hdf5::Dataset& a, const hdf5::Dataset& b) {
  return a.type() == b.type() && a.shape().size() == b.shape().size() &&
         std::equal(a.shape().begin() + 1, a.shape().end(), b.shape().begin() + 1);
}

std::string form_of(const hdf5::Dataset& dataset) {
  return fmt::format("{} {}", hdf5::numpy_name(dataset.type()), Json(dataset.shape()).dump());
}

void diff_attributes(const hdf5::File& a, const hdf5::File& b, Json& result) {
  const auto value = [](const hdf5::File& file, const std::string& name) {
    const auto attribute = file.attribute(name);
    return attribute ? std::visit([](const auto& v) { return Json(v); }, *attribute) : Json();
  };
  std::vector<std::string> names = a.attribute_names();
  for (const std::string& name : b.attribute_names()) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  Json different = Json::object();
  for (const std::string& name : names) {
    if (is_semantic(name) && value(a, name) != value(b, name))
      different[name] = {{"a", value(a, name)}, {"b", value(b, name)}};
  }
  result["attributes"] = different;
}

void diff_rows(const hdf5::File& a, const hdf5::File& b, Json& result) {
  const auto stamps_a = stamps_of(a), stamps_b = stamps_of(b);
  Matching by_stamp;
  if (stamps_a && stamps_b) {
    by_stamp = match(*stamps_a, *stamps_b);
    result["rows"] = {{"only_a", by_stamp.only_a}, {"only_b", by_stamp.only_b}, {"both", by_stamp.pairs.size()}};
  }
  Json changed = Json::object(), forms = Json::object();
  for (const std::string& name : a.dataset_names()) {
    if (!b.has_dataset(name)) continue;
    const hdf5::Dataset one = a.dataset(name), other = b.dataset(name);
    const bool stamped = stamps_a && stamps_b && one.rows() == stamps_a->size() && other.rows() == stamps_b->size();
    if (!rows_agree(one, other) || (!stamped && one.rows() != other.rows())) {
      forms[name] = {{"a", form_of(one)}, {"b", form_of(other)}};
      continue;
    }
    const RowBytes rows_a(one), rows_b(other);
    std::size_t different = 0;
    if (stamped) {
      for (const auto& [i, j] : by_stamp.pairs) different += same_row(rows_a, i, rows_b, j) ? 0 : 1;
    } else {
      for (std::size_t i = 0; i < one.rows(); ++i) different += same_row(rows_a, i, rows_b, i) ? 0 : 1;
    }
    if (different > 0) changed[name] = different;
  }
  result["changed_rows"] = changed;
  result["different_form"] = forms;
}

Json missing_in(const hdf5::File& there, const hdf5::File& here) {
  Json names = Json::array();
  for (const std::string& name : there.dataset_names()) {
    if (!here.has_dataset(name)) names.push_back(name);
  }
  return names;
}

}  // namespace

Json diff(const std::filesystem::path& workspace, const DatasetId& a, const DatasetId& b) {
  if (a.kind != b.kind) {
    throw DataError(
        fmt::format("{} and {} are of different kinds and cannot be compared.", to_string(a), to_string(b)));
  }
  const DatasetReader one(workspace, a), other(workspace, b);
  Json result = {{"a", to_string(a)},
                 {"b", to_string(b)},
                 {"same_content", one.content_sha256() == other.content_sha256()},
                 {"content_sha256", {{"a", one.content_sha256()}, {"b", other.content_sha256()}}}};
  result["only_a"] = missing_in(one.file(), other.file());
  result["only_b"] = missing_in(other.file(), one.file());
  diff_attributes(one.file(), other.file(), result);
  diff_rows(one.file(), other.file(), result);
  Json manifest = Json::object();
  for (const char* key : {"parameters", "sources", "parents", "dropped", "repaired", "code_version"}) {
    const Json left = one.manifest().value(key, Json()), right = other.manifest().value(key, Json());
    if (left != right) manifest[key] = {{"a", left}, {"b", right}};
  }
  result["manifest"] = manifest;
  return result;
}

}  // namespace moola::data
