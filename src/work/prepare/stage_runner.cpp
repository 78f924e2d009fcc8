#include "work/prepare/stage_runner.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

// All of a record's files as they were written; the first that is not, and how.
std::pair<OutputState, const StageOutput*> check_outputs(const fs::path& workspace, const fs::path& run,
                                                         const StageRecord& record) {
  for (const StageOutput& output : record.outputs) {
    if (const OutputState state = check_output(workspace, run, output); state != OutputState::intact)
      return {state, &output};
  }
  return {OutputState::intact, nullptr};
}

// The same file under another name where the file system can, for large files cost nothing then.
void link_or_copy(const fs::path& from, const fs::path& to) {
  create_folders(to.parent_path());
  std::error_code error;
  fs::remove(to, error);
  fs::create_hard_link(from, to, error);
  if (!error) return;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  if (error) throw IoError(fmt::format("cannot copy {} to {}", from.string(), to.string()), error.value());
}

std::vector<StageUnit> units_of(const Stage& stage, const Workbench& bench) {
  if (stage.scope == StageScope::table) return bench.tables();
  std::vector<StageUnit> out;
  std::vector<std::size_t> all;
  const std::size_t count = stage.scope == StageScope::symbol ? bench.prepared() : bench.symbols().size();
  for (std::size_t symbol = 0; symbol < count; ++symbol) {
    out.push_back({bench.symbols()[symbol].name(), {symbol}});
    all.push_back(symbol);
  }
  if (stage.scope == StageScope::run) return {{"run", all}};
  return out;
}

}  // namespace

std::vector<StageUnit> StageRunner::units(const Stage& stage) const {
  return units_of(stage, bench_);
}

// What it reads: of its own symbols, or of all that share its table, and of bars that these compare with. Nothing when
// one of them is not there.
std::optional<std::vector<StageRecord>> StageRunner::inputs(const Stage& stage, const StageUnit& unit,
                                                            const FindRecord& find) const {
  std::vector<std::size_t> with_compared = unit.symbols;
  for (const std::size_t symbol : unit.symbols) {
    const std::vector<std::size_t> compared = bench_.compared(symbol);
    if (stage.compares) with_compared.insert(with_compared.end(), compared.begin(), compared.end());
  }
  std::vector<StageRecord> out;
  for (const std::string_view name : stage.reads) {
    const Stage& earlier = prepare_stages()[stage_index(std::string(name))];
    for (const StageUnit& each : units_of(earlier, bench_)) {
      const auto& ours = earlier.scope == StageScope::bars ? with_compared : unit.symbols;
      if (std::find_first_of(each.symbols.begin(), each.symbols.end(), ours.begin(), ours.end()) == each.symbols.end())
        continue;
      auto record = find(earlier, each.name);
      if (!record) return std::nullopt;
      out.push_back(std::move(*record));
    }
  }
  return out;
}

std::optional<StageRecord> StageRunner::taken_over(const Stage& stage, const StageUnit& unit, const std::string& key) {
  if (auto own = read_record(bench_.run(), stage, unit.name); own && own->key == key) {
    const auto [state, output] = check_outputs(bench_.workspace(), bench_.run(), *own);
    if (state == OutputState::intact) return own;
    const std::string file = output_path(bench_.workspace(), bench_.run(), *output).string();
    if (state == OutputState::altered) {
      throw DataError(fmt::format(
          "{} is no longer what the stage {} wrote (SHA-256 {:.12}…): it was altered since. Put the file back as it "
          "was, or give --fresh to make everything again.",
          file, stage.name, output->sha256));
    }
    if (plan_.strict) {
      throw DataError(fmt::format(
          "{}, which the stage {} wrote, is gone. Put it back, or run the same command without --resume and --from: "
          "then the stage is done again.",
          file, stage.name));
    }
    log_warning("{}, which the stage {} wrote, is gone; the stage is done again.", file, stage.name);
    return std::nullopt;
  }
  for (const fs::path& other : plan_.others) {
    auto record = read_record(other, stage, unit.name);
    if (!record || record->key != key) continue;
    const auto [state, output] = check_outputs(bench_.workspace(), other, *record);
    if (state != OutputState::intact) {
      log_warning("{} is {}; {} of {} is not taken over from there.",
                  output_path(bench_.workspace(), other, *output).string(),
                  state == OutputState::missing ? "gone" : "not what was written", stage.name, unit.name);
      continue;
    }
    for (const StageOutput& each : record->outputs) {
      if (each.path.starts_with("data/")) continue;
      link_or_copy(other / each.path, bench_.run() / each.path);
    }
    if (record->reused_from.empty()) record->reused_from = other.filename().string();
    write_record(bench_.run(), stage, *record);
    return record;
  }
  return std::nullopt;
}

StageRecord StageRunner::made(const Stage& stage, const StageUnit& unit, const std::string& key) {
  const auto began = std::chrono::steady_clock::now();
  const fs::path record = record_file(bench_.run(), stage, unit.name);
  std::error_code none;
  fs::remove(record, none);
  create_folders(record.parent_path());
  remove_abandoned(record.parent_path());
  StageRun work(stage, unit, bench_);
  bench_.run_stage(&stage);
  stage.run(work);
  bench_.run_stage(nullptr);
  StageRecord out{.stage = std::string(stage.name),
                  .unit = unit.name,
                  .key = key,
                  .outputs = {},
                  .said = work.said(),
                  .seconds = 0,
                  .reused_from = {}};
  // Other runs will have the same files under names of their own: a change in place would go through all of them.
  for (const fs::path& file : work.outputs()) {
    make_read_only(file);
    out.outputs.push_back(describe_output(bench_.workspace(), bench_.run(), file));
  }
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  write_record(bench_.run(), stage, out);
  return out;
}

StageRecord StageRunner::complete(std::size_t index, const StageUnit& unit) {
  const Stage& stage = prepare_stages()[index];
  const auto read = inputs(stage, unit, [&](const Stage& earlier, const std::string& name) {
    return read_record(bench_.run(), earlier, name);
  });
  if (!read) throw std::logic_error(fmt::format("stage {} of {} before what it reads", stage.name, unit.name));
  const std::string key = stage_key(stage, unit, bench_, *read);
  // The report quotes times and states: it is of this run alone.
  const bool may_reuse = plan_.reuse && stage.scope != StageScope::run && !(plan_.first_given && index >= plan_.first);
  if (may_reuse) {
    if (auto record = taken_over(stage, unit, key)) {
      if (record->reused_from.empty()) {
        record->reused_from = bench_.run().filename().string();
        write_record(bench_.run(), stage, *record);
      }
      return *record;
    }
  }
  if (plan_.first_given && index < plan_.first) {
    throw ConfigError(fmt::format(
        "--from {} begins after the stage {}, which has not been done for {} with this configuration, these bars and "
        "this version of the program. Leave --from out, or begin with --from {}.",
        prepare_stages()[plan_.first].name, stage.name, unit.name, stage.name));
  }
  return made(stage, unit, key);
}

std::optional<StageRecord> StageRunner::foresee(std::size_t index, const StageUnit& unit,
                                                const Foreseen& foreseen) const {
  const Stage& stage = prepare_stages()[index];
  if (!plan_.reuse || stage.scope == StageScope::run || (plan_.first_given && index >= plan_.first))
    return std::nullopt;
  const auto read = inputs(stage, unit, [&](const Stage& earlier, const std::string& name) {
    const auto found = foreseen.find(fmt::format("{}/{}", earlier.name, name));
    return found == foreseen.end() ? std::nullopt : std::optional(found->second);
  });
  if (!read) return std::nullopt;
  const std::string key = stage_key(stage, unit, bench_, *read);
  for (const fs::path& run : plan_.others) {
    auto record = read_record(run, stage, unit.name);
    if (!record || record->key != key) continue;
    if (check_outputs(bench_.workspace(), run, *record).first != OutputState::intact) continue;
    if (record->reused_from.empty()) record->reused_from = run.filename().string();
    return record;
  }
  return std::nullopt;
}

}  // namespace moola::work
