#include "work/pretrain_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/utc_time.h"
#include "data/store/dataset.h"
#include "data/windows/cut_windows.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

// Windows looked at to measure the scale; evenly spaced over the training part.
constexpr std::int64_t kScaleWindows = 4096;
// Windows gathered in one piece where there is no batch to say so.
constexpr std::int64_t kPiece = 256;

data::DatasetId cut_view(const fs::path& workspace, const PretrainConfig& config) {
  std::vector<data::DatasetId> bars;
  for (const std::string& text : config.data.bars) bars.push_back(data::find_dataset(workspace, text, "bars"));
  const data::WindowShape shape{.length = config.windows.length,
                                .stride = config.windows.stride,
                                .max_gap = config.windows.max_gap.nanoseconds,
                                .break_flags = data::parse_break_flags(config.windows.break_at)};
  const data::CutResult cut = data::cut_windows(workspace, bars, shape);
  log_info("{} {}: {} windows", cut.existed ? "Using" : "Cut", to_string(cut.id), cut.windows);
  return cut.id;
}

data::TimeSelection time_selection(const PretrainConfig& config) {
  data::TimeSelection times;
  if (!config.windows.from.empty()) times.from = parse_utc(config.windows.from);
  if (!config.windows.to.empty()) times.to = parse_utc(config.windows.to);
  for (const std::string& piece : config.windows.exclude) {
    const std::size_t slash = piece.find('/');
    times.exclude.push_back({parse_utc(piece.substr(0, slash)), parse_utc(piece.substr(slash + 1))});
  }
  return times;
}

// The number of the k-th of `count` windows that stand evenly in a selection.
std::int64_t evenly(const data::WindowSelection& selection, std::int64_t k, std::int64_t count) {
  // k * size / count, in parts that can't overflow.
  return selection[k * (selection.size() / count) + k * (selection.size() % count) / count];
}

// 1 over the root mean square of the normalised training windows: the model then sees numbers near 1, and losses of any
// market compare.
double measured_scale(const data::Windows& windows, const data::WindowSelection& training) {
  const std::int64_t count = std::min(kScaleWindows, training.size()), values = windows.length() * windows.channels();
  std::vector<float> piece(static_cast<std::size_t>(kPiece * values));
  double squares = 0;
  for (std::int64_t first = 0; first < count; first += kPiece) {
    const std::int64_t n = std::min(kPiece, count - first);
    std::vector<std::int64_t> index;
    for (std::int64_t i = 0; i < n; ++i) index.push_back(evenly(training, first + i, count));
    const auto out = std::span(piece).first(static_cast<std::size_t>(n * values));
    windows.gather(index, out);
    for (const float value : out) squares += static_cast<double>(value) * static_cast<double>(value);
  }
  const double mean = squares / static_cast<double>(count * values);
  if (!(mean > 0) || !std::isfinite(mean)) {
    throw DataError(
        fmt::format("{}: the normalised windows have a mean square of {}; a scale can't be measured from them. Set "
                    "windows.scale, or look "
                    "at the bars.",
                    to_string(windows.id()), mean));
  }
  return 1.0 / std::sqrt(mean);
}

void scale_in_place(std::span<float> values, float scale) {
  if (scale == 1.0F) return;
  for (float& value : values) value *= scale;
}

// A data set with what it was made from, back to the imported files.
record::DataUse data_use(const fs::path& workspace, const data::DatasetId& id, const std::string& role) {
  const data::DatasetReader reader(workspace, id);
  record::DataUse use{.role = role,
                      .id = to_string(id),
                      .content_sha256 = reader.content_sha256(),
                      .facts = Json::object(),
                      .sources = {}};
  const Json& manifest = reader.manifest();
  // What a manifest calls it, and what the report does.
  static constexpr std::pair<const char*, const char*> kFacts[] = {{"bars", "rows"},        {"windows", "windows"},
                                                                   {"first", "first_time"}, {"last", "last_time"},
                                                                   {"dropped", "dropped"},  {"repaired", "repaired"}};
  for (const auto& [key, fact] : kFacts) {
    if (manifest.contains(key)) use.facts[fact] = manifest[key];
  }
  if (manifest.contains("parameters")) {
    for (const auto& [key, value] : manifest["parameters"].items()) use.facts[key] = value;
  }
  for (const data::Parent& parent : reader.parents())
    use.sources.push_back(data_use(workspace, parent.id, parent.id.kind == "bars" ? "bars" : "data"));
  if (manifest.contains("sources")) {
    for (const Json& source : manifest["sources"]) {
      if (!source.is_object() || !source.contains("sha256")) continue;
      record::DataUse file{.role = "source file",
                           .id = source.value("name", "file"),
                           .content_sha256 = source["sha256"].get<std::string>(),
                           .facts = Json::object(),
                           .sources = {}};
      if (source.contains("bytes")) file.facts["bytes"] = source["bytes"];
      use.sources.push_back(std::move(file));
    }
  }
  return use;
}

Json seen_json(const std::vector<data::SymbolSpan>& spans) {
  Json seen = Json::array();
  for (const data::SymbolSpan& span : spans) {
    Json times = Json::array();
    for (const data::TimeRange& range : span.times) times.push_back({utc_text(range.begin), utc_text(range.end)});
    seen.push_back({{"symbol", span.symbol}, {"times", times}});
  }
  return seen;
}

Json split_facts(const PretrainConfig& config, const data::HoldoutSplit& split) {
  Json facts = {{"train_windows", split.train.size()},
                {"purged_windows", split.purged},
                {"holdout_windows", split.holdout.size()}};
  if (split.cut) {
    facts["holdout_begins"] = utc_text(*split.cut);
    facts["purge"] = "one window length";
    facts["evaluated_windows"] = std::min(config.windows.holdout_windows, split.holdout.size());
  }
  return facts;
}

}  // namespace

PretrainData open_pretrain_data(const comm::Communicator& world, const fs::path& workspace,
                                const PretrainConfig& config) {
  data::DatasetId id;
  if (config.data.bars.empty()) {
    // Labelled windows may be pretrained on as well; their kind must then be said.
    const bool full = std::count(config.data.windows.begin(), config.data.windows.end(), '/') >= 2;
    id = data::find_dataset(workspace, config.data.windows, full ? "" : "unlabeled_windows");
  } else {
    std::string text;
    if (world.rank() == 0) text = to_string(cut_view(workspace, config));
    id = data::parse_dataset_id(world.broadcast(text, 0));
  }
  const data::WindowOptions options{.normalize = market::parse_normalisation(config.windows.normalize),
                                    .channels = config.windows.channels,
                                    .order = data::parse_order(config.windows.order),
                                    .memory = static_cast<std::int64_t>(config.windows.memory * 0x1p30)};
  PretrainData data;
  data.windows = std::make_unique<data::Windows>(data::open_windows(workspace, id, options));
  const data::Windows& windows = *data.windows;

  const data::WindowSelection used = windows.select(windows.all(), time_selection(config));
  data.split = windows.hold_out(used, config.windows.holdout);
  data.scale = config.windows.scale > 0 ? config.windows.scale
               : options.normalize == market::Normalisation::window_log_return
                   ? measured_scale(windows, data.split.train)
                   : 1.0;
  data.use = data_use(workspace, id, "windows");
  data.seen = seen_json(windows.span(data.split.train));
  data.selected_on = seen_json(windows.span(data.split.holdout));
  data.split_facts = split_facts(config, data.split);

  const std::int64_t values = windows.length() * windows.channels(), batch = config.train.batch;
  const auto scale = static_cast<float>(data.scale);
  data.training.count = data.split.train.size();
  data.training.fill = [windows = data.windows.get(), selection = data.split.train,
                        order = windows.order(data.split.train.size(), static_cast<std::uint64_t>(config.train.seed)),
                        values, batch, scale](std::int64_t step, std::int64_t first,
                                              std::span<const std::uint8_t> hidden, std::span<float> out) {
    // What is left over at the end of an epoch is too short for a step; every epoch leaves out others.
    const std::int64_t steps_per_epoch = selection.size() / batch,
                       count = static_cast<std::int64_t>(out.size()) / values;
    const auto epoch = order.epoch(step / steps_per_epoch);
    const std::int64_t position = step % steps_per_epoch * batch + first;
    std::vector<std::int64_t> index(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) index[static_cast<std::size_t>(i)] = selection[epoch(position + i)];
    windows->gather(index, hidden, out);
    scale_in_place(out, scale);
  };
  data.holdout.count = std::min(config.windows.holdout_windows, data.split.holdout.size());
  data.holdout.fill = [windows = data.windows.get(), selection = data.split.holdout, held = data.holdout.count, values,
                       scale](std::int64_t first, std::span<const std::uint8_t> hidden, std::span<float> out) {
    const std::int64_t count = static_cast<std::int64_t>(out.size()) / values;
    std::vector<std::int64_t> index(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) index[static_cast<std::size_t>(i)] = evenly(selection, first + i, held);
    windows->gather(index, hidden, out);
    scale_in_place(out, scale);
  };
  return data;
}

}  // namespace moola::work
