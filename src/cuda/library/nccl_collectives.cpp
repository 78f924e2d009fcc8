#include "cuda/library/nccl_collectives.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <thread>

#include "base/error.h"
#include "cuda/library/check.h"

namespace moola::cuda {
namespace {

// Polling burns a core; a step's wait is short at first, and a long one may as well be coarse.
constexpr auto kSpin = std::chrono::microseconds(200);
constexpr auto kNap = std::chrono::microseconds(50);

/// NCCL's communicator. Lives in main's scope, like everything that holds a GPU.
class NcclComm {
 public:
  explicit NcclComm(const comm::Communicator& world)
      : rank_(world.rank()), exceptions_at_start_(std::uncaught_exceptions()) {
    // Rank 0 makes the name under which all meet. When it can't, the others must hear of it instead of waiting for a
    // broadcast.
    ncclUniqueId id{};
    ncclResult_t made = ncclSuccess;
    if (rank_ == 0) made = ncclGetUniqueId(&id);
    const bool failed = world.any(made != ncclSuccess);
    if (made != ncclSuccess) throw_nccl_error(made, "ncclGetUniqueId(&id)", nullptr, rank_);
    if (failed) throw CommError(fmt::format("rank {} can't join NCCL: rank 0 could not make its unique id", rank_));
    world.broadcast(std::as_writable_bytes(std::span(&id, 1)), 0);
    // A rank that fails here throws at once: the others may sit in this call until its end aborts the job.
    MOOLA_NCCL(ncclCommInitRank(&comm_, world.size(), id, rank_), nullptr, rank_);
  }

  ~NcclComm() {
    if (comm_ == nullptr) return;
    // On the way out with an error it is left as it is: destroying would wait for what may never end, and aborting
    // would tell the other ranks that the network failed before this one has said what really did. The process ends
    // anyway.
    if (std::uncaught_exceptions() > exceptions_at_start_) return;
    ncclResult_t state = ncclSuccess;
    if (ncclCommGetAsyncError(comm_, &state) != ncclSuccess || state != ncclSuccess) {
      abort();
    } else {
      ncclCommDestroy(comm_);
    }
  }
  NcclComm(const NcclComm&) = delete;
  NcclComm& operator=(const NcclComm&) = delete;

  ncclComm_t get() const { return comm_; }

  /// Throws when something that was queued has failed meanwhile.
  void check() {
    ncclResult_t state = ncclSuccess;
    MOOLA_NCCL(ncclCommGetAsyncError(comm_, &state), comm_, rank_);
    if (state == ncclSuccess || state == ncclInProgress) return;
    const std::string details = ncclGetLastError(comm_) != nullptr ? ncclGetLastError(comm_) : "";
    abort();  // ends the kernels that wait for a rank that is gone; without it the stream would never drain
    throw CommError(fmt::format(
        "NCCL failed while it was working, on rank {}: {} {}. Another rank or the network between them is likely gone.",
        rank_, ncclGetErrorString(state), details));
  }

 private:
  ncclComm_t comm_ = nullptr;
  int rank_;
  int exceptions_at_start_;

  void abort() {
    ncclCommAbort(comm_);
    comm_ = nullptr;
  }
};

class NcclCollectives final : public comm::Collectives {
 public:
  explicit NcclCollectives(const comm::Communicator& world)
      : device_(c10::cuda::current_device()), rank_(world.rank()), size_(world.size()), comm_(world) {}

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  std::string description() const override {
    int version = 0;
    MOOLA_NCCL(ncclGetVersion(&version), nullptr, rank_);
    return fmt::format("NCCL {}.{}.{} on GPU {}", version / 10000, version / 100 % 100, version % 100,
                       static_cast<int>(device_));
  }

  comm::FloatBuffer allocate(std::size_t floats) override {
    const c10::cuda::CUDAGuard guard(device_);
    // Torch's allocator: what it has cached is not lost to us, and its message for a full GPU says who holds what.
    try {
      return comm::FloatBuffer(static_cast<float*>(c10::cuda::CUDACachingAllocator::raw_alloc(floats * sizeof(float))),
                               [](float* data) { c10::cuda::CUDACachingAllocator::raw_delete(data); });
    } catch (const c10::OutOfMemoryError& error) {
      throw CommError(
          fmt::format("GPU {} has no {} MB left for a gradient buffer: {}. Set a smaller parallel.microbatch.",
                      static_cast<int>(device_), floats * sizeof(float) / 1'000'000, error.what_without_backtrace()));
    }
  }

  void set_zero(float* into, std::size_t floats) override {
    const c10::cuda::CUDAGuard guard(device_);
    MOOLA_CUDA_CALL(cudaMemsetAsync(into, 0, floats * sizeof(float), stream()));
  }

  void copy(float* into, const float* from, std::size_t floats) override {
    const c10::cuda::CUDAGuard guard(device_);
    MOOLA_CUDA_CALL(cudaMemcpyAsync(into, from, floats * sizeof(float), cudaMemcpyDefault, stream()));
  }

  void add(float* into, const float* from, std::size_t floats) override {
    const c10::cuda::CUDAGuard guard(device_);
    const c10::InferenceMode no_gradient;
    // One element, one addition: Torch's kernel neither reorders nor fuses anything here.
    view(into, floats).add_(view(const_cast<float*>(from), floats));
  }

  void exchange(std::span<const comm::Send> sends, std::span<const comm::Receive> receives) override {
    const c10::cuda::CUDAGuard guard(device_);
    const Group group(rank_);
    for (const auto& [peer, values] : sends) {
      MOOLA_NCCL(ncclSend(values.data(), values.size(), ncclFloat, peer, comm_.get(), stream()), comm_.get(), rank_);
    }
    for (const auto& [peer, values] : receives) {
      MOOLA_NCCL(ncclRecv(values.data(), values.size(), ncclFloat, peer, comm_.get(), stream()), comm_.get(), rank_);
    }
    group.end(comm_.get());
  }

  void broadcast(float* data, std::size_t floats, int root) override {
    const c10::cuda::CUDAGuard guard(device_);
    MOOLA_NCCL(ncclBroadcast(data, data, floats, ncclFloat, root, comm_.get(), stream()), comm_.get(), rank_);
  }

  void all_reduce_sum(float* data, std::size_t floats) override {
    const c10::cuda::CUDAGuard guard(device_);
    // A sum, not NCCL's average: that would divide before summing and change the last bit. The optimiser divides, once.
    MOOLA_NCCL(ncclAllReduce(data, data, floats, ncclFloat, ncclSum, comm_.get(), stream()), comm_.get(), rank_);
  }

  void check() override { comm_.check(); }

  void fence() override {
    const c10::cuda::CUDAGuard guard(device_);
    const auto began = std::chrono::steady_clock::now();
    for (;;) {
      // cudaStreamSynchronize would wait for ever for a rank that is gone.
      const cudaError_t state = cudaStreamQuery(stream());
      if (state == cudaSuccess) break;
      if (state != cudaErrorNotReady) throw_cuda_error(state, "cudaStreamQuery(stream())");
      static_cast<void>(cudaGetLastError());  // "not ready" is no error for whoever asks next
      comm_.check();
      if (std::chrono::steady_clock::now() - began > kSpin) std::this_thread::sleep_for(kNap);
    }
    comm_.check();
  }

 private:
  c10::DeviceIndex device_;
  int rank_, size_;
  NcclComm comm_;

  /// Calls between here and `end` become one operation. When one of them throws, the group is closed on the way out, or
  /// every later call of this thread would be swallowed by it.
  class Group {
   public:
    explicit Group(int rank) : rank_(rank) { MOOLA_NCCL(ncclGroupStart(), nullptr, rank_); }
    ~Group() {
      if (!ended_) ncclGroupEnd();
    }
    Group(const Group&) = delete;
    Group& operator=(const Group&) = delete;
    void end(ncclComm_t comm) const {
      ended_ = true;
      MOOLA_NCCL(ncclGroupEnd(), comm, rank_);
    }

   private:
    int rank_;
    mutable bool ended_ = false;
  };

  // Torch's current stream: behind what computed the gradient, before what uses the sum, and no event is needed.
  cudaStream_t stream() const { return c10::cuda::getCurrentCUDAStream(device_).stream(); }

  at::Tensor view(float* data, std::size_t floats) const {
    return at::from_blob(data, {static_cast<std::int64_t>(floats)},
                         at::TensorOptions().dtype(at::kFloat).device(at::kCUDA, device_));
  }
};

}  // namespace

std::unique_ptr<comm::Collectives> nccl_collectives(const comm::Communicator& world) {
  return std::make_unique<NcclCollectives>(world);
}

}  // namespace moola::cuda
