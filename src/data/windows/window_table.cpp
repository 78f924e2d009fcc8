#include "data/windows/window_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace moola::data {
namespace {

template <class T>
std::vector<T> chosen_of(const std::vector<T>& values, const std::vector<std::uint64_t>& rows,
                         std::uint64_t width = 1) {
  std::vector<T> chosen;
  if (values.empty()) return chosen;
  chosen.reserve(rows.size() * width);
  for (const std::uint64_t row : rows) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(row * width);
    chosen.insert(chosen.end(), first, first + static_cast<std::ptrdiff_t>(width));
  }
  return chosen;
}

}  // namespace

WindowTable WindowTable::chosen(const std::vector<std::uint64_t>& rows) const {
  WindowTable table{.windows = rows.size(), .length = length, .channels = channels};
  table.x = chosen_of(x, rows, length * channels);
  table.feats = chosen_of(feats, rows, feature_names.size());
  table.weight = chosen_of(weight, rows);
  table.labels = chosen_of(labels, rows);
  table.window_ids = chosen_of(window_ids, rows);
  for (const auto column :
       {&WindowTable::t0, &WindowTable::t1, &WindowTable::expansion_start, &WindowTable::expansion_end,
        &WindowTable::pointer_start, &WindowTable::pointer_end, &WindowTable::raw_start, &WindowTable::raw_end}) {
    table.*column = chosen_of(this->*column, rows);
  }
  table.channel_names = channel_names;
  table.label_names = label_names;
  table.feature_names = feature_names;
  table.ignored = ignored;
  return table;
}

std::string WindowTable::name_of(std::uint64_t window) const {
  return window_ids.empty() ? std::to_string(window) : window_ids[window];
}

std::vector<std::string>* text_column(WindowTable& table, std::string_view name) {
  if (name == "label" || name == "labels" || name == "y") return &table.labels;
  if (name == "window_id" || name == "window_ids") return &table.window_ids;
  return nullptr;
}

std::vector<std::int64_t>* integer_column(WindowTable& table, std::string_view name) {
  if (name == "t0") return &table.t0;
  if (name == "t1") return &table.t1;
  if (name == "expansion_start") return &table.expansion_start;
  if (name == "expansion_end") return &table.expansion_end;
  if (name == "pointer_start") return &table.pointer_start;
  if (name == "pointer_end") return &table.pointer_end;
  if (name == "raw_start_idx") return &table.raw_start;
  if (name == "raw_end_idx") return &table.raw_end;
  return nullptr;
}

bool may_be_missing(std::string_view integer_column) {
  return integer_column != "t0" && integer_column != "t1";
}

void name_classes(WindowTable& table, std::vector<std::string> names, const std::string& where) {
  table.label_names = std::move(names);
  for (std::string& label : table.labels) {
    const bool number =
        !label.empty() && label.size() < 10 && std::ranges::all_of(label, [](char c) { return c >= '0' && c <= '9'; });
    const std::size_t at = number ? std::stoul(label) : table.label_names.size();
    if (at >= table.label_names.size()) {
      throw DataError(fmt::format("{} has the label {}, but label_names has {} names, counted from 0.", where, label,
                                  table.label_names.size()));
    }
    label = table.label_names[at];
  }
}

WindowTable read_windows_file(const std::filesystem::path& file, const TableShape& shape) {
  if (std::filesystem::is_directory(file)) return read_folder_windows(file, shape);
  std::string suffix = file.extension().string();
  std::ranges::transform(suffix, suffix.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (suffix == ".npy") return read_npy_windows(file, shape);
  if (suffix == ".npz") return read_npz_windows(file, shape);
  if (suffix == ".ts") return read_ts_windows(file);
  if (suffix == ".parquet" || suffix == ".pq") return read_parquet_windows(file, shape);
  throw ConfigError(fmt::format(
      "windows are read from .npy, .npz, .parquet and .ts files and from folders of arrays; {} ends in '{}'.",
      file.string(), suffix));
}

}  // namespace moola::data
