#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace moola {

enum class Align { left, right };

/// A table for people: columns as wide as their widest cell, two spaces between them, no lines drawn.
///
///     TextTable table({{"run"}, {"loss", Align::right}});
///     table.row({"20250101T000000Z_1a2b3c4d_demo", "0.0123"});
///     std::cout << table.text();
class TextTable {
 public:
  struct Column {
    std::string title;
    Align align = Align::left;
  };
  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// As many cells as there are columns; missing ones are empty. Control characters are shown as '?'.
  void row(std::vector<std::string> cells);
  /// The table with its heading, every line ended by a line break and without blanks at its end. No rows: the heading
  /// alone.
  std::string text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// Columns that `text` takes on a terminal: its characters, not its bytes (wide and combining characters count as one).
std::size_t display_width(std::string_view text);

}  // namespace moola
