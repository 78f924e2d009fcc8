// Any bytes taken as somebody's table, as annotations, corrections or a blacklist in CSV, or as a scaler, by the first
// byte: refused with an Error, or what was read can be used.
#include <cmath>

#include "base/error.h"
#include "base/json.h"
#include "data/annotation/annotation_rows.h"
#include "data/tables/scaler_file.h"
#include "data/tables/source_table.h"
#include "data/windows/blacklist.h"
#include "fuzz/memory_file.h"

using namespace moola;

namespace {

void read_table(const std::filesystem::path& file) {
  const data::SourceTable table(file);
  for (std::size_t column = 0; column < table.names().size(); ++column) {
    test::require(table.find(table.names()[column]) == column);
    if (table.type(column) == data::ColumnType::number) test::require(table.numbers(column).size() == table.rows());
    table.first_no_number(column);
    if (table.type(column) != data::ColumnType::other) test::require(table.texts(column).size() == table.rows());
    for (std::uint64_t row = 0; row < table.rows(); row += 7) table.shown(column, row);
    try {
      test::require(table.stamps(column, data::TimeZone("America/New_York")).size() == table.rows());
    } catch (const DataError&) {
    }
  }
}

void read_scaler(std::string_view text) {
  const data::TableScaler scaler = data::scaler_from_json(parse_json(text, "fuzz"), "fuzz");
  for (const market::ColumnScale& column : scaler.columns) {
    for (const double x : {-1e6, -1.0, 0.0, 0.5, 1e6}) test::require(!std::isnan(column(x)));
  }
  const Json again = data::to_json(scaler);
  test::require(data::to_json(data::scaler_from_json(again, "fuzz")) == again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  if (text.starts_with("PAR")) return 0;  // Arrow's own to read
  static test::MemoryFile file;
  try {
    switch (bytes[0] % 5) {
      case 0:
        read_table(file.holding(text));
        break;
      case 1:
        data::read_annotations(file.holding(text), 30);
        break;
      case 2:
        data::read_corrections(file.holding(text));
        break;
      case 3:
        data::Blacklist(data::read_blacklist(file.holding(text))).against("17_exp_1", data::RawRange{5, 90});
        break;
      default:
        read_scaler(text);
    }
  } catch (const Error&) {
  }
  return 0;
}
