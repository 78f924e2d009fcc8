#include "work/labels/label_file.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "base/thread_count.h"
#include "base/utc_time.h"
#include "data/bars/bars_at_timeframe.h"
#include "data/store/content_file.h"

namespace moola::work {
namespace {

using Clock = std::chrono::steady_clock;

std::vector<std::int64_t> stamps(const std::vector<std::int64_t>& last_bar, const market::Bars& bars) {
  std::vector<std::int64_t> out(last_bar.size(), kNoTime);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (last_bar[i] >= 0) out[i] = bars.time[static_cast<std::size_t>(last_bar[i])];
  }
  return out;
}

data::Column stored_column(const LabelColumn& column) {
  return std::visit(
      [&]<class T>(const std::vector<T>& values) { return data::Column(column.name, std::span<const T>(values)); },
      column.values);
}

}  // namespace

LabelFile write_labels(const LabelRequest& request) {
  check_strategy(request.strategy);
  data::ContentFile file(request.out, request.force ? Overwrite::yes : Overwrite::no);
  data::StoredBars stored = data::read_bars_at(request.workspace, request.bars, request.timeframe);
  const unsigned threads = thread_count(request.threads);
  const auto began = Clock::now();
  LabelTable table =
      compute_labels({stored.bars, Duration::seconds(stored.info.bar_seconds).nanoseconds}, request.strategy, threads);
  if (table.last_bar.size() != stored.bars.size()) throw std::logic_error("as many labels as bars");
  const std::vector<std::int64_t> t1 = stamps(table.last_bar, stored.bars);
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();

  file.manifest()["parameters"] = table.parameters;
  file.manifest()["parameters"]["timeframe"] = to_string(Duration::seconds(stored.info.bar_seconds));
  if (!table.fitted.empty()) file.manifest()["fitted"] = table.fitted;
  file.add_parent({stored.id, stored.content_sha256});
  std::vector<data::Column> columns{{"time", std::span<const std::int64_t>(stored.bars.time)},
                                    {"t1", std::span<const std::int64_t>(t1)}};
  for (const LabelColumn& column : table.columns) columns.push_back(stored_column(column));
  file.write(std::move(columns));
  file.file().set_attribute("symbol", stored.info.symbol);
  file.file().set_attribute("bar_seconds", stored.info.bar_seconds);
  std::string hash = file.seal("labels");
  file.commit();
  return {.bars = std::move(stored), .labels = std::move(table), .content_sha256 = std::move(hash), .seconds = seconds};
}

}  // namespace moola::work
