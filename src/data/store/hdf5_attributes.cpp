#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "base/error.h"
#include "data/store/hdf5.h"
#include "data/store/hdf5_call.h"

namespace moola::data::hdf5 {
namespace {

herr_t collect_attribute(hid_t, const char* name, const H5A_info_t*, void* names) {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

Handle text_type(const std::string& where, Doing doing) {
  Handle type = checked(H5Tcopy(H5T_C_S1), H5Tclose, doing, where, "H5Tcopy");
  check(H5Tset_size(type.get(), H5T_VARIABLE), doing, where, "H5Tset_size");
  check(H5Tset_cset(type.get(), H5T_CSET_UTF8), doing, where, "H5Tset_cset");
  return type;
}

// Elements of an attribute, and whether it is a list (1-D) or a single value.
struct Extent {
  std::size_t count;
  bool list;
};

Extent extent_of(const Handle& attribute, const std::string& where) {
  const Handle space = checked(H5Aget_space(attribute.get()), H5Sclose, Doing::reading, where, "H5Aget_space");
  const auto rank = check(H5Sget_simple_extent_ndims(space.get()), Doing::reading, where, "H5Sget_simple_extent_ndims");
  if (rank > 1) throw DataError(where + " has more than one axis; a single value or a list was expected.");
  const auto count =
      check(H5Sget_simple_extent_npoints(space.get()), Doing::reading, where, "H5Sget_simple_extent_npoints");
  return {static_cast<std::size_t>(count), rank == 1};
}

std::vector<std::string> read_texts(const Handle& attribute, const Handle& type, std::size_t count,
                                    const std::string& where) {
  std::vector<std::string> texts;
  if (count == 0) return texts;
  if (check(H5Tis_variable_str(type.get()), Doing::reading, where, "H5Tis_variable_str") > 0) {
    std::vector<char*> pointers(count, nullptr);
    const Handle space = checked(H5Aget_space(attribute.get()), H5Sclose, Doing::reading, where, "H5Aget_space");
    check(H5Aread(attribute.get(), type.get(), pointers.data()), Doing::reading, where, "H5Aread");
    for (const char* text : pointers) texts.emplace_back(text == nullptr ? "" : text);
    check(H5Dvlen_reclaim(type.get(), space.get(), H5P_DEFAULT, pointers.data()), Doing::reading, where,
          "H5Dvlen_reclaim");
    return texts;
  }
  const std::size_t width = H5Tget_size(type.get());
  std::string buffer(count * width, '\0');
  check(H5Aread(attribute.get(), type.get(), buffer.data()), Doing::reading, where, "H5Aread");
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view text = std::string_view(buffer).substr(i * width, width);
    texts.emplace_back(text.substr(0, text.find('\0')));
  }
  return texts;
}

template <class T>
std::vector<T> read_numbers(const Handle& attribute, hid_t type, std::size_t count, const std::string& where) {
  std::vector<T> numbers(count);
  if (count > 0) check(H5Aread(attribute.get(), type, numbers.data()), Doing::reading, where, "H5Aread");
  return numbers;
}

template <class T>
Attribute one_or_list(std::vector<T> values, bool list) {
  if (list) return values;
  return std::move(values.front());
}

void write_attribute(hid_t file, const std::string& name, hid_t type, std::optional<hsize_t> count, const void* values,
                     const std::string& where) {
  if (check(H5Aexists(file, name.c_str()), Doing::writing, where, "H5Aexists") > 0) {
    check(H5Adelete(file, name.c_str()), Doing::writing, where, "H5Adelete");
  }
  const Handle space =
      count ? checked(H5Screate_simple(1, &*count, nullptr), H5Sclose, Doing::writing, where, "H5Screate_simple")
            : checked(H5Screate(H5S_SCALAR), H5Sclose, Doing::writing, where, "H5Screate");
  const Handle id = checked(H5Acreate2(file, name.c_str(), type, space.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                            Doing::writing, where, "H5Acreate2");
  if (!count || *count > 0) check(H5Awrite(id.get(), type, values), Doing::writing, where, "H5Awrite");
}

struct AttributeWriter {
  hid_t file;
  const std::string& name;
  std::string where;

  void operator()(std::int64_t value) const { write_attribute(file, name, H5T_STD_I64LE, std::nullopt, &value, where); }
  void operator()(double value) const { write_attribute(file, name, H5T_IEEE_F64LE, std::nullopt, &value, where); }
  void operator()(const std::vector<std::int64_t>& list) const {
    write_attribute(file, name, H5T_STD_I64LE, list.size(), list.data(), where);
  }
  void operator()(const std::vector<double>& list) const {
    write_attribute(file, name, H5T_IEEE_F64LE, list.size(), list.data(), where);
  }
  void operator()(const std::string& text) const {
    const char* pointer = text.c_str();
    write_attribute(file, name, text_type(where, Doing::writing).get(), std::nullopt, &pointer, where);
  }
  void operator()(const std::vector<std::string>& list) const {
    std::vector<const char*> pointers;
    for (const std::string& text : list) pointers.push_back(text.c_str());
    write_attribute(file, name, text_type(where, Doing::writing).get(), pointers.size(), pointers.data(), where);
  }
};

}  // namespace

std::vector<std::string> File::attribute_names() const {
  std::vector<std::string> names;
  check(H5Aiterate2(id_.get(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collect_attribute, &names), Doing::reading,
        path_.string(), "H5Aiterate2");
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<Attribute> File::attribute(const std::string& name) const {
  const std::string at = where("attribute", name);
  if (check(H5Aexists(id_.get(), name.c_str()), Doing::reading, at, "H5Aexists") == 0) return std::nullopt;
  const Handle id = checked(H5Aopen(id_.get(), name.c_str(), H5P_DEFAULT), H5Aclose, Doing::reading, at, "H5Aopen");
  const Handle type = checked(H5Aget_type(id.get()), H5Tclose, Doing::reading, at, "H5Aget_type");
  const auto [count, list] = extent_of(id, at);
  if (count == 0 && !list) throw DataError(at + " is empty; a value was expected.");
  switch (H5Tget_class(type.get())) {
    case H5T_STRING:
      return one_or_list(read_texts(id, type, count, at), list);
    case H5T_INTEGER:
      return one_or_list(read_numbers<std::int64_t>(id, H5T_STD_I64LE, count, at), list);
    case H5T_FLOAT:
      return one_or_list(read_numbers<double>(id, H5T_IEEE_F64LE, count, at), list);
    default:
      throw DataError(at + " is neither text nor number.");
  }
}

template <class T>
T File::attribute_as(const std::string& name, const char* wanted) const {
  const std::optional<Attribute> value = attribute(name);
  if (!value)
    throw DataError(fmt::format("{} has no attribute '{}', which must hold {}.", path_.string(), name, wanted));
  if constexpr (std::is_same_v<T, double>) {
    if (const auto* integer = std::get_if<std::int64_t>(&*value)) return static_cast<double>(*integer);
  }
  const T* found = std::get_if<T>(&*value);
  if (found == nullptr) throw DataError(fmt::format("{} must hold {}.", where("attribute", name), wanted));
  return *found;
}

std::string File::text_attribute(const std::string& name) const {
  return attribute_as<std::string>(name, "text");
}
std::int64_t File::integer_attribute(const std::string& name) const {
  return attribute_as<std::int64_t>(name, "an integer");
}
double File::number_attribute(const std::string& name) const {
  return attribute_as<double>(name, "a number");
}
std::vector<std::string> File::list_attribute(const std::string& name) const {
  return attribute_as<std::vector<std::string>>(name, "a list of texts");
}

void File::set_attribute(const std::string& name, const Attribute& value) {
  std::visit(AttributeWriter{id_.get(), name, where("attribute", name)}, value);
}

}  // namespace moola::data::hdf5
