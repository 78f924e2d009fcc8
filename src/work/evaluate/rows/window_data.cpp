#include "work/evaluate/rows/window_data.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>
#include <string_view>

#include "base/error.h"
#include "base/utc_time.h"
#include "data/windows/labelled_windows.h"
#include "data/windows/window_table.h"
#include "market/window_features/window_feature_set.h"
#include "models/classifiers/classifier.h"
#include "work/evaluate/rows/chosen_columns.h"
#include "work/evaluate/rows/synthetic_data.h"
#include "work/evaluate/rows/window_embeddings.h"
#include "work/evaluate/rows/window_normaliser.h"
#include "work/pretrain_config.h"

namespace moola::work {
namespace {

using data::LabelledWindows;

// Classes whose names say where the price goes; empty: they do not.
std::vector<std::int8_t> directions(const std::vector<std::string>& names) {
  for (const auto& [down, neither, up] :
       {std::tuple("-1", "0", "1"), {"short", "flat", "long"}, {"down", "flat", "up"}}) {
    std::vector<std::int8_t> out;
    for (const std::string& name : names) {
      if (name == down) out.push_back(-1);
      if (name == neither) out.push_back(0);
      if (name == up) out.push_back(1);
    }
    // 0 and 1 alone are numbers of classes.
    if (out.size() == names.size() && std::ranges::find(out, -1) != out.end()) return out;
  }
  return std::vector<std::int8_t>(names.size(), 0);
}

class WindowReading {
 public:
  WindowReading(const std::filesystem::path& workspace, const EvaluateConfig& config)
      : workspace_(workspace),
        config_(config),
        reader_(workspace, data::find_dataset(workspace, config.data.windows, "labeled_windows")),
        id_(to_string(reader_.id())),
        from_(data::read_labelled_windows(reader_)) {}

  EvaluationData run() {
    out_.table = {reader_.id(), reader_.content_sha256()};
    out_.manifest = reader_.manifest();
    check_times();
    choose_rows();
    take_rows();
    take_classes();
    check_shared_bars();
    if (config_.data.embeddings.empty() && config_.data.encoder.empty())
      take_windows();
    else
      take_embeddings();
    return std::move(out_);
  }

 private:
  void check_times() const {
    if (from_.t0.empty()) {
      throw DataError(fmt::format(
          "{} does not say when its windows are (t0 and t1): nothing can be purged, and a window may be in a train "
          "part "
          "whose bars are in the test part. Import them with t0, the stamp of a window's first bar, and t1, the last "
          "moment that its bars or its label depend on (nanoseconds UTC).",
          id_));
    }
    if (from_.length == 1) return;
    for (std::size_t i = 0; i < from_.size(); ++i) {
      if (from_.t0[i] < from_.t1[i]) continue;
      throw DataError(
          fmt::format("window {} of {} has {} bars and begins and ends at one moment ({}): t0 is the stamp of its "
                      "first bar, and t1 "
                      "the last moment that its bars or its label depend on.",
                      i, id_, from_.length, utc_text(from_.t0[i])));
    }
  }

  void choose_rows() {
    const std::int64_t from = config_.data.from.empty() ? INT64_MIN : parse_utc(config_.data.from);
    const std::int64_t to = config_.data.to.empty() ? INT64_MAX : parse_utc(config_.data.to);
    for (std::size_t i = 0; i < from_.size(); ++i) {
      if (from_.t0[i] >= from && from_.t1[i] < to) rows_.push_back(i);
    }
    if (rows_.empty()) {
      throw ConfigError(fmt::format(
          "no window of {} begins at data.from = \"{}\" or later and ends before data.to = \"{}\": they go from {} to "
          "{}.",
          id_, config_.data.from, config_.data.to, utc_text(*std::ranges::min_element(from_.t0)),
          utc_text(*std::ranges::max_element(from_.t1))));
    }
    std::ranges::stable_sort(
        rows_, {}, [&](std::size_t i) { return std::pair(from_.t0[i], from_.group.empty() ? 0 : from_.group[i]); });
    out_.chosen = {{"from", config_.data.from}, {"to", config_.data.to}, {"normalize", config_.data.normalize}};
  }

  // Of the bars that all of them are from; else the set's own name stands for it.
  std::string symbol_name() const {
    std::string out;
    for (const data::Parent& parent : reader_.parents()) {
      if (parent.id.kind != "bars") continue;
      if (!out.empty()) return reader_.id().name;
      out = parent.id.name;
    }
    return out.empty() ? reader_.id().name : out;
  }

  template <class T>
  std::vector<T> taken(const std::vector<T>& values) const {
    std::vector<T> out;
    for (const std::size_t i : rows_) {
      if (!values.empty()) out.push_back(values[i]);
    }
    return out;
  }

  void take_rows() {
    out_.time = taken(from_.t0);
    out_.t1 = taken(from_.t1);
    out_.weight = taken(from_.weight);
    out_.group = taken(from_.group);
    out_.symbol = from_.symbol.empty() ? std::vector<std::int32_t>(rows_.size(), 0) : taken(from_.symbol);
    out_.symbols = from_.symbol.empty() ? std::vector{symbol_name()} : from_.symbols;
    out_.position.resize(rows_.size());
    std::iota(out_.position.begin(), out_.position.end(), std::size_t{0});
    out_.segment_begin = out_.run_begin = out_.position;
    out_.number = rows_;
    if (from_.raw_start.empty()) return;
    for (const std::size_t i : rows_) {
      const std::int64_t first = from_.raw_start[i];
      const bool known = first != data::kNoValue;
      const bool end = !from_.raw_end.empty() && from_.raw_end[i] != data::kNoValue;
      out_.first_bar.push_back(known ? first : -1);
      out_.last_bar.push_back(!known ? -1
                              : end  ? from_.raw_end[i]
                                     : first + static_cast<std::int64_t>(from_.length) - 1);
    }
  }

  void take_classes() {
    std::set<std::int32_t> classes;
    for (const std::size_t i : rows_) classes.insert(from_.y[i]);
    if (classes.size() < 2) {
      throw DataError(fmt::format("all {} windows of {} are labelled '{}': nothing can be learnt from one class.",
                                  rows_.size(), id_, from_.label_names[static_cast<std::size_t>(*classes.begin())]));
    }
    for (const std::int32_t each : classes)
      out_.class_names.push_back(from_.label_names[static_cast<std::size_t>(each)]);
    for (const std::size_t i : rows_)
      out_.label.push_back(static_cast<std::int32_t>(std::distance(classes.begin(), classes.find(from_.y[i]))));
    out_.direction = directions(out_.class_names);
    if (std::ranges::find(config_.models, "always_long") != config_.models.end() &&
        std::ranges::find(out_.direction, 1) == out_.direction.end()) {
      throw ConfigError(fmt::format(
          "models.names has \"always_long\", which forecasts that prices rise, and the classes of {} ({}) have no "
          "direction. Take it out of models.names.",
          id_, fmt::join(out_.class_names, ", ")));
    }
  }

  std::string_view bar(std::size_t i, std::size_t step) const {
    const std::size_t channels = from_.channels();
    return {reinterpret_cast<const char*>(from_.x.data() + (i * from_.length + step) * channels),
            channels * sizeof(float)};
  }

  // How far window `later` begins inside `earlier`, where the bars say so: a good piece of the one, bar by bar, is the
  // begin of the other, and bars enough in it differ for that to be no accident.
  std::optional<std::size_t> begins_inside(std::size_t earlier, std::size_t later) const {
    const std::size_t least = std::max<std::size_t>(8, from_.length / 4);
    for (std::size_t shift = 1; shift + least <= from_.length; ++shift) {
      std::size_t same = 0;
      std::set<std::string_view> distinct;
      while (shift + same < from_.length && bar(earlier, shift + same) == bar(later, same))
        distinct.insert(bar(later, same++));
      if (shift + same == from_.length && 2 * distinct.size() > same) return shift;
    }
    return std::nullopt;
  }

  // Stamps that say when a window decides, instead of when it begins, would let through what shares its bars.
  void check_shared_bars() const {
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      // The next of its symbol that by the times is none of its own.
      auto next = static_cast<std::size_t>(std::ranges::upper_bound(out_.time, out_.t1[row]) - out_.time.begin());
      while (next < rows_.size() && out_.symbol[next] != out_.symbol[row]) ++next;
      if (next == rows_.size()) continue;
      const auto shift = begins_inside(rows_[row], rows_[next]);
      if (!shift) continue;
      throw DataError(fmt::format(
          "window {} of {} begins with bars {} to {} of window {} (counted from 0), but by its times it begins at {}, "
          "after that one's end at {}. t0 must be the stamp of a window's first bar, not of its last, and t1 the last "
          "moment that its bars or its label depend on; else windows of the same bars could be trained on and tested.",
          rows_[next], id_, *shift, from_.length - 1, rows_[row], utc_text(out_.time[next]), utc_text(out_.t1[row])));
    }
  }

  // Which of the set's own features somebody else has made: nobody knows what they were fitted on.
  data::Pedigree pedigree(const std::vector<std::string>& features) const {
    std::set<std::string> ours;
    for (const Json& computed : out_.manifest.value("sets", Json::array())) {
      for (const market::WindowFeatureSet& set : market::window_feature_sets()) {
        if (computed.at("name") != set.name) continue;
        for (std::string& name : set.names(from_.length)) ours.insert(std::move(name));
      }
    }
    const bool all = std::ranges::all_of(features, [&](const std::string& each) { return ours.contains(each); });
    return all ? data::Pedigree::recorded : data::Pedigree::unknown;
  }

  // Behind what is made of its bars, the set's own features.
  void take_own_features(const std::vector<std::size_t>& columns, std::size_t window) {
    for (const std::size_t c : columns) {
      const float value = from_.feats[window * from_.feature_names.size() + c];
      if (!std::isfinite(value)) {
        throw DataError(
            fmt::format("window {} of {} has no finite value of '{}': models take numbers alone. Leave the feature out "
                        "(data.exclude), or compute it without gaps.",
                        window, id_, from_.feature_names[c]));
      }
      out_.x.push_back(value);
    }
  }

  // The columns that are chosen of `made` and of the set's own features behind them: which of each.
  std::pair<std::vector<std::size_t>, std::vector<std::size_t>> choose_columns(const std::vector<std::string>& made) {
    std::vector<std::string> names = made;
    names.insert(names.end(), from_.feature_names.begin(), from_.feature_names.end());
    std::pair<std::vector<std::size_t>, std::vector<std::size_t>> out;
    for (const std::size_t c : chosen_columns(config_, names, id_)) {
      if (c < made.size())
        out.first.push_back(c);
      else
        out.second.push_back(c - made.size());
    }
    return out;
  }

  void name_own_features(const std::vector<std::size_t>& columns) {
    std::vector<std::string> own;
    for (const std::size_t c : columns) own.push_back(from_.feature_names[c]);
    out_.features.insert(out_.features.end(), own.begin(), own.end());
    out_.pedigree = pedigree(own);
  }

  // Columns of embeddings, and the set's own features behind them. Those of an encoder that is yet to be trained for
  // each split are 0.
  void take_embeddings() {
    refuse_window_models(
        "{0} takes windows, and what an encoder makes of those of {1} is a row of numbers for each. Leave {0} out of "
        "models.names, or let models learn from the windows themselves.");
    std::optional<data::EmbeddingsFile> embeddings;
    if (!config_.data.embeddings.empty())
      embeddings.emplace(
          open_embeddings_of(workspace_, config_.data.embeddings, {reader_.id(), reader_.content_sha256()}));
    const std::vector<std::string> made = embedding_names(embeddings ? embeddings->dims() : dims_to_come());
    auto [columns, own] = choose_columns(made);
    out_.window = {.steps = from_.length, .channels = 0};
    for (const std::size_t c : columns) out_.features.push_back(made[c]);
    name_own_features(own);
    out_.x.reserve(rows_.size() * out_.features.size());
    for (const std::size_t i : rows_) {
      out_.x.insert(out_.x.end(), columns.size(), 0.0F);
      take_own_features(own, i);
    }
    out_.embedded_columns = std::move(columns);
    if (!embeddings) return;
    embed(out_, *embeddings);
    out_.chosen["embeddings"] = embeddings->content_sha256();
  }

  std::size_t dims_to_come() {
    const LoadedPretrainConfig pretraining = load_pretrain_config(config_.data.encoder, {});
    out_.chosen["pretraining"] = pretraining.identity;
    out_.chosen["pooling"] = config_.data.pooling;
    return static_cast<std::size_t>(pretraining.values.dims());
  }

  void take_windows() {
    std::optional<WindowNormaliser> normalise;
    naming_key("data.normalize", [&] { normalise.emplace(config_.data.normalize, from_.channel_names); });
    const std::vector<std::string>& names = normalise->channel_names();
    const std::size_t made = names.size();
    const auto [channels, own] = choose_columns(names);
    if (channels.empty()) {
      refuse_window_models(
          "{0} takes windows, and data.features and data.exclude leave no channel of {1}. Name one, or leave {0} out "
          "of "
          "models.names.");
    }
    out_.window = {.steps = from_.length, .channels = channels.size()};
    for (std::size_t step = 0; step < from_.length; ++step) {
      for (const std::size_t c : channels) out_.features.push_back(fmt::format("{}_{}", names[c], step));
    }
    name_own_features(own);

    const std::size_t values = from_.length * from_.channels();
    std::vector<float> window(from_.length * made);
    out_.x.reserve(rows_.size() * out_.features.size());
    const AppendWindow append = [&](std::span<const float> stored, const std::string& name) {
      if (const auto problem = (*normalise)(stored, window)) {
        throw DataError(
            fmt::format("{} in {}, which data.normalize = \"{}\" cannot take. Leave the window out, or normalise "
                        "otherwise.",
                        *problem, name, config_.data.normalize));
      }
      for (std::size_t step = 0; step < from_.length; ++step) {
        for (const std::size_t c : channels) out_.x.push_back(window[step * made + c]);
      }
    };
    for (const std::size_t i : rows_) {
      append(std::span(from_.x).subspan(i * values, values), fmt::format("window {} of {}", i, id_));
      take_own_features(own, i);
    }
    if (!config_.data.synthetic.empty()) add_synthetic_rows(workspace_, config_, append, out_);
  }

  // `why` is told of the model {0} and the set {1}.
  void refuse_window_models(const char* why) const {
    for (const std::string& name : config_.models) {
      const bool own = config_.own.contains(name);
      if (own ? config_.own.at(name).takes != "windows" : models::find_model(name).takes != models::Takes::windows)
        continue;
      throw ConfigError(fmt::format(fmt::runtime(why), name, id_));
    }
  }

  const std::filesystem::path& workspace_;
  const EvaluateConfig& config_;
  data::DatasetReader reader_;
  std::string id_;
  LabelledWindows from_;
  std::vector<std::size_t> rows_;  // of the set, in the order of the evaluation
  EvaluationData out_;
};

}  // namespace

EvaluationData read_window_data(const std::filesystem::path& workspace, const EvaluateConfig& config) {
  return WindowReading(workspace, config).run();
}

}  // namespace moola::work
