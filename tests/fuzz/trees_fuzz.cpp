// Any bytes are either trees that can be asked, or are refused as data.
#include "base/error.h"
#include "fuzz/memory_file.h"
#include "models/classifiers/grown_trees.h"

using namespace moola;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  try {
    const models::GrownTrees trees({reinterpret_cast<const char*>(bytes), size});
    if (trees.features() > 10'000) return 0;
    test::require(trees.margins(std::vector<float>(trees.features())).size() == trees.outputs());
    for (const auto& [feature, gain] : trees.gains()) test::require(feature < trees.features() && gain >= 0);
  } catch (const DataError&) {
  }
  return 0;
}
