// Any bytes taken as .npy, as .npz or as .ts are refused with a DataError, or are as large as they say.
#include <cstdlib>
#include <span>
#include <string_view>

#include "base/error.h"
#include "data/files/npy.h"
#include "data/files/zip_reader.h"
#include "data/windows/window_table.h"

using namespace moola;

namespace {

void read_array(std::span<const std::byte> bytes) {
  const data::NpyArray array = data::parse_npy(bytes, "fuzz.npy");
  if (array.data.size() != array.elements() * array.item_bytes) std::abort();
  if (array.elements() > bytes.size()) std::abort();
  if (array.kind == 'U' || array.kind == 'S') {
    data::npy_texts(array);
  } else if (data::npy_floats(array).size() != array.elements()) {
    std::abort();
  }
}

void read_archive(std::span<const std::byte> bytes) {
  for (const data::ZipMember& member : data::zip_members(bytes, "fuzz.npz")) {
    if (data::zip_extract(bytes, member, "fuzz.npz").size() != member.bytes) std::abort();
  }
}

void read_series(std::span<const std::byte> bytes) {
  const data::WindowTable table =
      data::parse_ts_windows({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, "fuzz.ts");
  if (table.x.size() != table.windows * table.length * table.channels) std::abort();
  if (!table.labels.empty() && table.labels.size() != table.windows) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::span<const std::byte> input(reinterpret_cast<const std::byte*>(bytes), size);
  for (const auto read : {&read_array, &read_archive, &read_series}) {
    try {
      read(input);
    } catch (const DataError&) {
    }
  }
  return 0;
}
