#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/tables/oof_file.h"

namespace moola::data {

/// The rows of a feature table (of one horizon) or of labelled windows, as far as their labels go.
struct LabelledRows {
  std::vector<std::string> class_names = {};  // of a table those that come, ascending; of windows all there may be
  std::vector<std::int32_t> label = {};       // number of the class; -1: none
  std::vector<std::int64_t> time = {};        // ns UTC, of windows t0; empty: windows without times
  std::vector<std::string> symbols = {};      // of a table; empty of windows
  std::vector<std::int32_t> symbol = {};      // which of the symbols; empty where there is only one
  std::vector<std::string> window_ids = {};   // of windows that have any

  std::size_t size() const { return label.size(); }
  /// "up", or "none".
  const std::string& label_text(std::size_t row) const;
  /// The symbol of a row of a table.
  const std::string& symbol_of(std::size_t row) const;
};

/// The rows that `oof` predicts, and those beside them. Throws DataError when the data set is not there, has another
/// content than was predicted, or gives a row another label or time than the predictions say; IoError.
LabelledRows read_labelled_rows(const std::filesystem::path& workspace, const OofFile& oof);

}  // namespace moola::data
