// JSON, lengths of time and times, by the first byte: what is accepted is written and read back to itself.
#include "base/duration.h"
#include "base/error.h"
#include "base/json.h"
#include "base/nearest.h"
#include "base/utc_time.h"
#include "fuzz/memory_file.h"

using namespace moola;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  try {
    switch (bytes[0] % 4) {
      case 0: {
        const std::string written = json_text(parse_json(text, "fuzz"));
        test::require(json_text(parse_json(written, "fuzz")) == written);
        break;
      }
      case 1: {
        const Duration duration = parse_duration(text);
        test::require(duration.nanoseconds >= 0 && parse_duration(to_string(duration)) == duration);
        readable_seconds(duration.in_seconds());
        break;
      }
      case 2: {
        const std::int64_t time = parse_utc(text);
        test::require(parse_utc(utc_text(time)) == time);
        utc_compact(time);
        break;
      }
      default: {
        if (size > 200) break;
        const std::string word(text.substr(0, text.size() / 2)), other(text.substr(text.size() / 2));
        test::require(edit_distance(word, other) == edit_distance(other, word));
        did_you_mean(word, std::vector<std::string>{other, "train.lr"});
      }
    }
  } catch (const Error&) {
  }
  return 0;
}
