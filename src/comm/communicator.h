#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace moola::comm {

class Mailbox;

/// One half of a message of floats: to or from `peer`. The memory stays the caller's and must not change until the call
/// returns.
struct Send {
  int peer;
  std::span<const float> from;
};
struct Receive {
  int peer;
  std::span<float> into;
};

/// What a group of ranks can do together; the interface behind `Communicator`. Pure virtual, so that a library opened
/// at run time can use it without a copy of this floor. Counts are elements and may exceed what one MPI message holds.
/// Every operation throws CommError that names the call, the rank and the reason.
class Group {
 public:
  enum class Type { float32, float64, int64 };
  enum class Operation { sum, max };

  virtual ~Group() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  virtual int host_rank() const = 0;
  virtual int host_size() const = 0;
  virtual void barrier() = 0;
  virtual void idle_barrier() { barrier(); }
  virtual void broadcast(std::byte* data, std::size_t bytes, int root) = 0;
  virtual void all_reduce(void* data, std::size_t count, Type type, Operation operation) = 0;
  virtual std::vector<std::string> gather(const std::string& mine, int root) = 0;
  virtual void exchange(std::span<const Send> sends, std::span<const Receive> receives) = 0;
  /// Null for a negative colour.
  virtual std::shared_ptr<Group> split(int colour, int key) = 0;
};

/// A group of ranks, as a value: copies name the same group. Without MPI it is the one rank of a solo world, and
/// nothing above needs to ask.
///
/// All operations but rank, size, send, receive and exchange are collective: every rank of the group calls them in the
/// same order. Cost: one MPI call each, unless said otherwise; nothing in a solo world.
class Communicator {
 public:
  /// A solo world.
  Communicator();
  explicit Communicator(std::shared_ptr<Group> group) : group_(std::move(group)) {}

  int rank() const { return group_->rank(); }
  int size() const { return group_->size(); }
  /// Number of this rank among the group's ranks on the same host, and how many they are: what chooses a GPU.
  int host_rank() const { return group_->host_rank(); }
  int host_size() const { return group_->host_size(); }

  void barrier() const { group_->barrier(); }
  /// The same where some ranks come much later: those that wait use no core, and go on up to 5 ms after the last.
  void idle_barrier() const { group_->idle_barrier(); }

  /// The root's bytes on every rank. All ranks give the same size.
  void broadcast(std::span<std::byte> data, int root) const { group_->broadcast(data.data(), data.size(), root); }
  template <class T>
  void broadcast(std::span<T> data, int root) const {
    broadcast(std::as_writable_bytes(data), root);
  }
  /// The root's text on every rank; what the others pass is ignored. Two calls.
  std::string broadcast(std::string text, int root) const {
    std::int64_t size = static_cast<std::int64_t>(text.size());
    broadcast(std::span(&size, 1), root);
    text.resize(static_cast<std::size_t>(size));
    broadcast(std::span(text), root);
    return text;
  }

  /// Element-wise over the ranks, in MPI's own order of summation; every rank gets the result.
  void all_reduce_sum(std::span<float> values) const { reduce(values, Group::Type::float32, Group::Operation::sum); }
  void all_reduce_sum(std::span<double> values) const { reduce(values, Group::Type::float64, Group::Operation::sum); }
  void all_reduce_sum(std::span<std::int64_t> values) const {
    reduce(values, Group::Type::int64, Group::Operation::sum);
  }
  void all_reduce_max(std::span<float> values) const { reduce(values, Group::Type::float32, Group::Operation::max); }
  void all_reduce_max(std::span<double> values) const { reduce(values, Group::Type::float64, Group::Operation::max); }
  void all_reduce_max(std::span<std::int64_t> values) const {
    reduce(values, Group::Type::int64, Group::Operation::max);
  }

  /// Whether any rank says so.
  bool any(bool mine) const {
    std::int64_t flag = mine ? 1 : 0;
    all_reduce_max(std::span(&flag, 1));
    return flag != 0;
  }

  /// The texts (or bytes) of all ranks in rank order; empty on the ranks that are not the root. One message per rank.
  std::vector<std::string> gather(const std::string& mine, int root) const { return group_->gather(mine, root); }
  /// The texts of all ranks on all of them. A gather and two broadcasts.
  std::vector<std::string> all_gather(const std::string& mine) const;

  void send(std::span<const float> values, int to) const {
    const Send one{to, values};
    group_->exchange({&one, 1}, {});
  }
  void receive(std::span<float> values, int from) const {
    const Receive one{from, values};
    group_->exchange({}, {&one, 1});
  }
  /// All of these messages at once: none waits for another. Messages between the same two ranks arrive in the order
  /// they are listed.
  void exchange(std::span<const Send> sends, std::span<const Receive> receives) const {
    group_->exchange(sends, receives);
  }

  /// The ranks of the same colour (>= 0), ordered by key and then by rank; a negative colour gets a solo group.
  Communicator split(int colour, int key) const;

  /// Messages apart from all others of the group, to be looked for without waiting (comm/mailbox.h). Throws CommError
  /// where there are none: in a solo world.
  std::unique_ptr<Mailbox> open_mailbox() const;

 private:
  std::shared_ptr<Group> group_;

  template <class T>
  void reduce(std::span<T> values, Group::Type type, Group::Operation operation) const {
    group_->all_reduce(values.data(), values.size(), type, operation);
  }
};

}  // namespace moola::comm
