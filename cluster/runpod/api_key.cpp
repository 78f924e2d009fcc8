#include "cluster/runpod/api_key.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/error.h"

namespace moola::cluster::runpod {
namespace {

constexpr std::size_t kLongestKey = 512;

// A descriptor that is closed with the scope.
struct OpenFile {
  int number;
  explicit OpenFile(const std::filesystem::path& file)
      : number(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~OpenFile() {
    if (number >= 0) ::close(number);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
};

// What is asked is asked of the open file: a name could mean another one by then.
void demand_private(int file, const std::filesystem::path& name) {
  struct stat facts = {};
  if (::fstat(file, &facts) != 0) throw IoError("cannot look at " + name.string(), errno);
  if (!S_ISREG(facts.st_mode)) throw ConfigError(fmt::format("the RunPod key {} is no file.", name.string()));
  if (facts.st_uid != ::geteuid()) {
    throw ConfigError(fmt::format(
        "the RunPod key {} belongs to user {}, and this program runs as user {}. Keep a copy of your own, of mode 600.",
        name.string(), facts.st_uid, ::geteuid()));
  }
  if ((facts.st_mode & 0177) != 0) {
    throw ConfigError(
        fmt::format("the RunPod key {} is of mode {:o}: others could read it, or run it. Run: chmod 600 {}",
                    name.string(), facts.st_mode & 0777, name.string()));
  }
}

}  // namespace

ApiKey::ApiKey(std::string text, std::string source) : text_(std::move(text)), source_(std::move(source)) {
  const bool visible = std::all_of(text_.begin(), text_.end(), [](char c) { return c > ' ' && c < 127; });
  if (text_.empty() || text_.size() > kLongestKey || !visible) {
    throw ConfigError(fmt::format(
        "the RunPod key in {} is no key: expected one word of 1 to {} visible ASCII characters, found {} bytes{}. Copy "
        "it anew from the console (Settings, API Keys).",
        source_, kLongestKey, text_.size(), visible ? "" : ", among them blanks or others"));
  }
}

std::string ApiKey::hide(std::string text) const {
  for (std::size_t at = 0; (at = text.find(text_, at)) != std::string::npos;) text.replace(at, text_.size(), "(key)");
  return text;
}

std::filesystem::path default_key_file() {
  const auto set = [](const char* name) {
    const char* value = std::getenv(name);
    return std::filesystem::path(value == nullptr ? "" : value);
  };
  const std::filesystem::path configuration = set("XDG_CONFIG_HOME");
  return (configuration.is_absolute() ? configuration : set("HOME") / ".config") / "moola" / "runpod.key";
}

ApiKey read_api_key(const std::filesystem::path& file) {
  if (const char* text = std::getenv("RUNPOD_API_KEY"); text != nullptr && *text != '\0') {
    return {text, "RUNPOD_API_KEY"};
  }
  const OpenFile open(file);
  if (open.number < 0 && errno == ENOENT) {
    throw ConfigError(fmt::format(
        "there is no RunPod key: RUNPOD_API_KEY is not set, and there is no file {}. Make a key in the console "
        "(Settings, API Keys) and write it to that file, of mode 600.",
        file.string()));
  }
  if (open.number < 0) throw IoError("cannot open the RunPod key " + file.string(), errno);
  demand_private(open.number, file);
  std::array<char, 2 * kLongestKey> bytes{};
  const ssize_t got = ::read(open.number, bytes.data(), bytes.size());
  if (got < 0) throw IoError("cannot read the RunPod key " + file.string(), errno);
  std::string text(bytes.data(), static_cast<std::size_t>(got));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return {std::move(text), file.string()};
}

}  // namespace moola::cluster::runpod
