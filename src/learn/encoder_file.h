#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/json.h"
#include "models/encoder.h"
#include "models/parameters.h"

namespace moola::learn {

/// What stands in an encoder's header beside its weights: enough to feed it, and to know what it must not be tested on.
struct EncoderHeader {
  models::EncoderConfig architecture;
  std::int64_t length = 0;  // T it was trained at
  Json channel_names;       // list of texts, C
  std::string normalize;    // the windows' normalisation
  double scale = 1.0;       // windows are multiplied by it after the normalisation
  Json data;                // [{id, content_sha256}] of what it was trained on
  Json seen;                // [{symbol, times: [[first, last], …]}] UTC: what it was trained on
  Json selected_on;         // the same: the hold-out by whose loss these weights were chosen; empty without one
  std::string objective;    // the task it was trained by
  std::string code_version;
};

/// Writes the encoder's parameters ("encoder." taken off, so that PyTorch's names remain) with their header. The same
/// training gives the same bytes.
void write_encoder(const std::filesystem::path& path, const EncoderHeader& header, const models::Parameters& parameters,
                   const std::vector<float>& values);

/// An encoder read back.
struct LoadedEncoder {
  EncoderHeader header;
  std::unique_ptr<models::Parameters> parameters;
  std::unique_ptr<models::Encoder> encoder;
};

/// Throws DataError when the file is damaged, no encoder of ours, or its tensors are not exactly those of its
/// architecture.
LoadedEncoder read_encoder(const std::filesystem::path& path, at::Device device = at::kCPU);

/// Gives a finished encoder its place in `folder`: NAME-v1.safetensors, or the next free version. A version with the
/// same bytes is taken as it is. Returns the file.
std::filesystem::path publish_encoder(const std::filesystem::path& file, const std::filesystem::path& folder,
                                      const std::string& name);

}  // namespace moola::learn
