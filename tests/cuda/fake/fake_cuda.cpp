// libmoola-cuda-fake.so: GPUs made of host memory, behind the interfaces of the real library.
//
// Like a stream it does nothing before it is waited for: every operation is queued, and the queue runs at a fence.
// Environment:
//   MOOLA_FAKE_CUDA_DEVICES=n   GPUs that each process sees (default 2)
//   MOOLA_FAKE_CUDA_OWN=1       every rank sees GPUs of its own, as Slurm gives them
//   MOOLA_FAKE_CUDA_FAIL=…      unique-id (rank 0 can't make it), init-RANK, memory, device, async-N (the Nth
//   check fails; a fence has one at its end)
#include "fake_cuda.h"

#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <span>

#include "base/error.h"
#include "cuda/accelerator.h"

namespace {

using moola::CommError;
using namespace moola::comm;

std::string variable(const char* name) {
  const char* text = std::getenv(name);
  return text != nullptr ? text : "";
}

bool fails(const std::string& where) {
  return variable("MOOLA_FAKE_CUDA_FAIL") == where;
}

class FakeCollectives final : public Collectives, public CallLog {
 public:
  explicit FakeCollectives(const Communicator& world) : world_(world) {
    // The real library's order: verdict on the unique id, its broadcast, the joining.
    const bool no_id = world_.rank() == 0 && fails("unique-id");
    if (world_.any(no_id)) throw CommError(fmt::format("fake: no unique id, on rank {}", world_.rank()));
    std::int64_t id = world_.rank() == 0 ? 4711 : 0;
    world_.broadcast(std::span(&id, 1), 0);
    if (id != 4711) throw CommError("fake: another id");
    if (fails("init-" + std::to_string(world_.rank())))
      throw CommError(fmt::format("fake: rank {} can't join", world_.rank()));
  }

  int rank() const override { return world_.rank(); }
  int size() const override { return world_.size(); }
  std::string description() const override { return "fake NCCL"; }
  const std::vector<std::string>& calls() const override { return calls_; }

  FloatBuffer allocate(std::size_t floats) override {
    if (fails("memory")) throw CommError(fmt::format("fake: no {} floats left", floats));
    return FloatBuffer(new float[floats], [](float* data) { delete[] data; });
  }
  void set_zero(float* into, std::size_t floats) override {
    queue(fmt::format("set_zero {}", floats), [=] { std::memset(into, 0, floats * sizeof(float)); });
  }
  void copy(float* into, const float* from, std::size_t floats) override {
    queue(fmt::format("copy {}", floats), [=] { std::memcpy(into, from, floats * sizeof(float)); });
  }
  void add(float* into, const float* from, std::size_t floats) override {
    queue(fmt::format("add {}", floats), [=] {
      for (std::size_t i = 0; i < floats; ++i) into[i] += from[i];
    });
  }
  void exchange(std::span<const Send> sends, std::span<const Receive> receives) override {
    std::string text = "exchange";
    for (const Send& one : sends) text += fmt::format(" send {}*{}", one.peer, one.from.size());
    for (const Receive& one : receives) text += fmt::format(" receive {}*{}", one.peer, one.into.size());
    queue(text, [this, s = std::vector(sends.begin(), sends.end()), r = std::vector(receives.begin(), receives.end())] {
      world_.exchange(s, r);
    });
  }
  void broadcast(float* data, std::size_t floats, int root) override {
    queue(fmt::format("broadcast {}*{}", root, floats), [=, this] { world_.broadcast(std::span(data, floats), root); });
  }
  void all_reduce_sum(float* data, std::size_t floats) override {
    queue(fmt::format("all-reduce {}", floats), [=, this] { world_.all_reduce_sum(std::span(data, floats)); });
  }
  void check() override {
    if (fails("async-" + std::to_string(++checks_)))
      throw CommError(fmt::format("fake: an asynchronous error on rank {}", world_.rank()));
  }
  void fence() override {
    calls_.push_back("fence");
    for (const auto& operation : queue_) operation();
    queue_.clear();
    check();
  }

 private:
  Communicator world_;
  std::vector<std::string> calls_;
  std::vector<std::function<void()>> queue_;
  int checks_ = 0;

  void queue(std::string text, std::function<void()> operation) {
    calls_.push_back(std::move(text));
    queue_.push_back(std::move(operation));
  }
};

std::atomic<int> identities{0};

class FakeAccelerator final : public moola::cuda::Accelerator {
 public:
  int device_count() const override {
    const std::string devices = variable("MOOLA_FAKE_CUDA_DEVICES");
    return devices.empty() ? 2 : std::atoi(devices.c_str());
  }
  std::string device_name(int device) const override { return "Fake GPU " + std::to_string(device); }
  std::string device_identity(int device) const override {
    return variable("MOOLA_FAKE_CUDA_OWN").empty() ? "fake-" + std::to_string(device)
                                                   : "own-" + std::to_string(++identities);
  }
  std::string versions() const override { return "no CUDA at all"; }
  void choose_device(int device) override {
    if (fails("device") || device >= device_count()) throw CommError("fake: no such device");
  }
  moola::cuda::MemoryInfo memory() const override { return {1'000'000, 2'000'000}; }
  void synchronise() override {}
  std::unique_ptr<Collectives> collectives(const Communicator& world) override {
    return std::make_unique<FakeCollectives>(world);
  }
};

}  // namespace

#ifndef FAKE_INTERFACE
#define FAKE_INTERFACE moola::cuda::kInterface
#endif

extern "C" int moola_cuda_interface() {
  return FAKE_INTERFACE;
}
extern "C" moola::cuda::Accelerator* moola_cuda_open() {
  return new FakeAccelerator();
}
