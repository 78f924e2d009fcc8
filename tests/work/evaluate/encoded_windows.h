#pragma once
// Labelled windows, the bars that they are pieces of, and encoders of those bars, as their users make them.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/utc_time.h"
#include "tests/work/bars_workspace.h"
#include "tests/work/evaluate/planted_windows.h"

namespace moola::test {

// A second of the smallest encoder: what it has learnt is not the point.
inline constexpr const char* kTinyPretraining = R"(
[data]
bars = ["SYM/v1"]
[windows]
length = 20
stride = 2
holdout = 0.1
holdout_windows = 32
[model]
hidden = 8
layers = 1
[objective]
ratio = 0.3
patch = 4
[train]
epochs = 1
max_steps = 10
batch = 32
[parallel]
microbatch = 16
device = "cpu"
[output]
name = "tiny"
)";

struct EncodedWindows {
  BarsWorkspace workspace;
  data::WindowTable table;
  std::string pretraining = workspace.path("tiny.toml");
  std::int64_t end = 0;  // of the last bar

  explicit EncodedWindows(const PlantedOptions& options = {}) : table(planted_windows(options)) {
    store_windows(workspace.folder(), "mine", table);
    // The walk: of each window the bars before the next one's.
    market::Bars bars;
    bars.resize(table.windows * options.stride);
    for (std::size_t i = 0; i < bars.size(); ++i) {
      const float* const bar = table.x.data() + 4 * (i / options.stride * options.length + i % options.stride);
      bars.time[i] = kBegin + static_cast<std::int64_t>(i) * kMinute;
      bars.open[i] = bar[0];
      bars.high[i] = bar[1];
      bars.low[i] = bar[2];
      bars.close[i] = bar[3];
      bars.volume[i] = 1;
    }
    end = bars.time.back() + kMinute;
    workspace.import(bars, "SYM");
    write_file(pretraining, kTinyPretraining);
  }

  /// The moment at which so large a share of the bars is over.
  std::string at(double share) const {
    const auto bars =
        static_cast<std::int64_t>(share * static_cast<double>(end - kBegin) / static_cast<double>(kMinute));
    return utc_text(kBegin + bars * kMinute);
  }
  /// Trains an encoder called NAME-v1.
  void pretrain(const std::string& name, const std::vector<std::string>& settings = {}) const {
    std::vector<std::string> words{pretraining, "--ranks", "1", "--quiet", "--set", "output.name=" + name};
    for (const std::string& each : settings) words.insert(words.end(), {"--set", each});
    const ProcessResult result = workspace.run("pretrain", words);
    BOOST_REQUIRE_MESSAGE(result.exit_code == 0, result.errors);
  }
  /// Encodes NAME's windows as embeddings/AS/v1.
  void encode(const std::string& encoder, const std::string& as, const std::string& windows = "mine",
              const std::string& pooling = "mean") const {
    const ProcessResult result =
        workspace.run("encode", {"--encoder", encoder, "--data", "labeled_windows/" + windows + "/v1", "--name", as,
                                 "--pool", pooling, "--device", "cpu", "--quiet"});
    BOOST_REQUIRE_MESSAGE(result.exit_code == 0, result.errors);
  }

  static std::vector<std::string> call(const std::vector<std::string>& settings, const std::string& ranks = "1",
                                       const std::string& windows = "mine") {
    std::vector<std::string> out{
        "--set", "data.windows=" + windows + "/v1", "--set", "bootstrap.replicates=100", "--quiet", "--ranks", ranks};
    for (const std::string& each : settings) out.insert(out.end(), {"--set", each});
    return out;
  }
  Json answer(const std::string& job, const std::vector<std::string>& settings, const std::string& ranks = "1") const {
    return workspace.answer(job, call(settings, ranks));
  }
  std::string refused(const std::string& job, const std::vector<std::string>& settings) const {
    const ProcessResult result = workspace.run(job, call(settings));
    BOOST_TEST(result.exit_code == 2, result.errors);
    BOOST_TEST(result.output == "");
    BOOST_TEST(result.errors.find("\n\n") == std::string::npos);
    return result.errors;
  }
};

/// kTinyPretraining with `from` in it as `to`.
inline std::string tiny_pretraining(const std::string& from, const std::string& to) {
  std::string out = kTinyPretraining;
  BOOST_REQUIRE(out.find(from) != std::string::npos);
  return out.replace(out.find(from), from.size(), to);
}

inline const std::string kLogistic = R"(models.names=["prior","logistic"])";

}  // namespace moola::test
