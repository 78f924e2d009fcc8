#include "work/encode.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/parse_number.h"
#include "base/progress.h"
#include "base/sha256.h"
#include "base/thread_count.h"
#include "data/windows/windows.h"
#include "learn/encoder_file.h"
#include "learn/window_encoder.h"
#include "work/compute_device.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

// Windows that go through at a time. Fixed: on a GPU it has a part in the bits.
constexpr std::int64_t kBatch = 256;

// The encoder's file: as it is named, in the workspace's folder of encoders, or the newest version there.
fs::path find_encoder(const fs::path& workspace, const std::string& text) {
  if (fs::is_regular_file(text)) return text;
  const fs::path folder = workspace / "artifacts" / "encoders";
  std::vector<std::string> names;
  std::optional<std::pair<double, fs::path>> newest;
  std::error_code none_yet;
  for (const auto& entry : fs::directory_iterator(folder, none_yet)) {
    if (entry.path().extension() != ".safetensors") continue;
    const std::string name = entry.path().stem().string();
    if (name == text) return entry.path();
    names.push_back(name);
    const std::size_t version = name.rfind("-v");
    if (version == std::string::npos || name.substr(0, version) != text) continue;
    const auto number = parse_number(std::string_view(name).substr(version + 2));
    if (number && (!newest || *number > newest->first)) newest = {*number, entry.path()};
  }
  if (newest) return newest->second;
  std::ranges::sort(names);
  throw ConfigError(fmt::format(
      "--encoder {}: there is no such file, and no encoder of this name in {}, which has {}.{}", text, folder.string(),
      names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")), did_you_mean(text, names)));
}

// Which channels of a set the encoder reads, before they are normalised.
std::vector<std::string> channels_read(const learn::EncoderHeader& header) {
  if (market::parse_normalisation(header.normalize) == market::Normalisation::relative)
    return {"open", "high", "low", "close"};
  return header.channel_names.get<std::vector<std::string>>();
}

void check_channels(const fs::path& workspace, const data::DatasetId& id, const std::string& encoder,
                    const std::vector<std::string>& wanted) {
  const data::DatasetReader reader(workspace, id);
  const std::vector<std::string> there = reader.file().has_dataset("X")
                                             ? reader.file().list_attribute("channel_names")
                                             : std::vector<std::string>{"open", "high", "low", "close", "volume"};
  for (const std::string& name : wanted) {
    if (std::ranges::find(there, name) != there.end()) continue;
    throw DataError(
        fmt::format("the encoder {} reads the channels {}, and {} has {}: '{}' is missing. Take windows of the same "
                    "channels (moola "
                    "data import windows --channels names them), or an encoder that was trained on these.",
                    encoder, fmt::join(wanted, ", "), to_string(id), fmt::join(there, ", "), name));
  }
}

void check_length(const learn::LoadedEncoder& loaded, const std::string& encoder, const data::Windows& windows) {
  if (windows.length() == loaded.header.length) return;
  if (!loaded.encoder->takes_any_length()) {
    throw DataError(
        fmt::format("the encoder {} was trained on windows of {} bars and takes no others; those of {} have {}.",
                    encoder, loaded.header.length, to_string(windows.id()), windows.length()));
  }
  log_warning("The encoder {} was trained on windows of {} bars; it takes any length, and those of {} have {}.",
              encoder, loaded.header.length, to_string(windows.id()), windows.length());
}

std::vector<float> encoded(const learn::LoadedEncoder& loaded, at::Device device, learn::Pooling pooling,
                           const data::Windows& windows, bool quiet) {
  const std::int64_t dims = loaded.encoder->dims(), values = windows.length() * windows.channels();
  const auto scale = static_cast<float>(loaded.header.scale);
  std::vector<float> out(static_cast<std::size_t>(windows.size() * dims));
  std::optional<Progress> progress;
  if (!quiet) progress.emplace("encode", windows.size(), "windows");
  std::vector<std::int64_t> index;
  std::vector<float> batch;
  for (std::int64_t first = 0; first < windows.size(); first += kBatch) {
    const std::int64_t rows = std::min(kBatch, windows.size() - first);
    index.clear();
    for (std::int64_t i = 0; i < rows; ++i) index.push_back(first + i);
    batch.resize(static_cast<std::size_t>(rows * values));
    windows.gather(index, batch);
    if (scale != 1.0F) {
      for (float& value : batch) value *= scale;
    }
    learn::encode_windows(
        *loaded.encoder, device, pooling, batch, windows.length(), kBatch,
        std::span(out).subspan(static_cast<std::size_t>(first * dims), static_cast<std::size_t>(rows * dims)));
    if (progress) progress->update(first + rows);
  }
  return out;
}

}  // namespace

EncodeOutcome encode(const EncodeRequest& request) {
  if (request.quiet) set_log_level(LogLevel::warning);
  const learn::Pooling pooling = learn::parse_pooling(request.pooling);
  EncodeOutcome out;
  out.encoder_file = find_encoder(request.workspace, request.encoder);
  const data::DatasetId id = data::find_dataset(request.workspace, request.data);
  if (id.kind != "labeled_windows" && id.kind != "unlabeled_windows") {
    throw ConfigError(
        fmt::format("--data {}: an encoder reads windows (labeled_windows or unlabeled_windows).", to_string(id)));
  }
  const std::string encoder = out.encoder_file.stem().string();
  const std::string name = request.name.empty() ? fmt::format("{}-{}", id.name, encoder) : request.name;
  data::check_name(name, "--name");

  const unsigned threads = thread_count(request.threads);
  at::set_num_threads(static_cast<int>(threads));
  const ComputeDevice device = open_compute_device(request.device, comm::Communicator());
  out.device = device.gpu.name;
  const learn::LoadedEncoder loaded = learn::read_encoder(out.encoder_file, device.device);
  const std::vector<std::string> channels = channels_read(loaded.header);
  check_channels(request.workspace, id, encoder, channels);
  const data::Windows windows = data::open_windows(request.workspace, id,
                                                   {.normalize = market::parse_normalisation(loaded.header.normalize),
                                                    .channels = fmt::format("{}", fmt::join(channels, ",")),
                                                    .order = data::Order::sequential});
  if (loaded.header.channel_names != Json(windows.channel_names()) ||
      windows.channels() != loaded.header.architecture.channels) {
    throw DataError(fmt::format("the encoder {} was trained on {} and has {} inputs; the windows of {} give {}.",
                                encoder, json_text(loaded.header.channel_names), loaded.header.architecture.channels,
                                to_string(id), fmt::join(windows.channel_names(), ", ")));
  }
  check_length(loaded, encoder, windows);

  out.info = {.data = {id, windows.content_sha256()},
              .encoder = encoder,
              .encoder_sha256 = sha256_of_file(out.encoder_file),
              .pooling = request.pooling,
              .seen = loaded.header.seen,
              .selected_on = loaded.header.selected_on};
  out.rows = static_cast<std::size_t>(windows.size());
  out.dims = static_cast<std::size_t>(loaded.encoder->dims());
  const auto began = std::chrono::steady_clock::now();
  std::vector<float> z = encoded(loaded, device.device, pooling, windows, request.quiet);
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  out.written = data::write_embeddings(
      request.workspace, {.name = name,
                          .info = out.info,
                          .dims = out.dims,
                          .z = std::move(z),
                          .parameters = {{"normalize", loaded.header.normalize},
                                         {"scale", loaded.header.scale},
                                         {"channels", channels},
                                         {"length", windows.length()},
                                         {"trained_length", loaded.header.length}},
                          .circumstances = {{"seconds", out.seconds}, {"device", out.device}, {"threads", threads}}});
  return out;
}

}  // namespace moola::work
