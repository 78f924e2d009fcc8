#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moola::data {

/// Windows as they were found in somebody's file, before anything is checked but their shape.
struct WindowTable {
  std::uint64_t windows = 0, length = 0, channels = 0;
  std::vector<float> x = {};                    // (windows, length, channels), row-major
  std::vector<std::string> channel_names = {};  // empty: the file does not say
  std::vector<std::string> labels = {};         // one per window, or empty: unlabelled
  std::vector<std::string> label_names = {};    // the classes in the file's own order, or empty: as they sort
  std::vector<std::string> window_ids = {};     // one per window, or empty
  std::vector<std::int64_t> t0 = {}, t1 = {};   // information interval, ns, or empty
  // First and last bar of what is marked, both included: counted from the window's first bar, or from the first bar of
  // its inner part. kNoValue where a window has none.
  std::vector<std::int64_t> expansion_start = {}, expansion_end = {}, pointer_start = {}, pointer_end = {};  // or empty
  std::vector<std::int64_t> raw_start = {},
                            raw_end = {};  // first and last bar in the series they were cut from, or empty
  std::vector<float> feats = {};           // (windows, feature_names), or empty
  std::vector<std::string> feature_names = {};
  std::vector<float> weight = {};         // one per window, or empty
  std::vector<std::string> ignored = {};  // parts of the file that have no place in a data set

  /// How a window is called in messages: its id, or its number.
  std::string name_of(std::uint64_t window) const;
  /// These windows alone, in this order.
  WindowTable chosen(const std::vector<std::uint64_t>& rows) const;
};

/// Where a number is missing in a column that may have gaps.
inline constexpr std::int64_t kNoValue = INT64_MIN;

/// Where the values of a column of this name belong in a table; null when it is none of ours. Of integers: t0 and t1
/// must have a value for every window.
std::vector<std::string>* text_column(WindowTable& table, std::string_view name);
std::vector<std::int64_t>* integer_column(WindowTable& table, std::string_view name);
bool may_be_missing(std::string_view integer_column);

/// Takes labels that are numbers of `names`, counted from 0, as those classes. Throws DataError, with `where`, for a
/// label that is none.
void name_classes(WindowTable& table, std::vector<std::string> names, const std::string& where);

/// How two axes are made of one, where a file holds flattened windows (N, T * C).
struct TableShape {
  std::uint64_t channels = 0;  // 0: as the file says, one for a flat row
};

/// A .npy file: (N, T, C), or (N, T * C) flattened row by row. Throws DataError, IoError.
WindowTable read_npy_windows(const std::filesystem::path& file, const TableShape& shape);

/// A .npz file: X (or windows, features, or its only array), and y or labels, t0, t1, expansion_start, expansion_end,
/// channel_names, window_id, pointer_start, … where they are there.
WindowTable read_npz_windows(const std::filesystem::path& file, const TableShape& shape);

/// A folder with X_ohlc.npy (or X.npy), y.npy, and beside them, where they are there, X_feats20.npy (or X_feats.npy),
/// meta.json, meta.csv or meta.parquet (a value per window: window_id, pointer_start, …), manifest.json (label_names,
/// feature_names). Its windows are in the order of time.
WindowTable read_folder_windows(const std::filesystem::path& folder, const TableShape& shape);

/// The .ts text format of the UCR/UEA archive: any number of channels, equal lengths, classes or none.
WindowTable read_ts_windows(const std::filesystem::path& file);
/// The same from its text; `where` is named in errors.
WindowTable parse_ts_windows(std::string_view text, std::string_view where);

/// A Parquet file with a column of nested lists (T lists of C numbers) or flat ones, named features (or X, or the only
/// one of lists); label, window_id, t0, t1, expansion_start and expansion_end (or pointer_start and pointer_end),
/// raw_start_idx and raw_end_idx where they are there.
WindowTable read_parquet_windows(const std::filesystem::path& file, const TableShape& shape);

/// By the file's suffix, or a folder. Throws ConfigError that names the suffixes there are.
WindowTable read_windows_file(const std::filesystem::path& file, const TableShape& shape);

}  // namespace moola::data
