#include "models/workspace.h"

#include <ATen/ops/from_blob.h>
#include <sys/mman.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <new>

namespace moola::models {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

class Pool {
 public:
  struct Block {
    void* memory;
    std::size_t size;
  };

  /// A block of at least `bytes`, and of at most a quarter more when it is one that was used before.
  Block take(std::size_t bytes) {
    const std::size_t size = (bytes + kHugePage - 1) / kHugePage * kHugePage;
    {
      const std::lock_guard lock(mutex_);
      ++taken_;
      const auto found = free_.lower_bound(size);
      if (found != free_.end() && found->first <= size + size / 4) {
        const Block block{found->second.memory, found->first};
        free_.erase(found);
        return block;
      }
      // Sizes have changed, or grow: what no one has wanted for long would add up.
      std::erase_if(free_, [this](const auto& entry) {
        const bool stale = taken_ - entry.second.given > kStale;
        if (stale) munmap(entry.second.memory, entry.first);
        return stale;
      });
    }
    // Mapped with room to align: an unaligned block would lose its huge pages at both ends.
    void* mapped = mmap(nullptr, size + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    auto* begin = static_cast<char*>(mapped);
    const auto misaligned = reinterpret_cast<std::uintptr_t>(begin) % kHugePage;
    const std::size_t head = misaligned ? kHugePage - misaligned : 0;
    if (head) munmap(begin, head);
    munmap(begin + head + size, kHugePage - head);
    madvise(begin + head, size, MADV_HUGEPAGE);  // refusal only costs speed
    return {begin + head, size};
  }

  void give(Block block) {
    const std::lock_guard lock(mutex_);
    free_.emplace(block.size, Free{block.memory, taken_});
  }

  void release() {
    const std::lock_guard lock(mutex_);
    for (const auto& [size, block] : free_) munmap(block.memory, size);
    free_.clear();
  }

 private:
  static constexpr std::uint64_t kStale = 256;  // several training steps

  struct Free {
    void* memory;
    std::uint64_t given;  // taken_ at that time
  };

  std::mutex mutex_;
  std::multimap<std::size_t, Free> free_;  // by size
  std::uint64_t taken_ = 0;
};

/// Never destroyed: tensors may outlive every static object.
Pool& pool() {
  static Pool& instance = *new Pool;
  return instance;
}

}  // namespace

at::Tensor pooled_empty(at::IntArrayRef sizes) {
  std::size_t count = 1;
  for (const auto size : sizes) count *= static_cast<std::size_t>(size);
  if (count == 0) count = 1;
  const Pool::Block block = pool().take(count * sizeof(float));
  return at::from_blob(
      block.memory, sizes, [block](void*) { pool().give(block); }, at::TensorOptions().dtype(at::kFloat));
}

void release_pooled_memory() {
  pool().release();
}

}  // namespace moola::models
