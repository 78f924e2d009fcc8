// What goes into a pack: configurations with what they name, data sets with what they are read with, files; and what
// not.
#include "cluster/pack/pack_plan.h"

#include <boost/test/unit_test.hpp>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "cluster/pack/config_files.h"
#include "cluster/pack/private_files.h"
#include "cluster/pack/workspace_files.h"
#include "tests/cluster/pack/pack_folder.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::cluster;
using namespace moola::test;
namespace fs = std::filesystem;

namespace {

std::set<std::string> names(const ConfigFiles& found, const fs::path& root) {
  std::set<std::string> out;
  for (const fs::path& file : found.files) out.insert(file.lexically_relative(fs::canonical(root)).string());
  return out;
}

std::set<std::string> paths(const std::vector<PackFile>& files) {
  std::set<std::string> out;
  for (const PackFile& file : files) out.insert(file.path);
  return out;
}

ProcessResult call_moola(const fs::path& workspace, std::vector<std::string> words) {
  words.insert(words.begin(), std::string(MOOLA_BINARY_DIR) + "/moola");
  words.insert(words.end(), {"--workspace", workspace.string()});
  return run_process(words);
}

// 2,000 minutes.
void import_bars(const fs::path& workspace, const std::string& symbol) {
  std::string text = "time,open,high,low,close,volume\n";
  for (int i = 0; i < 2000; ++i) {
    const int minute = i % 60, hour = i / 60 % 24, day = 1 + i / 1440;
    text += "2024-01-0" + std::to_string(day) + "T" + (hour < 10 ? "0" : "") + std::to_string(hour) + ":" +
            (minute < 10 ? "0" : "") + std::to_string(minute) + ":00Z,100,101,99," +
            std::to_string(99.5 + i % 7 * 0.2) + ",5\n";
  }
  write_file(workspace / "bars.csv", text);
  const ProcessResult made =
      call_moola(workspace, {"data", "import", "bars", (workspace / "bars.csv").string(), "--symbol", symbol});
  BOOST_REQUIRE_MESSAGE(made.exit_code == 0, made.errors);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_configuration_brings_what_it_inherits_from_and_every_file_that_it_names) {
  const TemporaryFolder folder;
  write_file(folder / "configs" / "base.toml", "[own.mine]\ncommand = [\"python3\", \"own/model.py\"]\n");
  write_file(folder / "configs" / "own" / "model.py", "import sys\n");
  write_file(folder / "configs" / "job.toml", "inherit = \"../other/deep.toml\"\nsymbols = \"symbols.toml\"\n");
  write_file(folder / "other" / "deep.toml", "text = \"no file.txt\"\nnumber = 3\n");
  write_file(folder / "configs" / "symbols.toml", "");
  write_file(
      folder / "configs" / "top.toml",
      "inherit = \"base.toml\"\n[sweep]\nconfig = \"job.toml\"\n[data]\nbars = [\"BTC/v1\", \"bars/ETH/v12\"]\n");
  const ConfigFiles found = config_files({folder / "configs" / "top.toml"}, folder.path());
  BOOST_TEST((names(found, folder.path()) == std::set<std::string>{"configs/top.toml", "configs/base.toml",
                                                                   "configs/own/model.py", "configs/job.toml",
                                                                   "other/deep.toml", "configs/symbols.toml"}));
  std::vector<std::string> datasets;
  for (const NamedDataset& each : found.datasets) datasets.push_back(each.text);
  BOOST_TEST((datasets == std::vector<std::string>{"BTC/v1", "bars/ETH/v12"}));
}

BOOST_AUTO_TEST_CASE(a_configuration_that_names_what_lies_outside_is_refused_with_its_line) {
  const TemporaryFolder folder;
  write_file(folder / "outside.toml", "");
  const auto refused = [&](const std::string& text) {
    write_file(folder / "root" / "c.toml", text);
    return refusal_of([&] { config_files({folder / "root" / "c.toml"}, folder / "root"); });
  };
  BOOST_TEST(holds_all(refused("a = 1\nfile = \"../outside.toml\"\n"), {"c.toml, line 2", "outside of", "--root"}));
  BOOST_TEST(holds_all(refused("file = [1,\n\"" + (folder / "outside.toml").string() + "\"]\n"),
                       {"c.toml, line 2", "outside of"}));
  BOOST_TEST(holds_all(refused("file = \"" + (folder / "root" / "c.toml").string() + "\"\n"), {"absolute path"}));
  fs::create_symlink(folder / "outside.toml", folder / "root" / "link.toml");
  BOOST_TEST(holds_all(refused("file = \"link.toml\"\n"), {"c.toml, line 1", "outside of"}));
  BOOST_TEST(holds(refusal_of([&] { config_files({folder / "outside.toml"}, folder / "root"); }), "outside of"));
  BOOST_TEST(holds(refusal_of([&] { config_files({folder / "root" / "none.toml"}, folder / "root"); }), "is no file"));
}

BOOST_AUTO_TEST_CASE(files_that_look_like_secrets_are_known_by_name_or_content) {
  const TemporaryFolder folder;
  for (const char* name :
       {"runpod.key", ".env", ".env.local", "id_rsa", "id_ed25519", "server.pem", "token", "token.txt",
        "credentials.json", "Secrets.toml", ".ssh/config", "x/.aws/config", "munge.key"}) {
    write_file(folder / name, "harmless");
    BOOST_TEST(looks_private(folder / name) != "", name);
  }
  const std::string letters = "0123456789abcdefABCDEF0123456789abcdefABCDEF";
  const std::vector<std::string> secrets{"-----BEGIN OPENSSH PRIVATE KEY-----\nx",
                                         "key = \"rpa_" + letters + "\"",
                                         "url=https://hooks.slack.com/services/T0" + letters,
                                         "ghp_" + letters,
                                         "a line\nsk-" + letters,
                                         "AKIA" + letters,
                                         "export HF=hf_" + letters};
  for (const std::string& content : secrets) {
    write_file(folder / "note.txt", content);
    BOOST_TEST(looks_private(folder / "note.txt") != "", content);
  }
  for (const char* name : {"keys.toml", "tokenizer.toml", "monkey.csv", "environment.toml", "public.txt"}) {
    write_file(folder / name, "lr = 1e-3\n# task-0123456789abcdefABCDEF0123456789abcdef risk-adjusted half_life\n");
    BOOST_TEST(looks_private(folder / name) == "", name);
  }
}

BOOST_AUTO_TEST_CASE(a_folder_brings_its_files_but_no_secrets_no_runs_and_nothing_from_outside) {
  const TemporaryFolder folder;
  const fs::path w = folder / "w";
  for (const char* name : {"scripts/a.py", "scripts/deep/b c.py", "artifacts/runs/r/log.txt", ".git/config",
                           "data/bars/B/v1.json", "data/bars/B/v1.h5", "data/splits/s.json"})
    write_file(w / name, "x");
  fs::permissions(w / "scripts/a.py", fs::perms(0755));
  BOOST_TEST((paths(workspace_files(w, "scripts")) == std::set<std::string>{"scripts/a.py", "scripts/deep/b c.py"}));
  BOOST_TEST(workspace_files(w, "scripts/a.py").front().executable);
  // Times, hosts and users are beside data sets.
  BOOST_TEST((paths(workspace_files(w, ".")) ==
              std::set<std::string>{"scripts/a.py", "scripts/deep/b c.py", "data/bars/B/v1.h5", "data/splits/s.json"}));
  BOOST_TEST((paths(workspace_files(w, "artifacts/runs/")) == std::set<std::string>{"artifacts/runs/r/log.txt"}));

  write_file(w / "scripts" / "runpod.key", "k");
  BOOST_TEST(holds_all(refusal_of([&] { workspace_files(w, "scripts"); }), {"runpod.key", "secret", "--file"}));
  BOOST_TEST(workspace_files(w, "scripts/runpod.key").size() == 1U);
  fs::remove(w / "scripts" / "runpod.key");

  fs::create_symlink("a.py", w / "scripts" / "link.py");
  BOOST_TEST(paths(workspace_files(w, "scripts")).contains("scripts/link.py"));
  write_file(folder / "outside.txt", "x");
  for (const fs::path& target : {folder / "outside.txt", folder.path(), w / "nothing"}) {
    fs::remove(w / "scripts" / "out");
    fs::create_symlink(target, w / "scripts" / "out");
    BOOST_TEST(holds(refusal_of([&] { workspace_files(w, "scripts"); }), "scripts/out"), target.string());
  }
  fs::remove(w / "scripts" / "out");
  fs::create_directory_symlink(".", w / "scripts" / "circle");
  BOOST_TEST(holds(refusal_of([&] { workspace_files(w, "scripts"); }), "circle"));
  for (const char* name : {"..", "../outside.txt", "/etc/passwd", "none"})
    BOOST_TEST(refusal_of([&] { workspace_files(w, name); }) != "", name);
}

BOOST_AUTO_TEST_CASE(a_job_is_packed_with_its_configurations_its_inputs_and_the_bars_behind_its_windows) {
  const TemporaryFolder folder;
  const fs::path w = folder.path();
  import_bars(w, "BTC");
  import_bars(w, "ETH");
  BOOST_REQUIRE(call_moola(w, {"data", "windows", "--bars", "BTC/v1", "--name", "W", "--length", "32"}).exit_code == 0);
  write_file(w / "configs" / "x.toml", "[data]\nwindows = \"W/v1\"\n");
  write_file(w / "extra" / "list.csv", "a,b\n");
  const auto pack = [&](const std::string& job) {
    write_file(w / "job.toml", job);
    return call_moola(w, {"pack", (w / "out").string(), "--dry-run", "--json", "--torch", "none", "--no-mpi", "--job",
                          (w / "job.toml").string(), "--root", w.string()});
  };
  const std::string job =
      "[job]\nname = \"j\"\n[step.one]\njob = \"pretrain\"\nconfig = \"configs/x.toml\"\ngpus = 2\n"
      "inputs = [\"extra/list.csv\"]\noutputs = [\"made\"]\n"
      "[step.two]\ncommand = [\"true\"]\nafter = [\"one\"]\ninputs = [\"made/by one.csv\", \"data/bars/ETH/v1.h5\"]\n";
  const ProcessResult said = pack(job);
  BOOST_REQUIRE_MESSAGE(said.exit_code == 0, said.errors);
  const Json json = parse_json(said.output, "output");
  BOOST_TEST(json["datasets"] == Json({"bars/BTC/v1", "bars/ETH/v1", "unlabeled_windows/W/v1"}));
  BOOST_TEST(holds(json_text(json["notes"]), "moola-pretrain-rank") ==
             fs::exists(std::string(MOOLA_BINARY_DIR) + "/moola-pretrain-rank"));
  BOOST_TEST(!fs::exists(w / "out"));

  const ProcessResult missing = pack(job + "[step.three]\ncommand = [\"true\"]\ninputs = [\"nowhere.csv\"]\n");
  BOOST_TEST(missing.exit_code == 2);
  BOOST_TEST(holds_all(missing.errors, {"step three", "nowhere.csv", "no step has as an output"}));

  // One byte of the bars, which their own checksum covers.
  const fs::path bars = w / "data" / "bars" / "BTC" / "v1.h5";
  std::string bytes = read_file(bars);
  bytes[bytes.size() / 2] ^= 1;
  fs::permissions(bars, fs::perms(0644));
  write_file(bars, bytes);
  const ProcessResult damaged = pack(job);
  BOOST_TEST(damaged.exit_code == 2);
  BOOST_TEST(holds(damaged.errors, "BTC/v1"));
}

BOOST_AUTO_TEST_CASE(a_call_without_programs_or_with_a_wrong_word_says_so) {
  const TemporaryFolder folder;
  const auto refused = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "pack");
    const ProcessResult said = call_moola(folder.path(), words);
    BOOST_TEST(said.exit_code == 2, said.errors);
    return said.errors;
  };
  const std::string out = (folder / "out").string();
  BOOST_TEST(holds(refused({}), "Name a folder"));
  BOOST_TEST(holds(refused({out, "--torch", "some"}), "--torch some"));
  BOOST_TEST(holds(refused({out, "--programs", folder.path().string()}), "holds no program 'moola'"));
  BOOST_TEST(holds(refused({out, "--data", "bars/NONE/v1"}), "bars/NONE/v1"));
  BOOST_TEST(holds(refused({out, "--gpu-memory", "40"}), "40"));
  BOOST_TEST(!fs::exists(out));
  const ProcessResult none =
      run_process({std::string(MOOLA_BINARY_DIR) + "/moola-pack", "verify", folder.path().string()});
  BOOST_TEST(none.exit_code == 2);
  BOOST_TEST(holds(none.errors, "no file 'id'"));
}
