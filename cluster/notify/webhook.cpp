#include "cluster/notify/webhook.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/error.h"
#include "base/private_file.h"
#include "cluster/http/http_connection.h"

namespace moola::cluster {
namespace {

constexpr std::size_t kLongest = 2048;

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
}

}  // namespace

Webhook::Webhook(const std::string& url, std::string source) : source_(std::move(source)) {
  const auto refuse = [&](const char* why) {
    throw ConfigError(
        fmt::format("the webhook in {} is no address: {}. Expected https://host/path in visible ASCII, up to {} "
                    "characters; http:// is for 127.0.0.1 and localhost alone. It is not shown here, for it is a "
                    "secret.",
                    source_, why, kLongest));
  };
  if (url.empty()) refuse("it is empty");
  if (url.size() > kLongest) refuse("it is too long");
  if (!std::ranges::all_of(url, [](char c) { return c > ' ' && c < 127; }))
    refuse("it holds blanks or characters that are none of ASCII");
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) refuse("it does not begin with https://");
  const std::size_t path = std::min(url.find_first_of("/?#", scheme + 3), url.size());
  server_ = url.substr(0, path);
  path_ = url.substr(path);
  path_.resize(std::min(path_.find('#'), path_.size()));
  if (!path_.starts_with('/')) path_.insert(0, "/");
  try {
    const HttpConnection checked(server_, {});
  } catch (const ConfigError&) {
    refuse("its server can't be read, or would be spoken to unencrypted");
  }
}

std::string Webhook::hide(std::string text) const {
  // Our own messages name the path without its query; a server may repeat any part of it.
  const std::string named = path_.substr(0, path_.find('?'));
  for (const std::string& secret : {path_, named, named.substr(1)}) {
    if (secret.size() > 1) replace_all(text, secret, "(webhook)");
  }
  replace_all(text, server_ + "(webhook)", "(webhook)");
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 127) c = ' ';
  }
  return text;
}

Webhook read_webhook(const NotifySettings& settings) {
  if (!settings.url.empty()) return {settings.url, "the job file"};
  const std::string& name = settings.webhook;
  if (name.empty()) throw ConfigError("the job file has no webhook: give [notify] webhook.");
  if (!name.starts_with('/')) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') {
      throw ConfigError(fmt::format(
          "notify.webhook names the variable {}, which is not set here. Set it to the address, or name a file of mode "
          "600 instead.",
          name));
    }
    return {value, "the variable " + name};
  }
  const std::optional<std::string> text = read_private_file(name, "webhook", kLongest + 1);
  if (!text) {
    throw ConfigError(fmt::format(
        "notify.webhook names the file {}, which is not there. Write the address to it, of mode 600.", name));
  }
  return {*text, name};
}

}  // namespace moola::cluster
