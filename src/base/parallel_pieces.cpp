#include "base/parallel_pieces.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace moola {

void for_each_piece(std::size_t pieces, unsigned threads, const std::function<void(std::size_t piece)>& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failed;
  const auto take = [&] {
    try {
      for (std::size_t piece; (piece = next.fetch_add(1)) < pieces;) work(piece);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failed) failed = std::current_exception();
      next = pieces;
    }
  };
  std::vector<std::jthread> others;
  for (unsigned i = 1; i < std::min<std::size_t>(threads, pieces); ++i) others.emplace_back(take);
  take();
  others.clear();
  if (failed) std::rethrow_exception(failed);
}

}  // namespace moola
