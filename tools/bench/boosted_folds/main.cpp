// Boosted trees on 40 folds, a rank per core: mpirun -n RANKS bench-boosted-folds ROUNDS FOLDER. A table of 25,000 rows
// and 50 features is drawn, with 3 classes; each fold tests 5,000 rows in a stretch and trains on the 20,000 others.
// Writes the table to FOLDER for the peer. Prints "ours: S s, M MB" for all folds, fitted and predicted, with the most
// memory of a rank, and their mean log-loss.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/keyed_random.h"
#include "comm/run_ranks.h"
#include "comm/task_pool.h"
#include "models/classifiers/classifier.h"

namespace {

using namespace moola;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kRows = 25'000, kFeatures = 50, kClasses = 3, kFolds = 40, kTested = 5'000;

rusage used_so_far() {
  rusage out{};
  ::getrusage(RUSAGE_SELF, &out);
  return out;
}

double core_seconds(const rusage& used) {
  const auto seconds = [](const timeval& of) {
    return static_cast<double>(of.tv_sec) + 1e-6 * static_cast<double>(of.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

struct Table {
  std::vector<float> features;
  std::vector<std::int32_t> label;
};

// Classes by a product and a sum of four features, under noise.
Table drawn() {
  Table out;
  for (std::size_t row = 0; row < kRows; ++row) {
    KeyedRandom random(42, Stream::bootstrap, 0, row);
    const std::size_t begin = out.features.size();
    for (std::size_t c = 0; c < kFeatures; ++c) out.features.push_back(static_cast<float>(random.normal()));
    const float* x = &out.features[begin];
    const double score = static_cast<double>(x[0] * x[1] + x[2] - 0.5F * x[3]) + random.normal();
    out.label.push_back(score < -0.7 ? 0 : score < 0.7 ? 1 : 2);
  }
  return out;
}

template <class T>
void write_values(const std::string& file, const std::vector<T>& values) {
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
}

// The mean log-loss of the rows that it tests.
double fold(const Table& table, std::size_t number, const models::ModelKind& kind, const Json& parameters) {
  const std::size_t begin = number * (kRows - kTested) / (kFolds - 1);
  std::vector<std::size_t> train, test(kTested);
  std::vector<std::int32_t> label;
  std::iota(test.begin(), test.end(), begin);
  for (std::size_t row = 0; row < kRows; ++row) {
    if (row >= begin && row < begin + kTested) continue;
    train.push_back(row);
    label.push_back(table.label[row]);
  }
  const auto model = kind.make(parameters);
  model->fit({.samples = {.table = table.features, .channels = kFeatures, .first = train},
              .label = label,
              .classes = kClasses},
             {.seed = number});
  const std::vector<double> p = model->predict({.table = table.features, .channels = kFeatures, .first = test});
  double loss = 0;
  for (std::size_t i = 0; i < kTested; ++i)
    loss -= std::log(p[i * kClasses + static_cast<std::size_t>(table.label[begin + i])]);
  return loss / kTested;
}

int measure(const comm::Communicator& world, int rounds, const std::string& folder) {
  const Table table = drawn();
  const models::ModelKind& kind = models::find_model("xgboost");
  const Json parameters = models::complete_parameters(kind, {{"trees", rounds}}, "bench-boosted-folds");
  std::vector<double> losses(kFolds);
  world.barrier();
  const auto began = Clock::now();
  const double used_before = core_seconds(used_so_far());
  const comm::TaskPoolResult pool = comm::run_tasks(world, std::vector<double>(kFolds, 1.0), [&](std::size_t task) {
    losses[task] = fold(table, task, kind, parameters);
  });
  if (!pool.failed.empty()) throw std::runtime_error("a fold failed: " + pool.failed.front().message);
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  const double mine = std::accumulate(losses.begin(), losses.end(), 0.0);
  const rusage used = used_so_far();
  const auto parts =
      world.gather(fmt::format("{} {} {}", mine, core_seconds(used) - used_before, used.ru_maxrss / 1024), 0);
  if (world.rank() != 0) return 0;
  double loss = 0, of_cores = 0, memory = 0;
  for (const std::string& part : parts) {
    char* end = nullptr;
    loss += std::strtod(part.c_str(), &end) / kFolds;
    of_cores += std::strtod(end, &end);
    memory = std::max(memory, std::strtod(end, nullptr));
  }
  fmt::print("ours: {:.3f} s, {:.0f} MB, {:.3f} s of cores\n  {} folds of {} rounds on {} ranks, log-loss {:.4f}\n",
             seconds, memory, of_cores, kFolds, rounds, world.size(), loss);
  write_values(folder + "/features", table.features);
  write_values(folder + "/label", table.label);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return comm::run_ranks("bench-boosted-folds", [&](comm::World& world) {
    if (argc != 3) {
      if (world.rank() == 0) fmt::print(stderr, "usage: mpirun -n RANKS {} ROUNDS FOLDER\n", argv[0]);
      return 2;
    }
    return measure(world.communicator(), std::atoi(argv[1]), argv[2]);
  });
}
