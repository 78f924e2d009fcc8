#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/config.h"

namespace moola::cluster {

/// In a run's folder: a webhook that the job file gave as it is, of mode 600.
inline constexpr const char* kWebhookFile = "webhook.url";

/// [notify] of a job file: who is told how it went.
struct NotifySettings {
  std::string webhook = {};      // a variable's name, or an absolute file; empty: nobody is told
  std::string format = "slack";  // or "json"
  std::vector<std::string> on{"finish", "failure", "over-budget"};
  std::string url = {};  // where the job file gave the address itself: a secret, and no key

  void bind(ConfigSchema& schema);
  bool wants(const std::string& event) const;
};

/// Takes an address that stands in the job file itself out of `webhook` into `url` and says "webhook.url" instead, a
/// file beside the resolved text; makes a file's name absolute, beside `folder`. Throws ConfigError, without the
/// address, for what is none of the three, and for events that there are not. `where` is the job file.
void settle_notify(NotifySettings& settings, const std::filesystem::path& folder, const std::string& where);

/// Writes `url` to folder/webhook.url, of mode 600, so that a later process that reads the resolved text finds it. Does
/// nothing without one. Throws IoError.
void keep_webhook(const NotifySettings& settings, const std::filesystem::path& folder);

}  // namespace moola::cluster
