// Labels that are likely wrong: bench-confident-learning ROWS CLASSES THREADS FOLDER. Draws labels of which some are
// wrong and what a model says of them, and writes them to FOLDER for the peer, with the rows that were found, the worst
// first. Prints "ours: S s, M MB" for all from the probabilities to those rows, the best of ten.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "base/command_line.h"
#include "base/keyed_random.h"
#include "validation/confident_learning.h"

namespace {

using namespace moola;
using Clock = std::chrono::steady_clock;

double peak_megabytes() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_maxrss) / 1024;
}

struct Forecasts {
  std::vector<double> probability;
  std::vector<std::int32_t> label;
};

// One label in ten is drawn anew; the model's margins are normal, with 1.5 more for the true class.
Forecasts drawn(std::size_t rows, std::uint32_t classes) {
  Forecasts out;
  for (std::size_t row = 0; row < rows; ++row) {
    KeyedRandom random(42, Stream::bootstrap, 0, row);
    const std::uint32_t truth = random.below(classes);
    out.label.push_back(static_cast<std::int32_t>(random.below(10) == 0 ? random.below(classes) : truth));
    double sum = 0;
    for (std::uint32_t c = 0; c < classes; ++c) {
      out.probability.push_back(std::exp(random.normal() + (c == truth ? 1.5 : 0)));
      sum += out.probability.back();
    }
    for (std::uint32_t c = 0; c < classes; ++c) out.probability[row * classes + c] /= sum;
  }
  return out;
}

template <class T>
void write_values(const std::string& file, const std::vector<T>& values) {
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
}

int measure(std::size_t rows, std::uint32_t classes, unsigned threads, const std::string& folder) {
  const Forecasts given = drawn(rows, classes);
  double best = 1e30;
  std::vector<std::uint32_t> found;
  for (int round = 0; round < 10; ++round) {
    const auto began = Clock::now();
    const validation::ConfidentLearning learning(
        {.classes = classes, .probability = given.probability, .truth = given.label}, threads);
    const validation::LabelIssues issues = learning.find();
    found = validation::worst_first(issues.rows, learning.scores(validation::LabelScore::self_confidence));
    best = std::min(best, std::chrono::duration<double>(Clock::now() - began).count());
  }
  fmt::print("ours: {:.4f} s, {:.0f} MB\n  {} of {} labels\n", best, peak_megabytes(), found.size(), rows);
  write_values(folder + "/probability", given.probability);
  write_values(folder + "/label", given.label);
  write_values(folder + "/found", found);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    fmt::print(stderr, "usage: {} ROWS CLASSES THREADS FOLDER\n", argv[0]);
    return 2;
  }
  try {
    return measure(std::stoul(argv[1]), static_cast<std::uint32_t>(std::stoul(argv[2])),
                   static_cast<unsigned>(std::stoul(argv[3])), argv[4]);
  } catch (const std::exception& error) {
    return report_error("bench-confident-learning", error);
  }
}
