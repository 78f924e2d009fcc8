#pragma once
#include <string>

#include "cluster/job/notify_settings.h"

namespace moola::cluster {

/// Where notices are posted. The address is a secret: whoever has it can post there. It goes into requests and nowhere
/// else; what is said of it is where it comes from.
class Webhook {
 public:
  /// `source` is where the address comes from, for messages. Throws ConfigError, which does not show it, for what is no
  /// address: https://host/path, and http:// for this machine alone.
  Webhook(const std::string& url, std::string source);

  /// "https://hooks.slack.com"
  const std::string& server() const { return server_; }
  /// "/services/T…/B…/…": the secret.
  const std::string& path() const { return path_; }
  const std::string& source() const { return source_; }
  /// `text` in one line, with "(webhook)" in the place of the address.
  std::string hide(std::string text) const;

 private:
  std::string server_, path_, source_;
};

/// The address that the settings give, or the variable or the file that they name. Throws ConfigError that says what is
/// missing, IoError.
Webhook read_webhook(const NotifySettings& settings);

}  // namespace moola::cluster
