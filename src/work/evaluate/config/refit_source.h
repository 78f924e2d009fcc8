#pragma once
#include "base/config.h"
#include "work/evaluate/config/evaluate_config.h"

namespace moola::work {

/// Holds fit.refit against what it is fitted from: `barriers` need a table and a walk-forward; `encoder` needs
/// data.encoder, which must be a configuration of `moola pretrain`, and the other way round. Throws ConfigError; also
/// for a part that is named twice, and for `moola train`, whose test part is opened later.
void settle_refit(EvaluateConfig& config, ConfigSchema& schema, SplitStrategy strategy);

}  // namespace moola::work
