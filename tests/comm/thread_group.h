#pragma once
#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "comm/communicator.h"

/// Ranks that are threads of the test: the `Group` interface over mailboxes, written as plainly as can be.
class ThreadGroup final : public moola::comm::Group {
 public:
  struct Shared {
    explicit Shared(int ranks) : size(ranks) {}
    int size;
    std::mutex mutex;
    std::condition_variable arrived;
    std::map<std::pair<int, int>, std::deque<std::vector<std::byte>>> mail;  // (from, to)
  };

  ThreadGroup(std::shared_ptr<Shared> shared, int rank) : shared_(std::move(shared)), rank_(rank) {}

  int rank() const override { return rank_; }
  int size() const override { return shared_->size; }
  int host_rank() const override { return rank_; }
  int host_size() const override { return shared_->size; }

  void barrier() override {
    std::byte nothing{};
    broadcast(&nothing, (gather({}, 0), 1), 0);
  }

  void broadcast(std::byte* data, std::size_t bytes, int root) override {
    if (rank_ != root) {
      take(root, data, bytes);
      return;
    }
    for (int to = 0; to < size(); ++to) {
      if (to != root) post(to, data, bytes);
    }
  }

  void all_reduce(void* data, std::size_t count, Type type, Operation operation) override {
    if (type == Type::float32) reduce_as<float>(data, count, operation);
    if (type == Type::float64) reduce_as<double>(data, count, operation);
    if (type == Type::int64) reduce_as<std::int64_t>(data, count, operation);
  }

  std::vector<std::string> gather(const std::string& mine, int root) override {
    if (rank_ != root) {
      post(root, reinterpret_cast<const std::byte*>(mine.data()), mine.size());
      return {};
    }
    std::vector<std::string> texts;
    for (int from = 0; from < size(); ++from) texts.push_back(from == root ? mine : take_text(from));
    return texts;
  }

  void exchange(std::span<const moola::comm::Send> sends, std::span<const moola::comm::Receive> receives) override {
    for (const auto& [peer, values] : sends)
      post(peer, reinterpret_cast<const std::byte*>(values.data()), values.size_bytes());
    for (const auto& [peer, values] : receives)
      take(peer, reinterpret_cast<std::byte*>(values.data()), values.size_bytes());
  }

  std::shared_ptr<Group> split(int, int) override { throw std::logic_error("no test splits threads"); }

 private:
  std::shared_ptr<Shared> shared_;
  int rank_;

  void post(int to, const std::byte* data, std::size_t bytes) {
    const std::lock_guard lock(shared_->mutex);
    shared_->mail[{rank_, to}].emplace_back(data, data + bytes);
    shared_->arrived.notify_all();
  }

  std::string take_text(int from) {
    std::unique_lock lock(shared_->mutex);
    auto& box = shared_->mail[{from, rank_}];
    shared_->arrived.wait(lock, [&] { return !box.empty(); });
    const std::string text(reinterpret_cast<const char*>(box.front().data()), box.front().size());
    box.pop_front();
    return text;
  }

  void take(int from, std::byte* data, std::size_t bytes) {
    const std::string text = take_text(from);
    if (text.size() != bytes) throw std::logic_error("a message of another size than expected");
    std::memcpy(data, text.data(), bytes);
  }

  template <class T>
  void reduce_as(void* data, std::size_t count, Operation operation) {
    auto* mine = static_cast<T*>(data);
    const std::size_t bytes = count * sizeof(T);
    const std::vector<std::string> all = gather(std::string(static_cast<const char*>(data), bytes), 0);
    for (std::size_t rank = 1; rank < all.size(); ++rank) {
      for (std::size_t i = 0; i < count; ++i) {
        T other;
        std::memcpy(&other, all[rank].data() + i * sizeof(T), sizeof(T));
        mine[i] = operation == Operation::sum ? mine[i] + other : std::max(mine[i], other);
      }
    }
    broadcast(static_cast<std::byte*>(data), bytes, 0);
  }
};

/// Runs `body` on so many threads, each with its communicator, and rethrows what one of them threw.
inline void on_threads(int ranks, const std::function<void(const moola::comm::Communicator&)>& body) {
  const auto shared = std::make_shared<ThreadGroup::Shared>(ranks);
  std::vector<std::thread> threads;
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(ranks));
  for (int rank = 0; rank < ranks; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        body(moola::comm::Communicator(std::make_shared<ThreadGroup>(shared, rank)));
      } catch (...) {
        errors[static_cast<std::size_t>(rank)] = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}
