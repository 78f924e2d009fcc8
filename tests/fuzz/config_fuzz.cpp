// Any configuration and any --set (the lines after a NUL) is refused with a ConfigError, or its resolved form reads
// back to itself.
#include "base/config.h"
#include "base/error.h"
#include "fuzz/memory_file.h"

using namespace moola;

namespace {

struct Demo {
  bool flag = false;
  std::int64_t integer = 1;
  double number = 0.5;
  std::string text, choice = "a";
  Duration time;
  std::vector<std::string> texts;
  std::vector<double> numbers;
  ConfigSchema schema{"fuzz"};

  Demo() {
    schema.table("t", "");
    schema.key("flag", &flag);
    schema.key("integer", &integer).range(-10, 1e6);
    schema.key("number", &number);
    schema.key("text", &text);
    schema.key("choice", &choice).choices({"a", "b"});
    schema.table("u", "");
    schema.key("time", &time);
    schema.key("texts", &texts);
    schema.key("numbers", &numbers).above(-1);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static test::MemoryFile file, again;
  const std::string content(reinterpret_cast<const char*>(bytes), size);
  if (content.find("inherit") != std::string::npos) return 0;  // would open whatever file it names
  const std::size_t end = content.find('\0');
  std::vector<std::string> settings;
  for (std::size_t at = end; at < content.size();) {
    const std::size_t next = content.find('\n', at + 1);
    settings.push_back(content.substr(at + 1, next == std::string::npos ? next : next - at - 1));
    at = next;
  }
  Demo demo;
  try {
    demo.schema.load(file.holding(content.substr(0, end)), settings);
  } catch (const ConfigError&) {
    return 0;
  }
  Demo read;
  read.schema.load(again.holding(demo.schema.resolved()), {});
  test::require(read.schema.resolved() == demo.schema.resolved());
  test::require(read.text == demo.text && read.texts == demo.texts && read.integer == demo.integer);
  return 0;
}
