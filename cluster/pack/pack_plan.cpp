#include "cluster/pack/pack_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/lies_in.h"
#include "cluster/job/job_file.h"
#include "cluster/job/step_call.h"
#include "cluster/pack/config_files.h"
#include "cluster/pack/data_files.h"
#include "cluster/pack/workspace_files.h"
#include "data/store/dataset_id.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

class Planner {
 public:
  explicit Planner(const PackRequest& request)
      : request_(request), workspace_(fs::canonical(request.workspace)), root_(fs::canonical(request.root)) {}

  PackPlan plan() {
    // What a mistyped call gets wrong comes first, what takes long last.
    add_jobs();
    for (const fs::path& named : request_.files) add_files(named);
    add_configs();
    add_programs();
    add_data();
    out_.needs.gpus = std::max(out_.needs.gpus, request_.gpus);
    out_.needs.gpu_memory_mib = request_.gpu_memory_mib;
    if (out_.needs.gpus > 0 && out_.needs.cuda_driver == 0)
      out_.notes.emplace_back(
          "GPUs are asked for, but this build has no libmoola-cuda.so: ./tools/setup --gpu brings it");
    settle_paths();
    return std::move(out_);
  }

 private:
  void add(std::vector<PackFile> files) { std::ranges::move(files, std::back_inserter(out_.files)); }

  void add_programs() {
    ProgramFiles found = program_files(request_.programs);
    add(std::move(found.files));
    if (found.needs_torch) out_.needs.torch = MOOLA_LIBTORCH_VERSION;
    out_.needs.cuda = found.cuda;
    out_.needs.cuda_driver = found.cuda_driver;
    out_.needs.own_mpi = std::ranges::any_of(out_.files, [](const auto& file) { return file.path == "bin/mpirun"; });
    if (!found.left_out.empty())
      out_.notes.push_back(fmt::format("without LibTorch there is no {}", fmt::join(found.left_out, ", ")));
  }

  void add_jobs() {
    for (const fs::path& file : request_.jobs) {
      const JobFile job = load_job_file(file, request_.job_settings);
      configs_.push_back(file);
      std::set<std::string> made;
      std::vector<std::pair<std::string, std::string>> inputs;  // and the step
      for (const JobStep& step : job.steps) {
        if (!step.config.empty()) configs_.emplace_back(step.config);
        out_.needs.gpus = std::max(out_.needs.gpus, static_cast<int>(step.gpus));
        const StepCall call(step);
        for (std::size_t i = 0; i < step.elements(); ++i) {
          const ElementCall element = call.element(i, {});
          made.insert(element.outputs.begin(), element.outputs.end());
          for (const std::string& input : element.inputs) inputs.emplace_back(input, step.name);
        }
      }
      for (const auto& [input, step] : inputs) add_input(input, step, made);
    }
  }

  void add_input(const std::string& input, const std::string& step, const std::set<std::string>& made) {
    if (!inputs_.insert(input).second) return;
    const fs::path path = fs::path(input).lexically_normal();
    if (!fs::exists(workspace_ / path)) {
      const bool later = std::ranges::any_of(made, [&](const std::string& output) { return lies_in(path, output); });
      if (!later)
        throw ConfigError(
            fmt::format("step {} has the input {}, which is not in {} and which no step has as an output.", step, input,
                        workspace_.string()));
      return;
    }
    // data/bars/BTC/v1.h5 is bars/BTC/v1, with all that comes with it.
    for (const data::DatasetId& id : datasets()) {
      if (fs::path("data") / id.kind / id.name / fmt::format("v{}.h5", id.version) == path) {
        wanted_.push_back({to_string(id), "an input of step " + step});
        return;
      }
    }
    add_files(path);
  }

  void add_files(const fs::path& named) { add(workspace_files(workspace_, named)); }

  void add_configs() {
    configs_.insert(configs_.end(), request_.configs.begin(), request_.configs.end());
    const ConfigFiles found = config_files(configs_, root_);
    for (const fs::path& file : found.files) {
      refuse_private(file, "configurations");
      out_.files.push_back({.part = PackPart::configurations,
                            .path = file.lexically_relative(root_).generic_string(),
                            .source = file,
                            .executable = is_executable(file)});
    }
    for (const NamedDataset& named : found.datasets) {
      const std::size_t before = wanted_.size();
      for (const data::DatasetId& id : datasets()) {
        if (to_string(id) == named.text || fmt::format("{}/v{}", id.name, id.version) == named.text)
          wanted_.push_back({to_string(id), "named by " + named.where});
      }
      if (wanted_.size() == before)
        out_.notes.push_back(fmt::format(
            "{} names {}, which is not in this workspace: a step before must make it there", named.where, named.text));
    }
  }

  void add_data() {
    for (const std::string& id : request_.data) wanted_.push_back({id, "named by --data"});
    DataFiles found = data_files(workspace_, wanted_);
    add(std::move(found.files));
    out_.datasets = std::move(found.datasets);
  }

  // A file that comes by two ways is packed once; two files of one path can't be.
  void settle_paths() {
    std::map<std::pair<bool, std::string>, PackFile> by_path;
    for (PackFile& file : out_.files) {
      const bool of_workspace = file.part == PackPart::data || file.part == PackPart::files;
      const auto [at, fresh] = by_path.try_emplace({of_workspace, file.path}, file);
      if (!fresh && !fs::equivalent(at->second.source, file.source))
        throw ConfigError(fmt::format("{} and {} would both become {} in the place. Give one of them another name.",
                                      at->second.source.string(), file.source.string(), file.path));
    }
    out_.files.clear();
    for (auto& [path, file] : by_path) out_.files.push_back(std::move(file));
  }

  const std::vector<data::DatasetId>& datasets() {
    if (!listed_) listed_ = data::list_datasets(workspace_);
    return *listed_;
  }

  const PackRequest& request_;
  fs::path workspace_, root_;
  std::vector<fs::path> configs_;
  std::vector<WantedDataset> wanted_;
  std::set<std::string> inputs_;
  std::optional<std::vector<data::DatasetId>> listed_;
  PackPlan out_;
};

}  // namespace

std::string_view to_string(PackPart part) {
  switch (part) {
    case PackPart::programs:
      return "programs";
    case PackPart::libraries:
      return "libraries";
    case PackPart::run_time:
      return "run time of C++";
    case PackPart::mpi:
      return "Open MPI";
    case PackPart::torch:
      return "LibTorch";
    case PackPart::configurations:
      return "configurations";
    case PackPart::data:
      return "data sets";
    case PackPart::files:
      return "files";
  }
  return "";
}

PackPlan plan_pack(const PackRequest& request) {
  return Planner(request).plan();
}

}  // namespace moola::cluster
