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
  std::vector<float> x;                    // (windows, length, channels), row-major
  std::vector<std::string> channel_names;  // empty: the file does not say
  std::vector<std::string> labels;         // one per window, or empty: unlabelled
  std::vector<std::string> label_names;    // the classes in the file's own order, or empty: as they sort
  std::vector<std::string> window_ids;     // one per window, or empty
  std::vector<std::int64_t> t0, t1;        // information interval, ns, or empty
  std::vector<std::int64_t> expansion_start, expansion_end;  // or empty
  std::vector<std::string> ignored;                          // parts of the file that have no place in a data set
};

/// How two axes are made of one, where a file holds flattened windows (N, T * C).
struct TableShape {
  std::uint64_t channels = 0;  // 0: as the file says, one for a flat row
};

/// A .npy file: (N, T, C), or (N, T * C) flattened row by row. Throws DataError, IoError.
WindowTable read_npy_windows(const std::filesystem::path& file, const TableShape& shape);

/// A .npz file: X (or windows, features, or its only array), and y or labels, t0, t1, expansion_start, expansion_end,
/// channel_names, window_id where they are there.
WindowTable read_npz_windows(const std::filesystem::path& file, const TableShape& shape);

/// The .ts text format of the UCR/UEA archive: any number of channels, equal lengths, classes or none.
WindowTable read_ts_windows(const std::filesystem::path& file);
/// The same from its text; `where` is named in errors.
WindowTable parse_ts_windows(std::string_view text, std::string_view where);

/// A Parquet file with a column of nested lists (T lists of C numbers) or flat ones, named features (or X, or the only
/// one of lists); label, window_id, t0, t1, expansion_start and expansion_end where they are there.
WindowTable read_parquet_windows(const std::filesystem::path& file, const TableShape& shape);

/// By the file's suffix. Throws ConfigError that names the suffixes there are.
WindowTable read_windows_file(const std::filesystem::path& file, const TableShape& shape);

}  // namespace moola::data
