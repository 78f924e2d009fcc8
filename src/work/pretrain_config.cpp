#include "work/pretrain_config.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/utc_time.h"

namespace moola::work {
namespace {

// 0 for an empty text.
std::int64_t time_of(const char* key, const std::string& text) {
  try {
    return text.empty() ? 0 : parse_utc(text);
  } catch (const ConfigError& error) {
    throw ConfigError(fmt::format("{}: {}", key, error.what()));
  }
}

}  // namespace

void PretrainConfig::bind(ConfigSchema& schema) {
  schema.table("data", "What is learned from.");
  schema.key("windows", data.windows).help("a set of unlabelled windows, `NAME/vN` (`moola data windows` cuts one)");
  schema.key("bars", data.bars)
      .help(
          "instead of `windows`: bars `SYMBOL/vN`, from which the view is cut first with length, stride and max_gap of "
          "[windows]");

  schema.table("windows", "How bars become windows, and which part of time is learned from.");
  schema.key("length", windows.length)
      .range(2, 1'000'000)
      .unit("bars")
      .help("bars in a window, when it is cut from `data.bars`");
  schema.key("stride", windows.stride)
      .range(1, 1e9)
      .unit("bars")
      .help("from one window's first bar to the next one's, when cut from `data.bars`");
  schema.key("max_gap", windows.max_gap)
      .help("largest difference of neighbouring stamps inside a window, when cut from `data.bars`");
  schema.key("break_at", windows.break_at)
      .help(
          "bars over which no window goes on, when cut from `data.bars`: `roll`, `session`, both with a comma between, "
          "or `none`");
  schema.key("channels", windows.channels).help("`ohlc`, `ohlcv`, `all`, or names with commas between");
  schema.key("normalize", windows.normalize)
      .choices({"window_log_return", "zscore", "relative", "none"})
      .help(
          "`window_log_return`: log of price over the window's first close; `zscore`: per window; `relative`: 11 "
          "channels of returns, candle shape and trailing z-scores; `none`: prices as they are (losses in squared "
          "prices)");
  schema.key("scale", windows.scale)
      .at_least(0)
      .help(
          "factor after the normalisation; 0: with `window_log_return` measured on the training windows so that their "
          "root mean square is 1, with the others 1");
  schema.key("order", windows.order)
      .choices({"shuffled", "blocked"})
      .help("`shuffled`: a permutation of all windows; `blocked`: permuted blocks, for series larger than memory");
  schema.key("memory", windows.memory)
      .range(0.001, 1e6)
      .unit("GiB")
      .help("how much of the series `order = \"blocked\"` keeps in memory at a time");
  schema.key("holdout", windows.holdout)
      .range(0, 0.9)
      .help(
          "share of the windows, the last in time, that is kept from training and evaluated; training ends one window "
          "length before them; 0: none");
  schema.key("holdout_windows", windows.holdout_windows)
      .range(1, 1e7)
      .unit("windows")
      .help("how many windows of the hold-out, evenly spaced, an evaluation looks at");
  schema.key("from", windows.from)
      .help("learn from windows that begin at this time or later (UTC, such as 2019-01-01); empty: all");
  schema.key("to", windows.to).help("learn from windows that end before this time; empty: all");
  schema.key("exclude", windows.exclude).help("pieces of time no window may touch, each `\"2018-01-01/2018-02-01\"`");

  schema.table("model", "The encoder.");
  schema.key("name", model.name).choices({"bilstm"}).help("which encoder");
  schema.key("hidden", model.hidden).range(1, 8192).unit("units").help("hidden units per direction");
  schema.key("layers", model.layers).range(1, 64).help("stacked layers");
  schema.key("dropout", model.dropout).range(0, 0.95).help("between layers");

  schema.table("objective", "What the encoder is asked to do.");
  schema.key("name", objective.name).choices({"masked"}).help("`masked`: fill in hidden bars");
  schema.key("loss", objective.loss).choices({"mse", "huber"}).help("how far off a filled-in value is");
  schema.key("strategy", objective.strategy)
      .choices({"patch", "block", "random"})
      .help("which bars are hidden: whole patches, one run, or each on its own");
  schema.key("ratio", objective.ratio).range(0.001, 0.95).help("share of the bars that is hidden");
  schema.key("patch", objective.patch).range(1, 100'000).unit("bars").help("bars in a patch, for `patch`");
  schema.key("huber_delta", objective.huber_delta)
      .above(0)
      .help("where the Huber loss turns linear, in units of the scaled windows");
  schema.key("variance_weight", objective.variance_weight)
      .range(0, 1000)
      .help("weight of the term that keeps representations from collapsing; 0 saves its encoder pass");
  schema.key("decoder_hidden", objective.decoder_hidden)
      .range(1, 8192)
      .unit("units")
      .help("hidden units of the decoder");
  schema.key("decoder_dropout", objective.decoder_dropout).range(0, 0.95).help("in the decoder");

  schema.table("train", "How it is trained.");
  schema.key("epochs", train.epochs).range(1, 1e9).help("passes over the training windows");
  schema.key("max_steps", train.max_steps)
      .range(0, 1e15)
      .unit("steps")
      .help("end after this many steps, whatever the epochs; 0: no limit");
  schema.key("batch", train.batch).range(1, 1e9).unit("windows").help("windows in a step, over all ranks");
  schema.key("lr", train.lr).above(0).help("peak learning rate");
  schema.key("min_lr", train.min_lr).at_least(0).help("where the cosine ends");
  schema.key("schedule", train.schedule).choices({"cosine", "constant"}).help("after the warm-up");
  schema.key("warmup_steps", train.warmup_steps).range(0, 1e12).unit("steps").help("linear rise to the peak");
  schema.key("weight_decay", train.weight_decay).range(0, 10).help("AdamW's decoupled weight decay");
  schema.key("clip", train.clip).at_least(0).help("largest global gradient norm; 0: none");
  schema.key("patience", train.patience)
      .range(0, 1e9)
      .unit("evaluations")
      .help("stop after this many evaluations without a better hold-out loss; 0: never");
  schema.key("evaluate_every", train.evaluate_every)
      .range(0, 1e15)
      .unit("steps")
      .help("evaluate on the hold-out every so many steps; 0: at the end of each epoch");
  schema.key("log_every", train.log_every)
      .range(1, 1e12)
      .unit("steps")
      .help("a line of metrics.jsonl every so many steps");
  schema.key("seed", train.seed).range(0, 9e15).help("of order, masks, dropout and initial weights");

  schema.table("parallel", "Who computes what.");
  schema.key("microbatch", parallel.microbatch)
      .range(1, 1e9)
      .unit("windows")
      .help("windows whose gradient is computed in one piece (a leaf); ranks share the leaves of a batch");
  schema.key("reduce", parallel.reduce)
      .choices({"exact", "fast"})
      .help(
          "`exact`: one fixed tree over leaves, the same bits on any number of ranks; `fast`: the library's own order");
  schema.key("precision", parallel.precision).choices({"fp32"}).help("of the arithmetic");
  schema.key("device", parallel.device).choices({"auto", "cpu", "cuda"}).help("`auto`: a GPU where there is one");
  schema.key("threads", parallel.threads)
      .range(1, 1024)
      .help("computing threads of a CPU rank; more ranks use cores better than more threads");

  schema.table("output", "What is kept.");
  schema.key("name", output.name).help("of the run and of the encoder: artifacts/encoders/NAME-vN.safetensors");
  schema.key("keep", output.keep).range(1, 1e6).circumstance().help("how many checkpoints stay");
  schema.key("checkpoint_every", output.checkpoint_every).circumstance().help("time between checkpoints");
  schema.key("checkpoint_steps", output.checkpoint_steps)
      .range(0, 1e15)
      .unit("steps")
      .circumstance()
      .help("steps between checkpoints, instead of time; 0: by time");
}

int PretrainConfig::leaves() const {
  return static_cast<int>((train.batch + parallel.microbatch - 1) / parallel.microbatch);
}

// How windows are cut is the view's own business once it is there.
void PretrainConfig::check_cut(ConfigSchema& schema) const {
  if (!data.bars.empty()) return;
  for (const std::string key : {"windows.length", "windows.stride", "windows.max_gap", "windows.break_at"}) {
    if (schema.given(key)) {
      throw ConfigError(
          fmt::format("{} says how windows are cut from bars, but data.windows = \"{}\" are cut already. Leave the key "
                      "out, or name the bars in data.bars instead of data.windows.",
                      key, data.windows));
    }
    schema.leave_out(key);
  }
}

void PretrainConfig::check() const {
  if (data.windows.empty() == data.bars.empty()) {
    throw ConfigError(
        data.windows.empty()
            ? "data.windows is missing: name a set of windows (moola data list shows them), or bars in data.bars."
            : "data.windows and data.bars are both given; windows come from one of them.");
  }
  if (train.batch < parallel.microbatch) {
    throw ConfigError(fmt::format(
        "train.batch = {} is smaller than parallel.microbatch = {}. Make the batch at least one micro-batch, or set "
        "parallel.microbatch to {} or less.",
        train.batch, parallel.microbatch, train.batch));
  }
  if (train.schedule == "cosine" && train.min_lr > train.lr) {
    throw ConfigError(fmt::format("train.min_lr = {} is above train.lr = {}; the cosine falls from lr to min_lr.",
                                  train.min_lr, train.lr));
  }
  if (output.name.empty() ||
      output.name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") !=
          std::string::npos ||
      output.name.front() == '.' || output.name.front() == '-') {
    throw ConfigError(fmt::format(
        "output.name = '{}' must be letters, digits, '.', '_' and '-', and begin with a letter or digit: it "
        "names files.",
        output.name));
  }
  const std::int64_t from = time_of("windows.from", windows.from), to = time_of("windows.to", windows.to);
  if (!windows.from.empty() && !windows.to.empty() && from >= to) {
    throw ConfigError(fmt::format("windows.from = {} is not before windows.to = {}.", windows.from, windows.to));
  }
  for (const std::string& piece : windows.exclude) {
    const std::size_t slash = piece.find('/');
    if (slash == std::string::npos ||
        time_of("windows.exclude", piece.substr(0, slash)) >= time_of("windows.exclude", piece.substr(slash + 1))) {
      throw ConfigError(fmt::format(
          "windows.exclude: '{}' is not a piece of time; expected BEGIN/END, such as 2018-01-01/2018-02-01.", piece));
    }
  }
}

LoadedPretrainConfig load_pretrain_config(const std::optional<std::filesystem::path>& file,
                                          const std::vector<std::string>& settings) {
  LoadedPretrainConfig loaded;
  ConfigSchema schema("pretrain");
  loaded.values.bind(schema);
  schema.load(file, settings);
  loaded.values.check();
  loaded.values.check_cut(schema);
  loaded.resolved = schema.resolved();
  loaded.identity = schema.identity();
  return loaded;
}

std::string pretrain_reference() {
  PretrainConfig config;
  ConfigSchema schema("pretrain");
  config.bind(schema);
  return schema.reference(
      "# Configuration of `moola pretrain`\n\nEvery key of the TOML file, as `moola pretrain --config-reference` "
      "prints it. Any key can be set on "
      "the command line: `--set train.lr=3e-4`. `inherit = \"base.toml\"` at the top reads another file first.\n");
}

}  // namespace moola::work
