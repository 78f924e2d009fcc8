#include "comm/communicator.h"

#include <cstring>

#include "base/error.h"
#include "comm/mailbox.h"

namespace moola::comm {
namespace {

class SoloGroup final : public Group {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  int host_rank() const override { return 0; }
  int host_size() const override { return 1; }
  void barrier() override {}
  void broadcast(std::byte*, std::size_t, int) override {}
  void all_reduce(void*, std::size_t, Type, Operation) override {}
  std::vector<std::string> gather(const std::string& mine, int) override { return {mine}; }
  void exchange(std::span<const Send> sends, std::span<const Receive> receives) override {
    if (!sends.empty() || !receives.empty()) {
      throw CommError("a message from rank 0 to another rank, but this is the only rank of a solo world");
    }
  }
  std::shared_ptr<Group> split(int, int) override { return std::make_shared<SoloGroup>(); }
};

std::uint64_t read_size(const std::string& text, std::size_t at) {
  std::uint64_t size = 0;
  std::memcpy(&size, text.data() + at, sizeof size);
  return size;
}

}  // namespace

Communicator::Communicator() : group_(std::make_shared<SoloGroup>()) {}

Communicator Communicator::split(int colour, int key) const {
  std::shared_ptr<Group> part = group_->split(colour, key);
  return part != nullptr ? Communicator(std::move(part)) : Communicator();
}

std::unique_ptr<Mailbox> Communicator::open_mailbox() const {
  auto* office = dynamic_cast<PostOffice*>(group_.get());
  if (office == nullptr) throw CommError("a mailbox in a group whose ranks can have none: a solo world's, perhaps");
  return office->open_mailbox();
}

std::vector<std::string> Communicator::all_gather(const std::string& mine) const {
  std::vector<std::string> texts = gather(mine, 0);
  if (size() == 1) return texts;
  std::string joined;
  for (const std::string& text : texts) {
    const std::uint64_t length = text.size();
    joined.append(reinterpret_cast<const char*>(&length), sizeof length);
    joined += text;
  }
  joined = broadcast(std::move(joined), 0);
  texts.clear();
  for (std::size_t at = 0; at < joined.size();) {
    const std::uint64_t length = read_size(joined, at);
    at += sizeof length;
    texts.push_back(joined.substr(at, length));
    at += length;
  }
  return texts;
}

}  // namespace moola::comm
