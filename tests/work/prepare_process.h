#pragma once
// moola prepare as a process of its own that signals end.
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/atomic_file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "tests/work/bars_workspace.h"
#include "tests/work/signalled_process.h"

namespace moola::test {

/// Two symbols, all columns: about a second, in stages that all take some of it.
inline const std::vector<std::string>& prepare_call() {
  static const std::vector<std::string> call{"--set",   "data.bars=[\"AAA/v1\", \"BBB/v1\"]",
                                             "--set",   "splits.embargo=\"20bars\"",
                                             "--set",   "labels.horizons=[5, 20]",
                                             "--ranks", "2",
                                             "--quiet"};
  return call;
}

inline void import_two_symbols(const BarsWorkspace& workspace) {
  workspace.import(walking_bars(11, 4000, true), "AAA");
  workspace.import(walking_bars(12, 4000, true), "BBB");
}

/// A moola prepare that gets `signal` once `when` returns; the exit code, 128 + n of signal n.
inline int prepare_and_signal(const BarsWorkspace& workspace, int signal, const std::function<void()>& when) {
  std::vector<std::string> arguments = prepare_call();
  arguments.insert(arguments.end(), {"--workspace", workspace.folder().string()});
  return run_and_signal("moola-prepare", arguments, signal, when);
}

/// What a finished preparation has made, by names that no circumstance has a part in: artifacts of stages but the
/// report, tables, splits and scalers, with the hashes of their contents.
inline std::map<std::string, std::string> prepared_contents(const BarsWorkspace& workspace) {
  std::map<std::string, std::string> out;
  for (const std::string& file : workspace.others()) {
    const std::filesystem::path path = workspace.path(file);
    if (file.ends_with(".done.json") && file.find("12-report") == std::string::npos) {
      const Json record = read_json(path);
      for (const Json& output : record["outputs"]) {
        const std::string name = output["path"].get<std::string>();
        if (!name.starts_with("data/") || name.ends_with(".h5")) out[name] = output["content_sha256"];
      }
    } else if (file.starts_with("data/splits/") || file.starts_with("data/scalers/")) {
      Json content = read_json(path);
      content.erase("created_at");
      content.erase("created_by");
      out[file] = sha256_hex(json_text(content));
    }
  }
  return out;
}

/// Kills a preparation in each of `kills` workspaces at a moment of `whole`, the time that it takes undisturbed, and
/// does the same again: what it ends with must be `expected`.
inline void check_killed_preparations(int kills, unsigned seed) {
  const BarsWorkspace undisturbed;
  import_two_symbols(undisturbed);
  const auto began = std::chrono::steady_clock::now();
  const ProcessResult whole = undisturbed.run("prepare", prepare_call());
  BOOST_REQUIRE_MESSAGE(whole.exit_code == 0, whole.errors);
  auto span = static_cast<double>(
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began).count());
  const auto expected = prepared_contents(undisturbed);
  BOOST_TEST(expected.size() > 20U);
  std::mt19937 random(seed);
  for (int kill = 0; kill < kills; ++kill) {
    std::unique_ptr<BarsWorkspace> workspace;
    std::chrono::microseconds delay(0);
    int code = 0;
    // A machine that is less busy than before may be done sooner: then the kill comes too late, and is tried again.
    for (int attempt = 0; code == 0 && attempt < 20; ++attempt) {
      workspace = std::make_unique<BarsWorkspace>();
      import_two_symbols(*workspace);
      // One in each equal stretch of it, so that few kills see all stages too.
      const double place = (kill + static_cast<double>(random() % 1000) / 1000) / kills;
      delay = std::chrono::microseconds(static_cast<std::int64_t>(span * place));
      code = prepare_and_signal(*workspace, SIGKILL, [&] { std::this_thread::sleep_for(delay); });
      if (code == 0) span *= 0.8;
    }
    BOOST_REQUIRE(code == 128 + SIGKILL);
    const BarsWorkspace& killed = *workspace;
    const ProcessResult again = killed.run("prepare", prepare_call());
    BOOST_TEST_CONTEXT("killed after " << delay.count() << " of " << span << " us") {
      BOOST_TEST(again.exit_code == 0, again.errors);
      BOOST_TEST((prepared_contents(killed) == expected));
      for (const std::string& file : killed.others()) BOOST_TEST(!file.ends_with(".tmp"), file);
    }
  }
}

}  // namespace moola::test
