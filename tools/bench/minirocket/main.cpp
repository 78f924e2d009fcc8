// MiniRocket's features of windows of one channel: bench-minirocket WINDOWS BARS THREADS FOLDER. Writes the windows
// (random walks), what was fitted to them and the features to FOLDER, for the peer to do the same. Prints "ours: S s, M
// MB" for the transform, the best of ten, and how many features there are.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include "base/command_line.h"
#include "base/keyed_random.h"
#include "models/classifiers/minirocket_features.h"

namespace {

using namespace moola;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

double peak_megabytes() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_maxrss) / 1024;
}

std::vector<float> random_walks(std::size_t windows, std::size_t bars) {
  std::vector<float> out;
  for (std::size_t window = 0; window < windows; ++window) {
    KeyedRandom random(42, Stream::bootstrap, 0, window);
    double at = 0;
    for (std::size_t bar = 0; bar < bars; ++bar) out.push_back(static_cast<float>(at += random.normal()));
  }
  return out;
}

template <class T>
void write_values(const std::string& file, const std::vector<T>& values) {
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
}

int measure(std::size_t windows, std::size_t bars, unsigned threads, const std::string& folder) {
  const std::vector<float> values = random_walks(windows, bars);
  const models::WindowArray array{.values = values, .bars = bars};
  const auto began = Clock::now();
  const models::MiniRocketFeatures fitted = models::fit_minirocket(array, {}, threads);
  const double fit = seconds_since(began);
  double best = 1e30;
  std::vector<float> features;
  for (int round = 0; round < 10; ++round) {
    const auto start = Clock::now();
    features = models::transform(fitted, array, threads);
    best = std::min(best, seconds_since(start));
  }
  fmt::print("ours: {:.4f} s, {:.0f} MB\n  {} features of {} windows of {} bars, {} threads; fitted in {:.3f} s\n",
             best, peak_megabytes(), fitted.features(), windows, bars, threads, fit);
  write_values(folder + "/windows", values);
  write_values(folder + "/dilations", fitted.dilations);
  write_values(folder + "/quantiles", fitted.quantiles);
  write_values(folder + "/biases", fitted.biases);
  write_values(folder + "/features", features);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    fmt::print(stderr, "usage: {} WINDOWS BARS THREADS FOLDER\n", argv[0]);
    return 2;
  }
  try {
    return measure(std::stoul(argv[1]), std::stoul(argv[2]), static_cast<unsigned>(std::stoul(argv[3])), argv[4]);
  } catch (const std::exception& error) {
    return report_error("bench-minirocket", error);
  }
}
