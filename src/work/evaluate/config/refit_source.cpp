#include "work/evaluate/config/refit_source.h"

#include <fmt/format.h>

#include <set>

#include "base/error.h"
#include "work/pretrain_config.h"

namespace moola::work {
namespace {

void check_barriers(const EvaluateConfig& config, SplitStrategy strategy) {
  if (strategy != SplitStrategy::walk_forward) {
    throw ConfigError(fmt::format(
        "fit.refit = [\"barriers\"] is for moola walk-forward, where every split learns from what is before its test "
        "part; moola {} also learns from what is behind it, and barriers searched there would know of it. Leave it "
        "out, and take a table of fixed barriers: barriers.optimise = false in moola prepare.",
        job_name(strategy)));
  }
  if (!config.data.windows.empty())
    throw ConfigError("fit.refit = [\"barriers\"] is for a table of `moola prepare`, and data.windows is given.");
  if (config.fit.weights == "table") {
    throw ConfigError(
        "fit.weights = \"table\" are weights of the table's labels, and fit.refit = [\"barriers\"] makes others. Take "
        "fit.weights = \"uniqueness\".");
  }
}

}  // namespace

void settle_refit(EvaluateConfig& config, ConfigSchema& schema, SplitStrategy strategy) {
  const std::set<std::string> parts(config.fit.refit.begin(), config.fit.refit.end());
  if (parts.size() < config.fit.refit.size()) throw ConfigError("fit.refit names a part twice.");
  if (config.fit.refits("barriers")) check_barriers(config, strategy);
  if (config.fit.refits("encoder") != !config.data.encoder.empty()) {
    throw ConfigError(config.fit.refits("encoder")
                          ? "fit.refit has \"encoder\", and data.encoder does not say how it is trained: name the "
                            "configuration of its "
                            "pretraining, such as data.encoder = \"configs/pretrain/quickstart.toml\"."
                          : "data.encoder is the pretraining of an encoder that is trained anew for every split, and "
                            "fit.refit does not "
                            "have \"encoder\". Say fit.refit = [\"encoder\"]; or encode the windows once (moola "
                            "encode) and name them in "
                            "data.embeddings.");
  }
  if (!config.fit.refits("encoder")) {
    schema.leave_out("data.encoder");
    schema.leave_out("data.pooling");
    return;
  }
  if (strategy == SplitStrategy::chronological) {
    throw ConfigError(
        "fit.refit has \"encoder\", and moola train has one train part: pretrain on what comes before the validation "
        "part "
        "(windows.to of moola pretrain), encode the windows (moola encode) and name them in data.embeddings.");
  }
  naming_key("data.encoder", [&] { static_cast<void>(load_pretrain_config(config.data.encoder, {})); });
}

}  // namespace moola::work
