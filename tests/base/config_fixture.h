#pragma once
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/config.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

namespace moola::test {

/// A configuration with one key of each kind, and a folder for its files.
struct DemoConfig {
  bool shuffle = true;
  std::int64_t epochs = 50;
  double lr = 1e-3;
  std::string model = "bilstm";
  std::string name;
  Duration every = Duration::seconds(600);
  std::vector<std::string> bars{"TX/v1"};
  std::vector<double> quantiles{0.1, 0.9};
  ConfigSchema schema{"demo"};
  TemporaryFolder folder;

  DemoConfig() {
    schema.table("data", "What is learned from.");
    schema.key("bars", &bars).help("bars `SYMBOL/vN` | many");
    schema.table("train", "How it is learned.");
    schema.key("epochs", &epochs).range(1, 1000).unit("passes").help("times over the data");
    schema.key("lr", &lr).range(0, 1).above(0).help("peak learning rate");
    schema.key("shuffle", &shuffle).help("permute the windows");
    schema.key("quantiles", &quantiles).range(0, 1).help("levels");
    schema.table("model", "The encoder.");
    schema.key("name", &model).choices({"bilstm", "ts2vec", "patchtst"}).help("which encoder");
    schema.table("output", "Where it goes.");
    schema.key("name", &name).circumstance().help("name of the run");
    schema.key("checkpoint_every", &every).circumstance().help("time between checkpoints");
  }

  std::filesystem::path file(const std::string& content, const std::string& file_name = "demo.toml") {
    write_file(folder / file_name, content);
    return folder / file_name;
  }
  void load(const std::string& content, const std::vector<std::string>& settings = {}) {
    schema.load(file(content), settings);
  }
};

}  // namespace moola::test
