// moola pretrain as its users call it, on the repository's own sample of real bars.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/json.h"
#include "data/files/safetensors.h"
#include "pretrain_workspace.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;
BOOST_AUTO_TEST_SUITE(pretrain)

BOOST_AUTO_TEST_CASE(any_number_of_ranks_writes_the_same_bytes) {
  const Workspace workspace;
  std::string one;
  for (const int ranks : {1, 2, 3, 4}) {
    const ProcessResult result = workspace.pretrain({"--ranks", std::to_string(ranks), "--fresh", "--json"});
    BOOST_REQUIRE_MESSAGE(result.exit_code == 0, result.errors);
    const Json answer = parse_json(result.output, "standard output");
    BOOST_TEST(answer["status"] == "finished");
    BOOST_TEST(answer["steps"] == 10);
    const std::string bytes = fingerprint(workspace.runs().back());
    if (ranks == 1) one = bytes;
    BOOST_TEST(bytes == one);
    const Json manifest = read_json(workspace.runs().back() / "manifest.json");
    BOOST_TEST(manifest["sessions"].back()["ranks"] == ranks);
    BOOST_TEST(manifest["command"][0] == "moola");  // as it was typed, whatever programs do it
    BOOST_TEST(manifest["command"][1] == "pretrain");
    // The same training again gives the same encoder, which has its place already.
    BOOST_TEST(answer["encoder"] == "tiny-v1");
  }
}

BOOST_AUTO_TEST_CASE(the_same_command_goes_on_after_a_stop_signal_to_the_same_bytes) {
  const Workspace workspace;
  BOOST_REQUIRE(workspace.pretrain({"--fresh"}).exit_code == 0);
  const std::string whole = fingerprint(workspace.runs().back());
  // Stopped by its own limit of steps at the checkpoint of step 6: a kill leaves the same state behind.
  fs::remove_all(workspace.runs().back() / "checkpoints" / "step-00000010.safetensors");
  fs::remove(workspace.runs().back() / "encoder.safetensors");
  Json manifest = read_json(workspace.runs().back() / "manifest.json");
  manifest["status"] = "running";
  write_file(workspace.runs().back() / "manifest.json", json_text(manifest, 2));
  const ProcessResult result = workspace.pretrain({"--ranks", "2", "--json"});
  BOOST_REQUIRE_MESSAGE(result.exit_code == 0, result.errors);
  BOOST_TEST(workspace.runs().size() == 1U);
  BOOST_TEST(fingerprint(workspace.runs().back()) == whole);
}

BOOST_AUTO_TEST_CASE(a_stop_signal_leaves_with_85_and_a_run_that_goes_on) {
  const Workspace workspace;
  BOOST_REQUIRE(pretrain_and_signal(workspace, SIGTERM, std::chrono::seconds(3), 400000) == 85);
  BOOST_REQUIRE(workspace.runs().size() == 1U);
  const Json manifest = read_json(workspace.runs().front() / "manifest.json");
  BOOST_TEST(manifest["status"] == "stopped");
  BOOST_TEST(pretrain_and_signal(workspace, SIGTERM, std::chrono::seconds(3), 400000) == 85);
  BOOST_TEST(workspace.runs().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_finished_training_is_reported_not_repeated) {
  const Workspace workspace;
  BOOST_REQUIRE(workspace.pretrain({}).exit_code == 0);
  const ProcessResult again = workspace.pretrain({"--json"});
  BOOST_TEST(again.exit_code == 0);
  BOOST_TEST(parse_json(again.output, "standard output")["steps"] == 10);
  BOOST_TEST(workspace.runs().size() == 1U);
  BOOST_TEST(workspace.pretrain({"--fresh"}).exit_code == 0);
  BOOST_TEST(workspace.runs().size() == 2U);
}

BOOST_AUTO_TEST_CASE(bad_input_is_one_paragraph_and_exit_2) {
  const Workspace workspace;
  write_file(workspace.path / "empty.toml", "");
  write_file(workspace.path / "file", "");
  struct Bad {
    std::vector<std::string> arguments;
    std::string says;
  };
  const std::vector<Bad> all{
      {workspace.call({"--set", "train.epochz=1"}), "Did you mean 'train.epochs'?"},
      {workspace.call({"--set", "model.name=bilstn"}), "Did you mean 'bilstm'?"},
      {workspace.call({"--set", "train.batch=many"}), "must be an integer"},
      {workspace.call({"--set", "train.batch=4"}), "parallel.microbatch"},
      {workspace.call({"--set", "windows.length=50000"}), "50000"},
      {workspace.call({"--set", "parallel.device=cuda"}), "cuda"},
      {workspace.call({"--ranks", "8"}), "micro-batch"},
      {workspace.call({"--set", "data.bars=TY/v1"}), "TX"},
      {workspace.call({"--set", "train.batch=100000"}), "train.batch"},
      {workspace.call({"--rank", "2"}), "Did you mean '--ranks'?"},
      {workspace.call({"--set", "data.bars=[]", "--set", "data.windows=TX/v1", "--set", "windows.stride=5"}),
       "windows.stride"},
      {workspace.call({"--set", "windows.from=yesterday"}), "windows.from"},
      {workspace.call({"--set", "output.name=-x"}), "output.name"},
      {workspace.call({"--out", (workspace.path / "file").string()}), "nothing is overwritten"},
      {workspace.call({"--out", (workspace.path / "file" / "in-a-file").string()}), "--out"},
      {{(workspace.path / "empty.toml").string()}, "is empty"},
      {{workspace.path.string()}, "directory"},
      {{(workspace.path / "none.toml").string()}, "No such file"},
      {{workspace.config.string(), "--workspace", (workspace.path / "file").string()}, "file"},
      {{workspace.config.string(), "--workspace", (workspace.path / "mistyped").string()}, "mistyped is no folder"},
  };
  for (const Bad& bad : all) {
    BOOST_TEST_INFO_SCOPE(bad.arguments.back());
    const ProcessResult result = run_program("moola-pretrain", bad.arguments);
    BOOST_TEST(result.exit_code == 2);
    BOOST_TEST(holds(result.errors, bad.says), result.errors);
    BOOST_TEST(result.output.empty());
    // Nothing of a launcher's own comes behind it.
    const std::size_t last = result.errors.rfind('\n', result.errors.size() - 2) + 1;
    BOOST_TEST(result.errors.substr(last).starts_with("moola pretrain"), result.errors);
  }
  BOOST_TEST(workspace.runs().empty());
  BOOST_TEST(!fs::exists(workspace.path / "mistyped"));
}

BOOST_AUTO_TEST_CASE(out_is_written_whether_the_training_is_new_or_done) {
  const Workspace workspace;
  const fs::path out = workspace.path / "mine.safetensors";
  BOOST_REQUIRE(workspace.pretrain({"--out", out.string()}).exit_code == 0);
  const std::string content = read_file(out);
  BOOST_TEST((content == read_file(workspace.path / "artifacts/encoders/tiny-v1.safetensors")));
  fs::remove(out);
  fs::remove(workspace.path / "artifacts/encoders/tiny-v1.safetensors");
  BOOST_REQUIRE(workspace.pretrain({"--out", out.string()}).exit_code == 0);
  BOOST_TEST((read_file(out) == content));
  BOOST_TEST((read_file(workspace.path / "artifacts/encoders/tiny-v1.safetensors") == content));
  BOOST_TEST(workspace.pretrain({"--out", out.string()}).exit_code == 0);  // it is the same
}

BOOST_AUTO_TEST_CASE(a_damaged_checkpoint_is_passed_over_and_the_bytes_are_the_same) {
  const Workspace whole;
  BOOST_REQUIRE(whole.pretrain({}).exit_code == 0);
  // The run of ten steps as a kill after its second checkpoint would have left it.
  const fs::path run = whole.runs().front();
  const std::string expected = fingerprint(run);
  Json manifest = parse_json(read_file(run / "manifest.json"), "manifest");
  manifest["status"] = "running";
  write_file(run / "manifest.json", manifest.dump());
  fs::remove(run / "encoder.safetensors");
  fs::resize_file(run / "checkpoints/step-00000010.safetensors", 1000);
  const ProcessResult again = whole.pretrain({});
  BOOST_TEST(again.exit_code == 0, again.errors);
  BOOST_TEST(holds(again.errors, "put aside"), again.errors);
  BOOST_TEST(fingerprint(run) == expected);
}

BOOST_AUTO_TEST_CASE(a_finished_training_is_found_whatever_was_cut_since) {
  const Workspace workspace;
  const auto steps = [&](std::vector<std::string> more) {
    more.push_back("--json");
    const ProcessResult result = workspace.pretrain(more);
    BOOST_REQUIRE_MESSAGE(result.exit_code == 0, result.errors);
    return workspace.runs().size();
  };
  BOOST_TEST(steps({}) == 1U);
  BOOST_TEST(steps({"--set", "windows.length=50"}) == 2U);
  BOOST_TEST(steps({}) == 2U);
}

BOOST_AUTO_TEST_CASE(windows_that_are_cut_already_bring_their_own_shape) {
  const Workspace workspace;
  BOOST_REQUIRE(workspace.pretrain({}).exit_code == 0);  // cuts TX/v1
  std::string config = kConfig;
  config.replace(config.find("bars = [\"TX/v1\"]"), 16, "windows = \"TX/v1\"");
  config.erase(config.find("stride = 3\n"), 11);
  write_file(workspace.config, config);
  const ProcessResult result = workspace.pretrain({"--set", "output.name=cut"});
  BOOST_REQUIRE_MESSAGE(result.exit_code == 0, result.errors);
  const std::string recorded = read_file(workspace.runs().back() / "config.toml");
  for (const char* key : {"length", "stride", "max_gap", "break_at"})
    BOOST_TEST(!holds(recorded, std::string(key) + " ="));
  // What is recorded can be given to the job again.
  fs::copy_file(workspace.runs().back() / "config.toml", workspace.config, fs::copy_options::overwrite_existing);
  BOOST_TEST(workspace.pretrain({}).exit_code == 0);
  BOOST_TEST(workspace.runs().size() == 2U);
}

BOOST_AUTO_TEST_CASE(what_would_fail_at_the_end_is_refused_at_the_begin) {
  const Workspace workspace;
  fs::create_directories(workspace.path / "artifacts");
  write_file(workspace.path / "artifacts" / "encoders", "");
  const ProcessResult taken = workspace.pretrain({});
  BOOST_TEST(taken.exit_code == 2);
  BOOST_TEST(holds(taken.errors, "could not be published"));
  fs::remove(workspace.path / "artifacts" / "encoders");
  const ProcessResult device = workspace.pretrain({"--out", "/dev/full"});
  BOOST_TEST(device.exit_code == 2);
  BOOST_TEST(holds(device.errors, "no regular file"));
  BOOST_TEST(workspace.runs().empty());
}

BOOST_AUTO_TEST_CASE(a_training_that_diverges_says_so_in_the_manifest) {
  const Workspace workspace;
  const ProcessResult result = workspace.pretrain({"--ranks", "2", "--set", "train.lr=1e35", "--set", "train.clip=0"});
  BOOST_TEST(result.exit_code == 2);
  const Json manifest = parse_json(read_file(workspace.runs().front() / "manifest.json"), "manifest");
  BOOST_TEST(manifest["status"] == "failed");
  BOOST_TEST(holds(manifest["reason"].get<std::string>(), "diverged"), manifest["reason"]);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_that_was_made_from_other_data_is_refused) {
  const Workspace workspace;
  BOOST_REQUIRE(workspace.pretrain({}).exit_code == 0);
  const fs::path run = workspace.runs().front();
  for (const auto& entry : fs::directory_iterator(run / "checkpoints")) {
    // As another training's would be, brought here by hand: sound, and not of these data.
    const data::SafetensorsFile file(entry.path());
    std::map<std::string, std::string> metadata = file.metadata();
    metadata.erase("content_sha256");
    BOOST_REQUIRE(metadata.contains("belongs_to.data_sha256"));
    metadata["belongs_to.data_sha256"] = std::string(64, 'b');
    std::vector<data::TensorToWrite> tensors;
    for (const auto& [name, tensor] : file.tensors())
      tensors.push_back({name, tensor.type, tensor.shape, tensor.bytes});
    data::write_sealed_safetensors(workspace.path / "other.safetensors", tensors, metadata);
    fs::rename(workspace.path / "other.safetensors", entry.path());
  }
  Json manifest = read_json(run / "manifest.json");
  manifest["status"] = "running";
  write_file(run / "manifest.json", json_text(manifest, 2));
  const std::string checkpoint = read_file(run / "checkpoints/step-00000010.safetensors");
  const ProcessResult result = workspace.pretrain({});
  BOOST_TEST(result.exit_code == 2);
  BOOST_TEST(holds(result.errors, std::string(64, 'b')), result.errors);
  BOOST_TEST((read_file(run / "checkpoints/step-00000010.safetensors") == checkpoint));
}

BOOST_AUTO_TEST_CASE(a_run_of_another_configuration_is_not_gone_on_with) {
  const Workspace workspace;
  BOOST_REQUIRE(workspace.pretrain({}).exit_code == 0);
  const std::string run = workspace.runs().front().filename().string();
  const ProcessResult result = workspace.pretrain({"--resume", run, "--set", "windows.stride=7"});
  BOOST_TEST(result.exit_code == 2);
  BOOST_TEST(holds(result.errors, run), result.errors);
}

BOOST_AUTO_TEST_CASE(the_reference_page_in_docs_is_the_programs_own) {
  BOOST_TEST(run_program("moola-pretrain", {"--config-reference"}).output ==
             read_file(fs::path(MOOLA_SOURCE_DIR) / "docs/reference/pretrain.md"));
}

BOOST_AUTO_TEST_CASE(shipped_configurations_are_understood) {
  int found = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(MOOLA_SOURCE_DIR) / "configs/pretrain")) {
    const ProcessResult result = run_program("moola-pretrain", {entry.path().string(), "--print-config"});
    BOOST_TEST(result.exit_code == 0, result.errors);
    ++found;
  }
  BOOST_TEST(found >= 3);
}

BOOST_AUTO_TEST_SUITE_END()
