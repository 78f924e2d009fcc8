// Logs of anybody's programs: the first byte says how it ended, the second where the log is cut in two. Whatever the
// bytes are, a diagnosis names one cause, its lines are of the log and can be printed.
#include "base/json.h"
#include "cluster/diagnose/diagnose.h"
#include "cluster/diagnose/log_lines.h"
#include "fuzz/memory_file.h"

using namespace moola;
using namespace moola::cluster;

namespace {

std::string lines_of(std::string_view log, std::size_t cut) {
  std::string out;
  LineSplitter lines(
      [&](std::string_view text, std::size_t number) {
        test::require(!text.empty() && text.size() <= 64);
        out += std::to_string(number) + " " + std::string(text) + "\n";
      },
      64);
  lines.feed(log.substr(0, cut));
  lines.feed(log.substr(cut));
  lines.end();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view log(reinterpret_cast<const char*>(bytes) + 2, size - 2);
  std::optional<int> exit_code;
  if (bytes[0] != 255) exit_code = bytes[0];
  const auto found = diagnose(log, exit_code);
  test::require(exit_code != 0 || found.empty());
  test::require(exit_code.value_or(0) == 0 || !found.empty());
  for (std::size_t i = 0; i < found.size(); ++i) {
    test::require((found[i].role == Diagnosis::Role::cause) == (i == 0));
    test::require(found[i].line.size() < 500 && found[i].line_number <= log.size() + 1);
    json_text(diagnosis_json(found[i]));
    diagnosis_text(found[i]);
  }
  json_text(Json(last_telling_line(log)));
  test::require(lines_of(log, bytes[1] % (log.size() + 1)) == lines_of(log, 0));
  return 0;
}
