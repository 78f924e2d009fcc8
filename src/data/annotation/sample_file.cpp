#include "data/annotation/sample_file.h"

#include <fmt/format.h>

#include "base/error.h"
#include "data/store/content_file.h"
#include "data/store/content_hash.h"
#include "data/store/dataset_schema.h"
#include "data/store/hdf5_text_heaps.h"

namespace moola::data {
namespace {

constexpr const char* kKind = "annotation_sample";

}  // namespace

AnnotationSample read_sample(const std::filesystem::path& file) {
  const hdf5::File sample = hdf5::File::open(file);
  hdf5::check_texts(sample);
  check_schema(sample, kKind);
  AnnotationSample result;
  result.content_sha256 = sample.text_attribute("content_sha256");
  if (content_sha256(sample) != result.content_sha256) {
    throw DataError(
        fmt::format("{} is not what was written: its content hash differs. Draw the sample again.", file.string()));
  }
  result.bars = {parse_dataset_id(sample.text_attribute("bars")), sample.text_attribute("bars_content_sha256")};
  const hdf5::Dataset x = sample.dataset("X");
  WindowTable& table = result.table;
  if (x.shape().size() != 3) throw DataError(fmt::format("X of {} has no three axes.", file.string()));
  table.windows = x.shape()[0];
  table.length = x.shape()[1];
  table.channels = x.shape()[2];
  table.x = x.read<float>();
  table.channel_names = sample.list_attribute("channel_names");
  table.window_ids = sample.list_attribute("window_ids");
  table.t0 = sample.read<std::int64_t>("t0");
  table.t1 = sample.read<std::int64_t>("t1");
  table.raw_start = sample.read<std::int64_t>("raw_start");
  table.raw_end = sample.read<std::int64_t>("raw_end");
  return result;
}

std::string write_sample(const std::filesystem::path& file, const WindowTable& table, const Parent& bars,
                         const Json& manifest, Overwrite overwrite) {
  ContentFile content(file, overwrite);
  content.manifest() = manifest;
  content.add_parent(bars);
  content.write({{"X", std::span<const float>(table.x), hdf5::Shape{table.windows, table.length, table.channels}},
                 {"t0", std::span(table.t0)},
                 {"t1", std::span(table.t1)},
                 {"raw_start", std::span(table.raw_start)},
                 {"raw_end", std::span(table.raw_end)}});
  content.file().set_attribute("channel_names", table.channel_names);
  content.file().set_attribute("window_ids", table.window_ids);
  content.file().set_attribute("bars", to_string(bars.id));
  content.file().set_attribute("bars_content_sha256", bars.content_sha256);
  std::string hash = content.seal(kKind);
  content.commit();
  return hash;
}

}  // namespace moola::data
