#include "models/encoder.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/nearest.h"
#include "models/bilstm.h"

namespace moola::models {
namespace {

struct Known {
  const char* name;
  std::unique_ptr<Encoder> (*make)(const EncoderConfig&, Parameters&);
};

constexpr Known kEncoders[] = {
    {"bilstm", make_bilstm},
};

}  // namespace

std::vector<std::string> encoder_names() {
  std::vector<std::string> names;
  for (const Known& known : kEncoders) names.emplace_back(known.name);
  return names;
}

std::unique_ptr<Encoder> make_encoder(const EncoderConfig& config, Parameters& parameters) {
  for (const Known& known : kEncoders) {
    if (config.name == known.name) return known.make(config, parameters);
  }
  throw ConfigError(
      fmt::format("model.name: there is no encoder '{}'.{}", config.name, did_you_mean(config.name, encoder_names())));
}

}  // namespace moola::models
