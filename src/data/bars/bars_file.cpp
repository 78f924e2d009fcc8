#include "data/bars/bars_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/error.h"
#include "base/utc_time.h"

namespace moola::data {
namespace {

StoredBars read(const hdf5::File& file) {
  StoredBars stored{.id = {},
                    .content_sha256 = file.text_attribute("content_sha256"),
                    .info = {.symbol = file.text_attribute("symbol"),
                             .bar_seconds = file.integer_attribute("bar_seconds"),
                             .source_timezone = file.text_attribute("source_timezone")},
                    .bars = {.time = file.read<std::int64_t>("time"),
                             .open = file.read<double>("open"),
                             .high = file.read<double>("high"),
                             .low = file.read<double>("low"),
                             .close = file.read<double>("close"),
                             .volume = file.read<double>("volume"),
                             .flags = file.read<std::uint8_t>("flags")}};
  const std::vector<std::int64_t>& time = stored.bars.time;
  const auto stuck = std::adjacent_find(time.begin(), time.end(), std::greater_equal<>());
  if (stuck != time.end()) {
    throw DataError(fmt::format(
        "data set 'time' of {}: row {} ({}) is not later than the row before it. Stamps of bars increase strictly; "
        "this file was not written by an import.",
        file.path().string(), stuck - time.begin() + 1, utc_text(*std::next(stuck))));
  }
  return stored;
}

StoredBars read(const DatasetReader& reader) {
  StoredBars stored = read(reader.file());
  stored.id = reader.id();
  return stored;
}

// For DatasetWriter and ContentFile alike.
void write(auto& target, const market::Bars& bars, const BarsInfo& info) {
  if (std::adjacent_find(bars.time.begin(), bars.time.end(), std::greater_equal<>()) != bars.time.end()) {
    throw std::logic_error("bars to be written are not in the order of their stamps");
  }
  target.write({{"time", std::span(bars.time)},
                {"open", std::span(bars.open)},
                {"high", std::span(bars.high)},
                {"low", std::span(bars.low)},
                {"close", std::span(bars.close)},
                {"volume", std::span(bars.volume)},
                {"flags", std::span(bars.flags)}});
  target.file().set_attribute("symbol", info.symbol);
  target.file().set_attribute("bar_seconds", info.bar_seconds);
  target.file().set_attribute("source_timezone", info.source_timezone);
}

}  // namespace

StoredBars read_bars(const std::filesystem::path& workspace, const DatasetId& id) {
  return read(DatasetReader(workspace, id));
}

StoredBars read_bars(const std::filesystem::path& workspace, const Parent& parent, std::string_view child) {
  return read(open_parent(workspace, parent, child));
}

StoredBars read_bars(const std::filesystem::path& file) {
  return read(open_content(file, "bars"));
}

void write_bars(ContentFile& file, const market::Bars& bars, const BarsInfo& info) {
  write(file, bars, info);
}

void write_bars(DatasetWriter& writer, const market::Bars& bars, const BarsInfo& info) {
  write(writer, bars, info);
}

}  // namespace moola::data
