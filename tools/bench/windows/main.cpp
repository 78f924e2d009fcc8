// Batches of shuffled windows from a view: bench-windows WORKSPACE ID [NORMALIZE]. Prints "ours: N windows/s", as
// tools/bench/windows/run reads it, then what opening, memory and finding a window cost.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include "base/command_line.h"
#include "base/keyed_permutation.h"
#include "data/windows/window_runs.h"
#include "data/windows/windows.h"

namespace {

using Clock = std::chrono::steady_clock;
using namespace moola;

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

// VmRSS or VmHWM of this process in MB.
long memory(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key)) return std::strtol(line.c_str() + key.size() + 1, nullptr, 10) / 1024;
  }
  return 0;
}

void measure_gather(const std::string& workspace, const std::string& id, const std::string& normalize) {
  const long before = memory("VmRSS");
  auto began = Clock::now();
  const data::Windows windows = data::open_windows(workspace, data::find_dataset(workspace, id, "unlabeled_windows"),
                                                   {.normalize = market::parse_normalisation(normalize)});
  const double opened = seconds_since(began);
  constexpr std::int64_t kBatch = 512, kBatches = 1000;
  const data::WindowSelection all = windows.all();
  const data::WindowOrder order = windows.order(all.size(), 1337);
  std::vector<std::int64_t> index(kBatch);
  std::vector<float> out(static_cast<std::size_t>(kBatch * windows.length() * windows.channels()));
  double best = 1e30;
  for (std::int64_t epoch = 0; epoch < 5; ++epoch) {
    const data::EpochOrder positions = order.epoch(epoch);
    began = Clock::now();
    for (std::int64_t b = 0; b < kBatches; ++b) {
      for (std::int64_t i = 0; i < kBatch; ++i) {
        index[static_cast<std::size_t>(i)] = all[positions((b * kBatch + i) % all.size())];
      }
      windows.gather(index, out);
    }
    best = std::min(best, seconds_since(began));
  }
  fmt::print("ours: {:.0f} windows/s\n", static_cast<double>(kBatch * kBatches) / best);
  fmt::print(
      "  {} of {} windows, {} x {}: opened in {:.3f} s, {} MB of series and runs, process {} MB above its start, {} MB "
      "at most\n",
      normalize, windows.size(), windows.length(), windows.channels(), opened, windows.bytes_resident() >> 20,
      memory("VmRSS") - before, memory("VmHWM"));
}

void measure_lookup() {
  constexpr std::int64_t kWindows = 10'000'000'000, kRuns = 1'000'000;
  std::vector<data::WindowRun> made;
  std::int64_t begin = 0;
  for (std::int64_t r = 0; r < kRuns; ++r) {
    const std::int64_t windows = kWindows / kRuns - 5'000 + (r % 2) * 10'000;  // short and long ones
    made.push_back({static_cast<std::int32_t>(r % 100), begin, windows});
    begin += windows + 104;
  }
  const auto began = Clock::now();
  const data::WindowRuns runs(std::move(made), 105, 1);
  const double built = seconds_since(began);
  const KeyedPermutation order(static_cast<std::uint64_t>(runs.size()), 1, 0);
  std::vector<std::int64_t> index(1'000'000);
  for (std::size_t i = 0; i < index.size(); ++i) index[i] = static_cast<std::int64_t>(order(i));
  double best = 1e30;
  std::int64_t sum = 0;
  for (int round = 0; round < 5; ++round) {
    const auto start = Clock::now();
    for (const std::int64_t i : index) sum += runs[i].begin;
    best = std::min(best, seconds_since(start));
  }
  fmt::print("  index -> bars among {} windows in {} runs: {:.1f} ns, {} MB, built in {:.2f} s (check sum {})\n",
             runs.size(), kRuns, best / static_cast<double>(index.size()) * 1e9, runs.bytes() >> 20, built, sum);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: {} WORKSPACE unlabeled_windows/NAME/vN [NORMALIZE]\n", argv[0]);
    return 2;
  }
  try {
    measure_gather(argv[1], argv[2], argc > 3 ? argv[3] : "window_log_return");
    measure_lookup();
  } catch (const std::exception& error) {
    return report_error("bench-windows", error);
  }
}
