#pragma once
#include <cstddef>
#include <memory>
#include <string>

#include "comm/collectives.h"
#include "comm/communicator.h"

namespace moola::cuda {

/// Bytes of a GPU's memory.
struct MemoryInfo {
  std::size_t free, total;
};

/// What the programs need of the GPUs of this process; behind it is libmoola-cuda.so, or a fake in tests. Every call
/// throws CommError with the CUDA call, the device and the reason.
class Accelerator {
 public:
  virtual ~Accelerator() = default;

  /// GPUs this process sees; 0 when there is none or no driver.
  virtual int device_count() const = 0;
  virtual std::string device_name(int device) const = 0;
  /// What tells two GPUs of a host apart, whatever number they have in this process: a text of the hardware.
  virtual std::string device_identity(int device) const = 0;
  /// "CUDA 13.0, driver 13.1, NCCL 2.28.9": for manifests and moola doctor.
  virtual std::string versions() const = 0;

  /// All that follows on this thread happens on this GPU. Call it before the first tensor is made.
  virtual void choose_device(int device) = 0;
  /// Of the chosen GPU.
  virtual MemoryInfo memory() const = 0;
  /// Waits until everything queued on the chosen GPU is done; throws when any of it failed.
  virtual void synchronise() = 0;

  /// Collective. Joins the ranks of `world` over NCCL on the chosen GPUs, one rank each; when one of them can't, all
  /// throw.
  virtual std::unique_ptr<comm::Collectives> collectives(const comm::Communicator& world) = 0;
};

/// Version of these two interfaces: a library built with another one is refused instead of crashing.
inline constexpr int kInterface = 1;

/// The functions that the library exports, and their types.
inline constexpr const char* kInterfaceSymbol = "moola_cuda_interface";
using InterfaceFunction = int();
inline constexpr const char* kOpenSymbol = "moola_cuda_open";
using OpenFunction = Accelerator*();

}  // namespace moola::cuda
