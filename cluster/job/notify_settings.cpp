#include "cluster/job/notify_settings.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "base/error.h"
#include "base/nearest.h"
#include "base/shell_words.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

constexpr std::array kEvents{"finish", "failure", "over-budget"};

// In capital letters: what has small ones may be a file's name or a secret.
bool is_variable(const std::string& text) {
  return is_variable_name(text) && std::ranges::none_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
}

}  // namespace

void NotifySettings::bind(ConfigSchema& schema) {
  schema.table("notify", "Who is told how it went: see [notices](../notices.md).");
  schema.key("webhook", webhook)
      .help(
          "where a message is posted: the name of a variable (`MOOLA_WEBHOOK`), or of a file of mode 600 that holds "
          "the address (`hook.url`), or the address itself, which is then kept in no other text; empty: nowhere");
  schema.key("format", format).choices({"slack", "json"}).help("a message as Slack takes it, or plain JSON");
  schema.key("on", on).help("of which events: `finish`, `failure`, `over-budget`");
}

bool NotifySettings::wants(const std::string& event) const {
  return !webhook.empty() && std::ranges::find(on, event) != on.end();
}

void settle_notify(NotifySettings& settings, const fs::path& folder, const std::string& where) {
  for (const std::string& event : settings.on) {
    if (std::ranges::find(kEvents, event) != kEvents.end()) continue;
    throw ConfigError(fmt::format("{}: notify.on: there is no event '{}', only {}.{}", where, event,
                                  fmt::join(kEvents, ", "),
                                  did_you_mean(event, std::vector<std::string>(kEvents.begin(), kEvents.end()))));
  }
  std::string& webhook = settings.webhook;
  if (webhook.empty() || is_variable(webhook)) return;
  if (webhook.find("://") != std::string::npos) {
    settings.url = std::exchange(webhook, kWebhookFile);
    return;
  }
  if (webhook.find_first_of("\n\r") != std::string::npos || webhook.find_first_of("./") == std::string::npos) {
    throw ConfigError(fmt::format(
        "{}: notify.webhook is no address (https://…), no variable (capital letters, digits and '_'), and no name of a "
        "file (with a '/' or a '.'). It is not shown here, for it may be a secret.",
        where));
  }
  fs::path file = webhook;
  if (const char* home = std::getenv("HOME"); webhook.starts_with("~/") && home != nullptr)
    file = fs::path(home) / webhook.substr(2);
  webhook = (file.is_absolute() ? file : fs::absolute(folder) / file).lexically_normal().string();
}

void keep_webhook(const NotifySettings& settings, const fs::path& folder) {
  if (settings.url.empty()) return;
  const fs::path file = folder / kWebhookFile, written = folder / (std::string(".") + kWebhookFile);
  const auto refuse = [&](int number) { throw IoError("cannot write " + file.string(), number); };
  ::unlink(written.c_str());
  const int out = ::open(written.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (out < 0) refuse(errno);
  const std::string text = settings.url + "\n";
  const ssize_t wrote = ::write(out, text.data(), text.size());
  const int failed = wrote == static_cast<ssize_t>(text.size()) && ::fsync(out) == 0 ? 0 : wrote < 0 ? errno : ENOSPC;
  ::close(out);
  if (failed != 0) refuse(failed);
  if (::rename(written.c_str(), file.c_str()) != 0) refuse(errno);
}

}  // namespace moola::cluster
