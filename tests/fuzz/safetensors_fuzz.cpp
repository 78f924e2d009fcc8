// Any file either opens with every tensor inside it, or is refused as data.
#include "base/error.h"
#include "data/files/safetensors.h"
#include "fuzz/memory_file.h"

using namespace moola;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static test::MemoryFile file;
  const std::string_view content(reinterpret_cast<const char*>(bytes), size);
  try {
    const data::SafetensorsFile opened(file.holding(content));
    std::size_t total = 0;
    for (const auto& [name, tensor] : opened.tensors()) {
      std::int64_t elements = 1;
      for (const std::int64_t n : tensor.shape) elements = n == 0 || elements == 0 ? 0 : elements * n;
      test::require(elements == tensor.elements());
      unsigned sum = 0;
      for (const std::byte byte : tensor.bytes) sum += static_cast<unsigned>(byte);
      total += tensor.bytes.size() + (sum & 0U);
    }
    test::require(total <= size);
  } catch (const DataError&) {
  }
  return 0;
}
