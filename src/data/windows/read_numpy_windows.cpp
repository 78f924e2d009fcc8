#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/error.h"
#include "data/files/mapped_file.h"
#include "data/files/npy.h"
#include "data/files/zip_reader.h"
#include "data/windows/window_table.h"

namespace moola::data {
namespace {

void set_windows(WindowTable& table, const NpyArray& array, const TableShape& shape) {
  const std::vector<std::uint64_t>& axes = array.shape;
  if (axes.size() == 3) {
    table.channels = axes[2];
    if (shape.channels != 0 && shape.channels != axes[2]) {
      throw DataError(fmt::format("{} has {} channels ({}), but {} are named.", array.where, axes[2],
                                  fmt::join(axes, " x "), shape.channels));
    }
  } else if (axes.size() == 2) {
    table.channels = std::max<std::uint64_t>(1, shape.channels);
    if (axes[1] % table.channels != 0) {
      throw DataError(fmt::format("{} has rows of {} values, which are no whole number of bars of {} channels.",
                                  array.where, axes[1], table.channels));
    }
  } else {
    throw DataError(fmt::format(
        "{} has {} axes ({}); expected windows x bars x channels, or windows x (bars * channels) with --channels.",
        array.where, axes.size(), fmt::join(axes, " x ")));
  }
  table.windows = axes[0];
  table.length = axes.size() == 3 ? axes[1] : axes[1] / table.channels;
  table.x = npy_floats(array);
}

// The arrays of an archive, each in memory of its own.
class Archive {
 public:
  explicit Archive(const std::filesystem::path& file) : path_(file.string()), file_(file) {
    for (ZipMember& member : zip_members(file_.bytes(), path_)) {
      std::string name = member.name;
      if (name.ends_with(".npy")) name.resize(name.size() - 4);
      members_.emplace(std::move(name), std::move(member));
    }
  }

  bool has(const std::string& name) const { return members_.contains(name); }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, member] : members_) names.push_back(name);
    return names;
  }
  // The first of these names that there is.
  std::optional<NpyArray> array(std::initializer_list<const char*> names) {
    for (const char* name : names) {
      if (has(name)) return array(std::string(name));
    }
    return std::nullopt;
  }
  NpyArray array(const std::string& name) {
    used_.push_back(name);
    contents_.push_back(zip_extract(file_.bytes(), members_.at(name), path_));
    return parse_npy(contents_.back(), fmt::format("array '{}' of {}", name, path_));
  }
  std::vector<std::string> unused() const {
    std::vector<std::string> names = this->names();
    std::erase_if(names, [&](const std::string& name) { return std::ranges::find(used_, name) != used_.end(); });
    return names;
  }

 private:
  std::string path_;
  MappedFile file_;
  std::map<std::string, ZipMember> members_;
  std::vector<std::vector<std::byte>> contents_;
  std::vector<std::string> used_;
};

void check_rows(const WindowTable& table, const NpyArray& array) {
  if (array.shape.size() == 1 && array.shape[0] == table.windows) return;
  throw DataError(
      fmt::format("{} has the shape {}, but there are {} windows; expected one value for each.", array.where,
                  array.shape.empty() ? "()" : fmt::format("{}", fmt::join(array.shape, " x ")), table.windows));
}

}  // namespace

WindowTable read_npy_windows(const std::filesystem::path& file, const TableShape& shape) {
  const MappedFile mapped(file);
  WindowTable table;
  set_windows(table, parse_npy(mapped.bytes(), file.string()), shape);
  return table;
}

WindowTable read_npz_windows(const std::filesystem::path& file, const TableShape& shape) {
  Archive archive(file);
  WindowTable table;
  std::optional<NpyArray> x = archive.array({"X", "x", "windows", "features"});
  if (!x && archive.names().size() == 1) x = archive.array(archive.names().front());
  if (!x) {
    throw DataError(
        fmt::format("{} has no array named X, windows or features; it has {}. Name the windows X when saving.",
                    file.string(), fmt::join(archive.names(), ", ")));
  }
  set_windows(table, *x, shape);
  for (const std::string& name : archive.names()) {
    if (std::vector<std::string>* const texts = text_column(table, name)) {
      const NpyArray array = archive.array(name);
      check_rows(table, array);
      *texts = npy_texts(array);
    } else if (std::vector<std::int64_t>* const numbers = integer_column(table, name)) {
      const NpyArray array = archive.array(name);
      check_rows(table, array);
      *numbers = npy_integers(array);
    }
  }
  if (const auto names = archive.array({"channel_names"})) table.channel_names = npy_texts(*names);
  if (const auto names = archive.array({"label_names"}); names && !table.labels.empty())
    name_classes(table, npy_texts(*names), file.string());
  table.ignored = archive.unused();
  return table;
}

}  // namespace moola::data
