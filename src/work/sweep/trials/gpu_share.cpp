#include "work/sweep/trials/gpu_share.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>

#include "base/error.h"

namespace moola::work {

std::vector<std::string> visible_devices(const char* variable, int count) {
  std::vector<std::string> out;
  if (variable == nullptr) {
    for (int i = 0; i < count; ++i) out.push_back(std::to_string(i));
    return out;
  }
  std::istringstream entries(variable);
  for (std::string entry;
       std::getline(entries, entry, ',') && out.size() < static_cast<std::size_t>(std::max(count, 0));)
    out.push_back(entry);
  return out;
}

GpuShare::GpuShare(std::vector<std::string> devices, double per_trial)
    : devices_(std::move(devices)), per_trial_(per_trial), used_(devices_.size()) {
  if (per_trial == 0) return;
  if (per_trial > static_cast<double>(devices_.size()))
    throw ConfigError(
        fmt::format("workers.gpus = {} for each trial, and this process has {} GPUs. moola doctor says which.",
                    per_trial, devices_.size()));
  if (per_trial > 1 && per_trial != std::floor(per_trial))
    throw ConfigError(fmt::format("workers.gpus = {} must be a whole number of GPUs, or a part of one.", per_trial));
  // 0.15 lets six on a GPU: the seventh would have less than its share. 1/3 lets three.
  if (per_trial < 1) places_ = static_cast<std::size_t>(std::floor(1 / per_trial + 1e-9));
}

std::size_t GpuShare::most() const {
  if (per_trial_ == 0) return 0;
  return per_trial_ <= 1 ? devices_.size() * places_ : devices_.size() / static_cast<std::size_t>(per_trial_);
}

std::vector<std::string> GpuShare::take(std::uint64_t trial) {
  if (taken_.contains(trial)) throw std::logic_error(fmt::format("trial {} has its GPUs already", trial));
  const std::size_t wanted = per_trial_ > 1 ? static_cast<std::size_t>(per_trial_) : per_trial_ > 0 ? 1 : 0;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < devices_.size(); ++i) {
    if (used_[i] < places_) order.push_back(i);
  }
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return used_[i]; });
  if (order.size() < wanted) throw std::logic_error(fmt::format("no GPU is free for trial {}", trial));
  order.resize(wanted);
  std::ranges::sort(order);
  std::vector<std::string> out;
  for (const std::size_t i : order) {
    ++used_[i];
    out.push_back(devices_[i]);
  }
  taken_[trial] = std::move(order);
  return out;
}

void GpuShare::give_back(std::uint64_t trial) {
  const auto at = taken_.find(trial);
  if (at == taken_.end()) return;
  for (const std::size_t i : at->second) --used_[i];
  taken_.erase(at);
}

}  // namespace moola::work
