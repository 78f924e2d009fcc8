#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "cluster/notify/notice.h"

namespace moola::cluster {

/// Characters of a Slack message's text; Slack cuts off what is beyond.
inline constexpr std::size_t kSlackText = 40'000;

/// {"text": …}: a line that says what happened, and the digest as a block of code. `&`, `<` and `>` are escaped, so
/// that nothing in it is a mention or a link. A digest that is too long loses its end, whole lines, and says how many.
std::string slack_body(const Notice& notice);

/// {"schema": "moola.notice/1", "event", "job", "run", "digest", "details"}: see docs/notices.md.
std::string json_body(const Notice& notice);

/// `text` as UTF-8 that a person can read: what is none, and control characters but tab and line break, become U+FFFD;
/// colours and other escape sequences of a terminal are left out.
std::string readable_text(std::string_view text);

}  // namespace moola::cluster
