#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "comm/communicator.h"

namespace moola::comm {

/// Floats in the memory a `Collectives` works on; freed with the object. Not to be touched by the host when that memory
/// is a GPU's.
using FloatBuffer = std::unique_ptr<float[], std::function<void(float*)>>;

/// What a reduction needs of the place where the gradients live: host memory and MPI, or a GPU and NCCL.
///
/// Pointers are to that memory. Operations are queued in the order of the calls (on the GPU on the current stream,
/// after what computed the gradients), and may return before they are done: `fence` waits. Each throws CommError with
/// the call, the rank and the reason; after that the group is of no use any more.
class Collectives {
 public:
  virtual ~Collectives() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// For messages: "MPI on the host", "NCCL 2.28.9 on GPU 0 (NVIDIA H100)".
  virtual std::string description() const = 0;

  /// Not set to zero. floats > 0.
  virtual FloatBuffer allocate(std::size_t floats) = 0;
  virtual void set_zero(float* into, std::size_t floats) = 0;
  /// Also to and from host memory, which then must stay as it is until a fence.
  virtual void copy(float* into, const float* from, std::size_t floats) = 0;
  /// into[i] += from[i], each one rounded addition: the result depends on nothing but the two numbers.
  virtual void add(float* into, const float* from, std::size_t floats) = 0;

  /// All of these messages at once, grouped: none waits for another. Between two ranks they match in the order they are
  /// listed.
  virtual void exchange(std::span<const Send> sends, std::span<const Receive> receives) = 0;
  virtual void broadcast(float* data, std::size_t floats, int root) = 0;
  /// In the library's own order of summation.
  virtual void all_reduce_sum(float* data, std::size_t floats) = 0;

  /// Throws when something queued has failed meanwhile. Does not wait.
  virtual void check() = 0;
  /// Waits until everything queued is done; throws when it failed.
  virtual void fence() = 0;
};

/// On host memory over `world`'s messages. `add` runs at the speed of memory.
std::unique_ptr<Collectives> host_collectives(const Communicator& world);

}  // namespace moola::comm
