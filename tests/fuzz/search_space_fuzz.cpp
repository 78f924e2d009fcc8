// Constraints and search spaces in TOML, by the first byte: what is accepted is evaluated, or written and read back to
// itself; the rest is refused with a ConfigError.
#include "base/error.h"
#include "fuzz/memory_file.h"
#include "sweep/space/constraint.h"
#include "sweep/space/space_toml.h"

using namespace moola;
using namespace moola::sweep;

namespace {

const SearchSpace& space() {
  static const SearchSpace out(
      {{"layers", IntDistribution{.low = 1, .high = 8}},
       {"train.lr", FloatDistribution{.low = 1e-5, .high = 1, .log = true}},
       {"opt", CategoricalDistribution{{std::string("adam"), std::string("sgd")}}},
       {"mix", CategoricalDistribution{{std::string("auto"), std::int64_t{3}, 0.5, std::monostate{}, true}}}});
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0 || size > 4000) return 0;
  const std::string text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  try {
    if (bytes[0] % 2 == 0) {
      const Constraint constraint = make_constraint(text, space().parameters());
      for (const double mix : {0.0, 1.0, 2.0, 3.0, 4.0}) constraint.holds({4, 0.01, 1, mix});
      return 0;
    }
    const ConfiguredSpace read = parse_space(parse_toml(text, "fuzz"), "fuzz");
    const std::string written = space_text(read);
    const ConfiguredSpace again = parse_space(parse_toml(written, "fuzz"), "fuzz");
    test::require(space_text(again) == written);
    test::require(again.space.size() == read.space.size() && again.fixed == read.fixed);
  } catch (const ConfigError&) {
  }
  return 0;
}
