#include "work/evaluate/folds/fold_file.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "data/store/content_file.h"

namespace moola::work {
namespace {

constexpr const char* kKind = "fold";

std::string key_of(const data::hdf5::File& file) {
  return file.text_attribute("key");
}

// Nothing when it is not there.
std::optional<data::hdf5::File> open_fold(const std::filesystem::path& run, const FoldTask& task) {
  const std::filesystem::path path = fold_file(run, task);
  if (!std::filesystem::exists(path)) return std::nullopt;
  data::hdf5::File file = data::open_content(path, kKind);
  const std::string key = key_of(file);
  if (key != task.key) {
    throw DataError(
        fmt::format("{} is the fold of another configuration, data or code (key {}…, expected {}…): the run's folder "
                    "is not what it was. Remove the file, or start anew with --fresh.",
                    path.string(), key.substr(0, 12), task.key.substr(0, 12)));
  }
  return file;
}

}  // namespace

std::filesystem::path fold_file(const std::filesystem::path& run, const FoldTask& task) {
  return run / "folds" / fmt::format("{:04}-{:05}.h5", task.configuration, task.split);
}

std::string write_fold(const std::filesystem::path& run, const FoldTask& task, const Configuration& configuration,
                       std::size_t classes, const FoldResult& result) {
  data::ContentFile file(fold_file(run, task));
  file.manifest()["parameters"] = {{"key", task.key},
                                   {"configuration", configuration.name},
                                   {"model", configuration.model},
                                   {"parameters", configuration.parameters},
                                   {"split", task.split}};
  file.manifest()["fit"] = result.fit;
  file.file().set_attribute("key", task.key);
  const std::vector<std::int64_t> row(result.row.begin(), result.row.end());
  file.write({{"proba", std::span<const float>(result.probability), {result.row.size(), classes}},
              {"row", std::span<const std::int64_t>(row)}});
  std::string hash = file.seal(kKind);
  if (!file.commit_if_free()) {
    // Another process of a call that was killed has finished it meanwhile: what it wrote is the same.
    return read_fold(run, task, classes).value().content_sha256;
  }
  return hash;
}

bool is_fold_there(const std::filesystem::path& run, const FoldTask& task) {
  const std::filesystem::path path = fold_file(run, task);
  if (task.may_change && std::filesystem::exists(path) && key_of(data::open_content(path, kKind)) != task.key) {
    log_info("{} was made by other files than those that are there now: it is made again.", path.string());
    std::filesystem::remove(path);
  }
  return open_fold(run, task).has_value();
}

std::optional<StoredFold> read_fold(const std::filesystem::path& run, const FoldTask& task, std::size_t classes) {
  const std::optional<data::hdf5::File> opened = open_fold(run, task);
  if (!opened) return std::nullopt;
  const data::hdf5::File& file = *opened;
  const std::string path = file.path().string();
  StoredFold out;
  out.content_sha256 = file.text_attribute("content_sha256");
  for (const std::int64_t row : file.read<std::int64_t>("row"))
    out.result.row.push_back(static_cast<std::uint64_t>(row));
  out.result.probability = file.read<float>("proba");
  if (out.result.probability.size() != out.result.row.size() * classes)
    throw DataError(fmt::format("{} holds {} probabilities for {} rows.", path, out.result.probability.size(),
                                out.result.row.size()));
  out.result.fit = parse_json(file.text_attribute("manifest"), path).at("fit");
  return out;
}

}  // namespace moola::work
