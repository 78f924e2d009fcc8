#include <cstring>
#include <new>
#include <utility>

#include "comm/collectives.h"

namespace moola::comm {
namespace {

// A cache line: what the widest vector loads of any host want.
constexpr std::align_val_t kAlignment{64};

class HostCollectives final : public Collectives {
 public:
  explicit HostCollectives(Communicator world) : world_(std::move(world)) {}

  int rank() const override { return world_.rank(); }
  int size() const override { return world_.size(); }
  std::string description() const override { return world_.size() == 1 ? "one rank on the host" : "MPI on the host"; }

  FloatBuffer allocate(std::size_t floats) override {
    auto* data = static_cast<float*>(::operator new(floats * sizeof(float), kAlignment));
    return FloatBuffer(data, [](float* p) { ::operator delete(p, kAlignment); });
  }

  void set_zero(float* into, std::size_t floats) override { std::memset(into, 0, floats * sizeof(float)); }
  void copy(float* into, const float* from, std::size_t floats) override {
    std::memcpy(into, from, floats * sizeof(float));
  }

  void add(float* __restrict into, const float* __restrict from, std::size_t floats) override {
    for (std::size_t i = 0; i < floats; ++i) into[i] += from[i];
  }

  void exchange(std::span<const Send> sends, std::span<const Receive> receives) override {
    world_.exchange(sends, receives);
  }
  void broadcast(float* data, std::size_t floats, int root) override {
    world_.broadcast(std::span(data, floats), root);
  }
  void all_reduce_sum(float* data, std::size_t floats) override { world_.all_reduce_sum(std::span(data, floats)); }
  void check() override {}
  void fence() override {}

 private:
  Communicator world_;
};

}  // namespace

std::unique_ptr<Collectives> host_collectives(const Communicator& world) {
  return std::make_unique<HostCollectives>(world);
}

}  // namespace moola::comm
