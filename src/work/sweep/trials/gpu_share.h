#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace moola::work {

/// Devices as CUDA_VISIBLE_DEVICES names them: its own entries where it is set, else 0, 1, … below `count`.
std::vector<std::string> visible_devices(const char* variable, int count);

/// GPUs of this host that trials share.
class GpuShare {
 public:
  /// `per_trial`: 0: trials have none; 2: each has two of its own; 0.25: four share one. Throws ConfigError for a share
  /// that no device, or not all devices together, can give, and for one above 1 that is no whole number.
  GpuShare(std::vector<std::string> devices, double per_trial);

  /// How many trials fit; none for trials without GPUs is 0.
  std::size_t most() const;
  /// Devices for a trial, those with most room first. Throws std::logic_error when it has some, or nothing is free.
  std::vector<std::string> take(std::uint64_t trial);
  /// What it has is free again; nothing happens for a trial that has none.
  void give_back(std::uint64_t trial);

 private:
  std::vector<std::string> devices_;
  double per_trial_;
  std::size_t places_ = 1;         // trials on one device
  std::vector<std::size_t> used_;  // places, by device
  std::map<std::uint64_t, std::vector<std::size_t>> taken_;
};

}  // namespace moola::work
