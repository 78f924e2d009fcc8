#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace moola::comm {

/// What a rank has sent to this one.
struct Letter {
  int from;
  std::string text;
};

/// Short messages between the ranks of a group, for a receiver who has something else to do: it looks whether one has
/// arrived, and never waits for it. They meet no other message of the group. Used by one thread at a time, whichever.
class Mailbox {
 public:
  virtual ~Mailbox() = default;
  /// Letters from one rank to another arrive in the order they were sent. One of more than about 4000 bytes may wait
  /// until the other rank looks. Throws CommError.
  virtual void send(int to, std::string_view text) = 0;
  /// The next letter that is here, whoever sent it. Throws CommError.
  virtual std::optional<Letter> look() = 0;
};

/// What a `Group` of several ranks is too when they can have mailboxes; apart from it, because a library opened at run
/// time knows the table of its functions.
class PostOffice {
 public:
  virtual ~PostOffice() = default;
  /// Called by all ranks of the group, as is the box's destruction, before which every letter was looked at.
  virtual std::unique_ptr<Mailbox> open_mailbox() = 0;
};

}  // namespace moola::comm
