#include "data/synthetic/synthetic_windows_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <variant>

#include "base/error.h"
#include "base/utc_time.h"

namespace moola::data {
namespace {

constexpr const char* kKind = "synthetic_cache";
constexpr std::array kFits{"nothing", "seen", "unknown"};

std::optional<std::string> fault_of(const SyntheticInfo& info) {
  if (info.windows.id.kind != "labeled_windows")
    return fmt::format("is made from {}, but synthetic windows are made from labeled_windows",
                       to_string(info.windows.id));
  if (info.real == 0) return "is made from labelled windows of which there are none";
  if (info.generator.empty()) return "does not name its generator";
  if ((info.fit == GeneratorFit::seen) != !info.seen.empty()) {
    return fmt::format("says that its generator was fitted on {}, and names {} times", to_string(info.fit),
                       info.seen.size());
  }
  for (const FittedPart::Seen& each : info.seen) {
    if (each.last < each.first)
      return fmt::format("has a generator that has seen {} until {}", utc_text(each.first), utc_text(each.last));
  }
  return {};
}

std::optional<std::string> names_fault(const char* what, const std::vector<std::string>& names) {
  std::set<std::string> seen;
  for (const std::string& name : names) {
    if (name.empty()) return fmt::format("has a {} without a name", what);
    if (!seen.insert(name).second) return fmt::format("has the {} '{}' twice", what, name);
  }
  if (names.empty()) return fmt::format("names no {}", what);
  return {};
}

std::optional<std::string> fault_of(const SyntheticWindows& windows, const SyntheticInfo& info) {
  if (auto fault = names_fault("channel", windows.channel_names)) return fault;
  if (auto fault = names_fault("class", windows.label_names)) return fault;
  if (windows.size() == 0 || windows.length == 0) return "holds no window";
  if (windows.x.size() / windows.values() != windows.size() || windows.x.size() % windows.values() != 0 ||
      windows.source.size() != windows.size()) {
    return fmt::format("has {} classes (y) and {} sources for {} values of windows of {} bars x {} channels",
                       windows.size(), windows.source.size(), windows.x.size(), windows.length,
                       windows.channel_names.size());
  }
  for (std::size_t i = 0; i < windows.size(); ++i) {
    if (windows.y[i] < 0 || static_cast<std::size_t>(windows.y[i]) >= windows.label_names.size())
      return fmt::format("has the class {} in window {}, and {} names", windows.y[i], i, windows.label_names.size());
    if (windows.source[i] < -1 || windows.source[i] >= static_cast<std::int64_t>(info.real)) {
      return fmt::format("has the source {} in window {}; expected a row of {} labelled windows, counted from 0, or -1",
                         windows.source[i], i, info.real);
    }
    if (windows.source[i] < 0 && info.fit != GeneratorFit::seen) {
      return fmt::format("has window {} that is made from no row, and does not say which times its generator has seen",
                         i);
    }
  }
  const auto bad = std::ranges::find_if(windows.x, [](float value) { return !std::isfinite(value); });
  if (bad != windows.x.end()) {
    const auto at = static_cast<std::size_t>(bad - windows.x.begin()), channels = windows.channel_names.size();
    return fmt::format("has {} in window {}, bar {}, channel {}", *bad, at / windows.values(),
                       at % windows.values() / channels, windows.channel_names[at % channels]);
  }
  return {};
}

double ratio_of(const SyntheticWindows& windows, const SyntheticInfo& info) {
  return static_cast<double>(windows.size()) / static_cast<double>(info.real);
}

std::string path_of(const DatasetReader& reader) {
  return reader.file().path().string();
}

[[noreturn]] void refuse(const DatasetReader& reader, const std::string& fault) {
  throw DataError(fmt::format("{} {}; it was not written by Moola, or is damaged.", path_of(reader), fault));
}

SyntheticInfo read_info(const DatasetReader& reader) {
  const hdf5::File& file = reader.file();
  SyntheticInfo out{.windows = reader.only_parent("is made from"), .generator = file.text_attribute("generator")};
  const std::int64_t real = file.integer_attribute("data_windows");
  out.real = static_cast<std::uint64_t>(std::max<std::int64_t>(0, real));
  const std::string fit = file.text_attribute("generator_fit");
  const auto found = std::ranges::find(kFits, fit);
  if (found == kFits.end()) refuse(reader, fmt::format("has the generator_fit '{}'", fit));
  out.fit = static_cast<GeneratorFit>(found - kFits.begin());
  if (const auto seen = file.attribute("seen")) {
    const auto* const ends = std::get_if<std::vector<std::int64_t>>(&*seen);
    if (ends == nullptr || ends->size() % 2 != 0) refuse(reader, "has no pairs of times in 'seen'");
    for (std::size_t i = 0; i < ends->size(); i += 2) out.seen.push_back({(*ends)[i], (*ends)[i + 1]});
  }
  return out;
}

SyntheticWindows read_windows(const DatasetReader& reader) {
  const hdf5::File& file = reader.file();
  const hdf5::Dataset x = file.dataset("X");
  SyntheticWindows out{.length = x.shape()[1]};
  out.channel_names = file.list_attribute("channel_names");
  out.label_names = file.list_attribute("label_names");
  if (x.shape()[2] != out.channel_names.size())
    refuse(reader, fmt::format("has X of {} channels and {} names", x.shape()[2], out.channel_names.size()));
  out.x = x.read<float>();
  out.y = file.read<std::int32_t>("y");
  out.source = file.read<std::int64_t>("source");
  return out;
}

}  // namespace

std::string_view to_string(GeneratorFit fit) {
  return kFits[static_cast<std::size_t>(fit)];
}

WrittenSynthetic write_synthetic(const std::filesystem::path& workspace, const SyntheticToWrite& synthetic) {
  const SyntheticInfo& info = synthetic.info;
  const SyntheticWindows& windows = synthetic.windows;
  auto fault = fault_of(info);
  if (!fault) fault = fault_of(windows, info);
  if (!fault && synthetic.resemblance.tests.empty()) fault = "was compared with nothing";
  if (fault) {
    throw DataError(
        fmt::format("the synthetic windows {} cannot be written: what was given {}.", synthetic.id.name, *fault));
  }
  DatasetWriter writer(workspace, {kKind, synthetic.id.name, synthetic.id.version});
  writer.write({{"X", std::span(windows.x), {windows.size(), windows.length, windows.channel_names.size()}},
                {"y", std::span(windows.y)},
                {"source", std::span(windows.source)}});
  hdf5::File& file = writer.file();
  file.set_attribute("channel_names", windows.channel_names);
  file.set_attribute("label_names", windows.label_names);
  file.set_attribute("data", to_string(info.windows.id));
  file.set_attribute("data_content_sha256", info.windows.content_sha256);
  file.set_attribute("data_windows", static_cast<std::int64_t>(info.real));
  file.set_attribute("generator", info.generator);
  file.set_attribute("generator_fit", std::string(to_string(info.fit)));
  file.set_attribute("ratio", ratio_of(windows, info));
  if (!info.seen.empty()) {
    std::vector<std::int64_t> ends;
    for (const FittedPart::Seen& each : info.seen) ends.insert(ends.end(), {each.first, each.last});
    file.set_attribute("seen", ends);
  }
  writer.add_parent(info.windows);
  writer.manifest() = synthetic.manifest;
  writer.manifest()["resemblance"] = to_json(synthetic.resemblance);
  WrittenSynthetic out;
  out.content_sha256 = writer.finish(synthetic.circumstances);
  out.id = writer.id();
  out.file = writer.target();
  return out;
}

SyntheticWindowsFile::SyntheticWindowsFile(const std::filesystem::path& workspace, const DatasetId& id)
    : reader_(workspace, id), info_(read_info(reader_)), windows_(read_windows(reader_)) {
  auto fault = fault_of(info_);
  if (!fault) fault = fault_of(windows_, info_);
  const double ratio = reader_.file().number_attribute("ratio");
  if (!fault && ratio != ratio_of(windows_, info_))
    fault = fmt::format("has the ratio {} for {} windows of {}", ratio, windows_.size(), info_.real);
  if (fault) refuse(reader_, *fault);
  resemblance_ = resemblance_from_json(reader_.manifest().value("resemblance", Json::object()), path_of(reader_));
  if (!std::filesystem::exists(dataset_file(workspace, info_.windows.id))) return;
  const DatasetReader real = open_parent(workspace, info_.windows, to_string(id));
  const hdf5::Shape shape = real.file().dataset("X").shape();
  if (shape != hdf5::Shape{info_.real, windows_.length, windows_.channel_names.size()} ||
      real.file().list_attribute("channel_names") != windows_.channel_names ||
      real.file().list_attribute("label_names") != windows_.label_names)
    refuse(reader_, fmt::format("has other windows, channels or classes than {}", to_string(info_.windows.id)));
}

}  // namespace moola::data
