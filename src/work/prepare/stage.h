#pragma once
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "work/prepare/prepare_config.h"
#include "work/prepare/workbench.h"

namespace moola::work {

/// What a stage does its work on, one after the other: the bars of each symbol, also of those that are compared with
/// alone; each symbol of data.bars; each table (all symbols of one, or one symbol); or the run as a whole.
enum class StageScope { bars, symbol, table, run };

/// One piece of a stage's work: the symbols that belong to it, by their places in data.bars.
struct StageUnit {
  std::string name;  // "BTCUSD", a table's name, or "run"
  std::vector<std::size_t> symbols;
};

/// What a stage has made.
struct StageOutput {
  std::string path;  // in the run's folder, or in the workspace where it begins with "data/"
  std::uint64_t bytes = 0;
  std::string sha256;   // of the file
  std::string content;  // of a file that knows its content: its content_sha256; else as sha256
};

class StageRun;

/// What a stage's file is called: "BTCUSD.json", "BTCUSD-barriers.svg" of the ending "barriers.svg".
std::string stage_file(const std::string& unit, std::string_view ending);

/// One stage. To add one: a line in stage_table.cpp, and its function in a file of its own in stages/.
struct Stage {
  std::string_view name, title;
  StageScope scope;
  std::vector<std::string_view> reads;   // earlier stages whose outputs it looks at
  std::vector<std::string_view> tables;  // of the configuration: what it depends on beside them
  std::vector<std::string_view> writes;  // what its files are called, for people
  void (*run)(StageRun&);
  bool compares = false;  // it reads the bars of other symbols too, that its unit's columns compare with

  /// "03-features".
  std::string folder() const;
};

/// All, in the order in which they run.
const std::vector<Stage>& prepare_stages();
/// Its place in that order. Throws ConfigError naming the nearest.
std::size_t stage_index(const std::string& name);

/// A stage at work on one unit.
class StageRun {
 public:
  StageRun(const Stage& stage, const StageUnit& unit, Workbench& bench) : stage_(stage), unit_(unit), bench_(bench) {}

  const StageUnit& unit() const { return unit_; }
  Workbench& bench() { return bench_; }
  const PrepareConfig& config() const { return bench_.config(); }

  /// Where this stage's file of this unit goes; it becomes an output. "json", "h5": UNIT.json; "barriers.svg":
  /// UNIT-barriers.svg.
  std::filesystem::path output(std::string_view ending);
  /// The same for one of the unit's symbols.
  std::filesystem::path output(std::size_t symbol, std::string_view ending);
  /// A file of the workspace that this stage has made or found to be there already ("data/splits/BTCUSD-5m-v1.json").
  void add_output(const std::filesystem::path& file);
  /// Writes `value` as the output `ending`.
  void write_json(std::string_view ending, const Json& value);
  void write_json(std::size_t symbol, std::string_view ending, const Json& value);

  const std::vector<std::filesystem::path>& outputs() const { return outputs_; }
  /// A line for people of what was made: "2,630,217 bars, 0.1 % of them filled".
  void say(std::string text) { said_ = std::move(text); }
  const std::string& said() const { return said_; }

 private:
  const Stage& stage_;
  const StageUnit& unit_;
  Workbench& bench_;
  std::vector<std::filesystem::path> outputs_;
  std::string said_;
};

}  // namespace moola::work
