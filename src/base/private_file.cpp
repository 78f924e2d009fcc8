#include "base/private_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/descriptor.h"
#include "base/error.h"

namespace moola {
namespace {

// What is asked is asked of the open file: a name could mean another one by then.
void demand_private(int file, const std::filesystem::path& name, const std::string& what) {
  struct stat facts = {};
  if (::fstat(file, &facts) != 0) throw IoError("cannot look at " + name.string(), errno);
  if (!S_ISREG(facts.st_mode)) throw ConfigError(fmt::format("the {} {} is no file.", what, name.string()));
  if (facts.st_uid != ::geteuid()) {
    throw ConfigError(fmt::format(
        "the {} {} belongs to user {}, and this program runs as user {}. Keep a copy of your own, of mode 600.", what,
        name.string(), facts.st_uid, ::geteuid()));
  }
  if ((facts.st_mode & 0177) != 0) {
    throw ConfigError(fmt::format("the {} {} is of mode {:o}: others could read it, or run it. Run: chmod 600 {}", what,
                                  name.string(), facts.st_mode & 0777, name.string()));
  }
}

}  // namespace

std::optional<std::string> read_private_file(const std::filesystem::path& file, const std::string& what,
                                             std::size_t most) {
  const Descriptor open(file, O_RDONLY | O_NONBLOCK);
  if (!open.is_open() && errno == ENOENT) return std::nullopt;
  if (!open.is_open()) throw IoError(fmt::format("cannot open the {} {}", what, file.string()), errno);
  demand_private(open.get(), file, what);
  std::string text(most, '\0');
  const ssize_t got = ::read(open.get(), text.data(), text.size());
  if (got < 0) throw IoError(fmt::format("cannot read the {} {}", what, file.string()), errno);
  text.resize(static_cast<std::size_t>(got));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return text;
}

std::filesystem::path configuration_folder() {
  const auto set = [](const char* name) {
    const char* value = std::getenv(name);
    return std::filesystem::path(value == nullptr ? "" : value);
  };
  const std::filesystem::path configuration = set("XDG_CONFIG_HOME");
  return (configuration.is_absolute() ? configuration : set("HOME") / ".config") / "moola";
}

}  // namespace moola
