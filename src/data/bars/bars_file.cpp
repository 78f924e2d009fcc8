#include "data/bars/bars_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/error.h"
#include "base/utc_time.h"

namespace moola::data {
namespace {

StoredBars read(const DatasetReader& reader) {
  StoredBars stored{.id = reader.id(),
                    .content_sha256 = reader.content_sha256(),
                    .info = {.symbol = reader.file().text_attribute("symbol"),
                             .bar_seconds = reader.file().integer_attribute("bar_seconds"),
                             .source_timezone = reader.file().text_attribute("source_timezone")},
                    .bars = {.time = reader.read<std::int64_t>("time"),
                             .open = reader.read<double>("open"),
                             .high = reader.read<double>("high"),
                             .low = reader.read<double>("low"),
                             .close = reader.read<double>("close"),
                             .volume = reader.read<double>("volume"),
                             .flags = reader.read<std::uint8_t>("flags")}};
  const std::vector<std::int64_t>& time = stored.bars.time;
  const auto stuck = std::adjacent_find(time.begin(), time.end(), std::greater_equal<>());
  if (stuck != time.end()) {
    throw DataError(fmt::format(
        "data set 'time' of {}: row {} ({}) is not later than the row before it. Stamps of bars increase strictly; "
        "this file was not written by an import.",
        reader.file().path().string(), stuck - time.begin() + 1, utc_text(*std::next(stuck))));
  }
  return stored;
}

}  // namespace

StoredBars read_bars(const std::filesystem::path& workspace, const DatasetId& id) {
  return read(DatasetReader(workspace, id));
}

StoredBars read_bars(const std::filesystem::path& workspace, const Parent& parent, std::string_view child) {
  return read(open_parent(workspace, parent, child));
}

void write_bars(DatasetWriter& writer, const market::Bars& bars, const BarsInfo& info) {
  if (std::adjacent_find(bars.time.begin(), bars.time.end(), std::greater_equal<>()) != bars.time.end()) {
    throw std::logic_error("bars to be written are not in the order of their stamps");
  }
  writer.write({{"time", std::span(bars.time)},
                {"open", std::span(bars.open)},
                {"high", std::span(bars.high)},
                {"low", std::span(bars.low)},
                {"close", std::span(bars.close)},
                {"volume", std::span(bars.volume)},
                {"flags", std::span(bars.flags)}});
  writer.file().set_attribute("symbol", info.symbol);
  writer.file().set_attribute("bar_seconds", info.bar_seconds);
  writer.file().set_attribute("source_timezone", info.source_timezone);
}

}  // namespace moola::data
