#include "work/features/window_feature_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/parallel_pieces.h"
#include "base/progress.h"
#include "base/thread_count.h"
#include "data/store/content_file.h"
#include "data/store/dataset.h"

namespace moola::work {
namespace {

using Clock = std::chrono::steady_clock;
using data::hdf5::File;
using market::WindowFeatureForm;
using market::WindowFeatureSet;

constexpr std::size_t kCopiedBytes = std::size_t{1} << 20;

// What becomes of the windows: which sets, and how wide the rows are that they make.
struct Plan {
  const PriceWindows& windows;
  market::InnerWindow inner;
  std::vector<const WindowFeatureSet*> sets = {};
  std::vector<std::string> kept_channels = {}, kept_features = {};  // of the set itself, before the new ones
  std::vector<std::string> channels = {}, features = {};            // new ones

  std::size_t row_channels() const { return kept_channels.size() + channels.size(); }
  std::size_t row_features() const { return kept_features.size() + features.size(); }
  bool writes_x() const { return !channels.empty() || !kept_channels.empty(); }
  // Windows that are worked on at a time.
  std::int64_t piece() const {
    return windows.piece((windows.length() * row_channels() + row_features()) * sizeof(float));
  }
};

market::InnerWindow inner_of(const WindowFeatureRequest& request, std::size_t length) {
  return request.inner.empty() ? market::usual_inner_window(length) : market::parse_inner_window(request.inner, length);
}

Plan plan_of(const WindowFeatureRequest& request, const PriceWindows& windows) {
  Plan plan{.windows = windows, .inner = inner_of(request, windows.length())};
  std::vector<std::string> names = request.features;
  if (names == std::vector<std::string>{"*"}) {
    names.clear();
    for (const WindowFeatureSet& set : market::window_feature_sets()) names.push_back(set.name);
  }
  for (const std::string& name : names) {
    const WindowFeatureSet& set = market::find_window_feature_set(name);
    if (std::ranges::find(plan.sets, &set) != plan.sets.end())
      throw ConfigError(fmt::format("the set '{}' is named twice in --features {}.", name, fmt::join(names, ",")));
    plan.sets.push_back(&set);
    auto& to = set.form == WindowFeatureForm::per_bar ? plan.channels : plan.features;
    std::ranges::move(set.names(windows.length()), std::back_inserter(to));
  }
  if (request.name.empty()) return plan;
  const File& file = windows.reader().file();
  plan.kept_channels = windows.channel_names();
  if (file.has_dataset("X_feats")) plan.kept_features = file.list_attribute("feature_names");
  for (const auto& [kept, added] :
       {std::pair(&plan.kept_channels, &plan.channels), std::pair(&plan.kept_features, &plan.features)}) {
    const auto twice = std::ranges::find_first_of(*added, *kept);
    if (twice != added->end()) {
      throw ConfigError(
          fmt::format("{} has '{}' already. Compute the features on the version without them, or leave their set out.",
                      data::to_string(windows.id()), *twice));
    }
  }
  return plan;
}

// The rows of some windows as they will be stored.
struct Rows {
  std::vector<float> x, features;
};

// Windows [begin, end) of a piece. Every window by itself: no bit depends on who computes its neighbours.
void compute(const Plan& plan, const PriceWindows::Piece& piece, std::int64_t begin, std::int64_t end, Rows& rows) {
  const std::size_t length = plan.windows.length(), stored = plan.windows.channel_names().size();
  const std::size_t channels = plan.row_channels(), columns = plan.row_features();
  std::vector<float> values;
  for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
    const std::span<const double> window = piece.window(static_cast<std::int64_t>(i));
    float* const x = rows.x.data() + i * length * channels;
    for (std::size_t t = 0; t < length && !plan.kept_channels.empty(); ++t)
      std::copy_n(piece.stored.data() + (i * length + t) * stored, stored, x + t * channels);
    std::size_t channel = plan.kept_channels.size(), column = plan.kept_features.size();
    for (const WindowFeatureSet* set : plan.sets) {
      values.resize(set->values(length));
      set->compute(window, plan.inner, values);
      const std::size_t width = set->columns.size();
      if (set->form == WindowFeatureForm::per_bar) {
        for (std::size_t t = 0; t < length; ++t)
          std::copy_n(values.data() + t * width, width, x + t * channels + channel);
        channel += width;
      } else {
        std::ranges::copy(values, rows.features.data() + i * columns + column);
        column += values.size();
      }
    }
  }
}

void compute(const Plan& plan, const PriceWindows::Piece& piece, unsigned threads, Rows& rows) {
  const std::int64_t parts = std::min<std::int64_t>(threads, piece.count);
  for_each_piece(static_cast<std::size_t>(parts), threads, [&](std::size_t one) {
    const auto part = static_cast<std::int64_t>(one);
    compute(plan, piece, piece.count * part / parts, piece.count * (part + 1) / parts, rows);
  });
}

// Columns of X_feats that were there stand before the new ones.
void copy_kept_features(const Plan& plan, const PriceWindows::Piece& piece, Rows& rows) {
  const std::size_t kept = plan.kept_features.size(), columns = plan.row_features();
  if (kept == 0) return;
  std::vector<float> before(static_cast<std::size_t>(piece.count) * kept);
  plan.windows.reader().file().dataset("X_feats").read_rows(static_cast<std::uint64_t>(piece.first),
                                                            static_cast<std::uint64_t>(piece.count), before);
  for (std::size_t i = 0; i < static_cast<std::size_t>(piece.count); ++i)
    std::copy_n(before.data() + i * kept, kept, rows.features.data() + i * columns);
}

// What the set says of its windows besides their prices: labels, times, groups, weights.
void copy_companions(const PriceWindows& windows, File& to) {
  static const std::set<std::string> own{"schema",     "manifest",      "manifest_sha256", "content_sha256",
                                         "text_heaps", "channel_names", "feature_names"};
  const File& from = windows.reader().file();
  for (const std::string& name : from.dataset_names()) {
    if (name == "X" || name == "X_feats") continue;
    const data::hdf5::Dataset dataset = from.dataset(name);
    data::hdf5::Dataset copy = to.create_dataset(name, dataset.type(), dataset.shape());
    const std::size_t row = dataset.row_elements() * data::hdf5::size_of(dataset.type());
    const std::uint64_t step = std::max<std::uint64_t>(1, kCopiedBytes / std::max<std::size_t>(1, row));
    std::vector<std::byte> bytes;
    for (std::uint64_t first = 0; first < dataset.rows(); first += step) {
      const std::uint64_t count = std::min(step, dataset.rows() - first);
      bytes.resize(count * row);
      dataset.read_row_bytes(first, count, bytes);
      copy.write_row_bytes(first, count, bytes);
    }
  }
  for (const std::string& name : from.attribute_names()) {
    if (!own.contains(name)) to.set_attribute(name, *from.attribute(name));
  }
}

// A view says when its windows are and of which symbol by the bars behind it; here it is written out.
void write_places(const data::Windows& view, File& to) {
  const auto windows = static_cast<std::size_t>(view.size());
  std::vector<std::int64_t> t0(windows), t1(windows);
  std::vector<std::int32_t> symbol(windows);
  std::vector<std::string> symbols;
  for (std::size_t i = 0; i < windows; ++i) {
    const auto number = static_cast<std::int64_t>(i);
    const data::TimeRange time = view.time(number);
    t0[i] = time.begin;
    t1[i] = time.end - 1;  // closed on both sides
    auto at = std::ranges::find(symbols, view.symbol(number));
    if (at == symbols.end()) at = symbols.insert(symbols.end(), view.symbol(number));
    symbol[i] = static_cast<std::int32_t>(at - symbols.begin());
  }
  to.write("t0", t0);
  to.write("t1", t1);
  to.write("symbol", symbol);
  to.set_attribute("symbols", symbols);
}

Json description(const Plan& plan) {
  Json out = Json::array();
  for (const WindowFeatureSet* set : plan.sets) {
    Json columns = Json::array();
    for (const market::WindowFeatureColumn& column : set->columns) {
      columns.push_back({{"name", column.name},
                         {"definition", column.definition},
                         {"range", column.range},
                         {"undefined", column.undefined},
                         {"complete_from", column.complete_from}});
    }
    out.push_back({{"name", set->name}, {"form", market::to_string(set->form)}, {"columns", columns}});
  }
  return out;
}

std::vector<std::string> joined(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// Fills a file of either kind; what is found on the way.
WindowReport fill(const Plan& plan, const WindowFeatureRequest& request, File& file, Json& manifest) {
  const PriceWindows& windows = plan.windows;
  WindowChecker checker(windows, plan.inner);
  if (windows.view() != nullptr) {
    write_places(*windows.view(), file);
  } else {
    copy_companions(windows, file);
  }
  const auto rows = static_cast<std::uint64_t>(windows.size());
  std::optional<data::hdf5::Dataset> x, features;
  if (plan.writes_x())
    x = file.create_dataset("X", data::hdf5::Type::float32, {rows, windows.length(), plan.row_channels()});
  if (plan.row_features() > 0)
    features = file.create_dataset("X_feats", data::hdf5::Type::float32, {rows, plan.row_features()});

  const unsigned threads = thread_count(request.threads);
  std::optional<Progress> progress;
  if (!request.quiet) progress.emplace("window features", windows.size(), "windows");
  PriceWindows::Piece piece;
  Rows made;
  for (std::int64_t first = 0; first < windows.size(); first += plan.piece()) {
    const std::int64_t count = std::min(plan.piece(), windows.size() - first);
    windows.read(first, count, piece);
    checker.add(piece);
    made.x.resize(static_cast<std::size_t>(count) * windows.length() * plan.row_channels());
    made.features.resize(static_cast<std::size_t>(count) * plan.row_features());
    copy_kept_features(plan, piece, made);
    compute(plan, piece, threads, made);
    const auto at = static_cast<std::uint64_t>(first), number = static_cast<std::uint64_t>(count);
    if (x) x->write_rows<float>(at, number, made.x);
    if (features) features->write_rows<float>(at, number, made.features);
    if (progress) progress->update(first + count);
  }

  WindowReport report = checker.report();
  if (x) file.set_attribute("channel_names", joined(plan.kept_channels, plan.channels));
  if (features) file.set_attribute("feature_names", joined(plan.kept_features, plan.features));
  std::vector<std::string> names;
  for (const WindowFeatureSet* set : plan.sets) names.push_back(set->name);
  manifest["parameters"] = {{"features", names}, {"inner", market::to_string(plan.inner)}};
  manifest["sets"] = description(plan);
  manifest["checks"] = to_json(report);
  return report;
}

}  // namespace

WindowFeatureFile write_window_features(const WindowFeatureRequest& request) {
  const auto began = Clock::now();
  const PriceWindows windows(request.workspace, request.windows);
  const Plan plan = plan_of(request, windows);
  const data::Parent parent{windows.id(), windows.reader().content_sha256()};
  WindowFeatureFile made{.windows = windows.id(),
                         .id = {},
                         .file = request.out,
                         .channels = plan.channels,
                         .features = plan.features,
                         .content_sha256 = {},
                         .report = {},
                         .seconds = 0};
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - began).count(); };
  if (request.name.empty()) {
    data::ContentFile file(request.out, request.force ? Overwrite::yes : Overwrite::no);
    file.add_parent(parent);
    made.report = fill(plan, request, file.file(), file.manifest());
    made.content_sha256 = file.seal("window_features");
    file.commit();
  } else {
    if (windows.view() != nullptr) {
      throw ConfigError(fmt::format(
          "{} is a view of bars, which stores no windows that a new version could hold beside their features. Write "
          "the features to a file: --out features.h5",
          data::to_string(windows.id())));
    }
    data::DatasetWriter writer(request.workspace, {windows.id().kind, request.name, request.version});
    writer.add_parent(parent);
    made.report = fill(plan, request, writer.file(), writer.manifest());
    made.content_sha256 = writer.finish({{"seconds", seconds()}});
    made.id = data::to_string(writer.id());
    made.file = writer.target();
  }
  made.seconds = seconds();
  return made;
}

WindowReport check_windows(const WindowFeatureRequest& request) {
  const PriceWindows windows(request.workspace, request.windows);
  return check_windows(windows, inner_of(request, windows.length()));
}

}  // namespace moola::work
