#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <ranges>
#include <set>

#include "base/duration.h"
#include "record/report.h"
#include "record/run_list.h"

namespace moola::record {
namespace {

using report::Source;
using report::words;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double value_at(const Json& event, const std::string& key) {
  const auto at = event.find(key);
  return at == event.end() ? kNaN : json_number(*at).value_or(kNaN);
}

std::vector<Json> of_split(const std::vector<Json>& events, const std::string& split) {
  std::vector<Json> out;
  for (const Json& event : events) {
    if (const auto at = event.find("split"); at != event.end() && *at == split) out.push_back(event);
  }
  return out;
}

Series column(const std::vector<Json>& events, const std::string& key, const std::string& label, Series::Role role) {
  Series out{label, role, {}, {}};
  for (const Json& event : events) {
    if (!event.contains(key) || !event.contains("step")) continue;
    out.x.push_back(value_at(event, "step"));
    out.y.push_back(value_at(event, key));
  }
  return out;
}

struct Level {
  std::string name;
  double value = kNaN;
};

// How one part of the data ended up: means over `events`, which is the last evaluation, or the last steps that were
// logged.
struct Standing {
  double loss = kNaN;
  std::vector<Level> baselines;  // best first
  std::size_t events = 0;
  double ratio() const { return baselines.empty() ? kNaN : loss / baselines.front().value; }
};

Standing standing(const std::vector<Json>& events) {
  Standing out;
  out.events = events.size();
  if (events.empty()) return out;
  std::map<std::string, double> sums;
  double loss = 0;
  for (const Json& event : events) {
    loss += value_at(event, "loss");
    for (const auto& [name, value] : event.items()) {
      if (name.starts_with("baseline_")) sums[name.substr(9)] += json_number(value).value_or(kNaN);
    }
  }
  const auto n = static_cast<double>(events.size());
  out.loss = loss / n;
  for (const auto& [name, sum] : sums) {
    if (std::isfinite(sum)) out.baselines.push_back({words(name), sum / n});
  }
  std::stable_sort(out.baselines.begin(), out.baselines.end(),
                   [](const Level& a, const Level& b) { return a.value < b.value; });
  return out;
}

std::vector<Json> last(const std::vector<Json>& events, std::size_t count) {
  return {events.end() - static_cast<std::ptrdiff_t>(std::min(count, events.size())), events.end()};
}

// The evaluation that counts: that of the step whose weights were exported, when the trainer says so.
std::vector<Json> final_evaluation(const Source& source, const std::vector<Json>& holdout) {
  const auto best = source.manifest.metrics.find("best_step");
  if (best != source.manifest.metrics.end() && best->is_number_integer()) {
    for (const Json& at : std::views::reverse(holdout)) {
      if (value_at(at, "step") == best->get<double>()) return {at};
    }
  }
  return last(holdout, 1);
}

Tone tone_of(double ratio) {
  return !(ratio < 1) ? Tone::bad : ratio < 0.95 ? Tone::good : Tone::warning;
}

std::string ratio_text(double ratio) {
  return std::isfinite(ratio) ? fmt::format("{:.2f}", ratio) : "–";
}

struct Verdict {
  std::string text;
  Tone tone = Tone::plain;
};

std::string first_bad_step(const std::vector<Json>& events) {
  for (const Json& event : events) {
    if (event.contains("loss") && !std::isfinite(value_at(event, "loss"))) return readable(value_at(event, "step"));
  }
  return "";
}

// `evaluations`: how many there were on the hold-out.
Verdict verdict(const Source& source, const Standing& train, const Standing& holdout, std::size_t evaluations) {
  Verdict out;
  const std::string step = source.metrics.empty()
                               ? "before its first event"
                               : "at step " + report::value_text(source.metrics.back().value("step", Json()));
  const auto because = [&] {
    return source.manifest.reason.empty() ? std::string() : " (" + source.manifest.reason + ")";
  };
  if (source.state == "failed")
    return {"Failed " + step + because() + ". What follows is as far as it came.", Tone::bad};
  if (source.state == "interrupted")
    return {"Interrupted " + step + ": its process is gone. The same command goes on from the last checkpoint.",
            Tone::bad};
  if (source.state == "stopped") out.text = "Stopped " + step + because() + "; the same command goes on. So far: ";
  if (source.state == "running") out.text = "At work, " + step + ". So far: ";
  if (source.metrics.empty()) return {out.text + "no metrics were recorded.", Tone::warning};
  if (const std::string bad = first_bad_step(source.metrics); !bad.empty()) {
    return {out.text + "the loss is not a finite number from step " + bad +
                " on. A lower learning rate or clipping may help.",
            Tone::bad};
  }
  const auto against = [](const Standing& part, const std::string& what) {
    const Level& best = part.baselines.front();
    return fmt::format("{} {} is {} of the best trivial baseline ({}, {})", what, readable(part.loss),
                       ratio_text(part.ratio()), best.name, readable(best.value));
  };
  if (holdout.events > 0 && !holdout.baselines.empty()) {
    const double ratio = holdout.ratio();
    out.tone = tone_of(ratio);
    out.text += out.tone == Tone::good      ? "Beats the trivial baselines on bars it has not seen: "
                : out.tone == Tone::warning ? "Hardly better than a trivial baseline on bars it has not seen: "
                                            : "No better than a trivial baseline on bars it has not seen: ";
    out.text += against(holdout, "the hold-out loss") + ".";
    if (evaluations > 1 && source.manifest.metrics.value("best_step", Json()).is_number_integer()) {
      out.text += fmt::format(" It is the lowest of {} evaluations, and they chose the weights.", evaluations);
    }
    if (!train.baselines.empty()) {
      out.text += " On its training windows the ratio is " + ratio_text(train.ratio()) + ".";
      if (ratio > 1.25 * train.ratio()) {
        out.text += " The gap between the two speaks for overfitting, or for a hold-out that is another market.";
        if (out.tone == Tone::good) out.tone = Tone::warning;
      }
    }
  } else if (train.events > 0 && !train.baselines.empty()) {
    out.tone = train.ratio() < 1 ? Tone::warning : Tone::bad;
    out.text += against(train, "the training loss") +
                ". Nothing was held out, so nothing here says how it does on bars it has not seen.";
  } else {
    out.tone = Tone::warning;
    out.text += "no baselines were recorded to compare the loss with.";
  }
  if (source.state == "running" || source.state == "stopped") out.tone = Tone::warning;
  return out;
}

double median(std::vector<double> values) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  if (values.empty()) return kNaN;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

Html draw_into(Html& out, const Source& source, const Plot& plot, const std::string& caption) {
  return out += figure(draw(plot, source.run / "plots"), caption);
}

Html curves(const Source& source, const std::vector<Json>& train, const std::vector<Json>& holdout,
            const Standing& train_end, const Standing& holdout_end) {
  Html out;
  Plot loss{.name = "loss", .title = "loss", .x_label = "step", .y_label = "loss", .log_y = true};
  Series raw = column(train, "loss", "train", Series::Role::first);
  if (raw.x.size() >= 60) {
    Series smooth = raw;
    const std::size_t width = raw.x.size() / 30;
    smooth.y = smoothed(raw.y, width);
    smooth.label = fmt::format("train (mean of {} logged steps; pale: each)", 2 * (width / 2) + 1);
    raw.role = Series::Role::backdrop;
    raw.label.clear();
    loss.series = {std::move(raw), std::move(smooth)};
  } else {
    loss.series = {std::move(raw)};
  }
  loss.series.push_back(column(holdout, "loss", "hold-out", Series::Role::second));
  const Standing& levels = holdout_end.baselines.empty() ? train_end : holdout_end;
  for (const Level& level : levels.baselines) loss.baselines.push_back({level.name, level.value});
  draw_into(out, source, loss,
            fmt::format("Loss against the trivial baselines (dashed: on the {}), logarithmic.",
                        holdout_end.baselines.empty() ? "last logged training steps" : "hold-out"));
  if (std::any_of(train.begin(), train.end(), [](const Json& event) { return event.contains("objective"); })) {
    Plot terms{.name = "objective", .title = "objective", .x_label = "step", .y_label = "objective", .height = 240};
    terms.series.push_back(column(train, "objective", "objective", Series::Role::first));
    terms.series.push_back(column(train, "collapse_penalty", "collapse penalty, unweighted", Series::Role::third));
    draw_into(out, source, terms,
              "What the optimiser minimises: the loss and the weighted penalty against a collapsed encoder.");
  }
  draw_into(out, source,
            {.name = "learning_rate",
             .title = "learning rate",
             .x_label = "step",
             .y_label = "learning rate",
             .from_zero = true,
             .series = {column(train, "lr", "", Series::Role::first)},
             .height = 240},
            "Learning rate.");
  draw_into(out, source,
            {.name = "gradient_norm",
             .title = "gradient norm",
             .x_label = "step",
             .y_label = "norm of the gradient",
             .log_y = true,
             .series = {column(train, "grad_norm", "", Series::Role::first)},
             .height = 240},
            "Norm of the gradient before clipping, logarithmic.");
  Series rate = column(source.timings, "windows_per_s", "", Series::Role::first);
  Plot throughput{.name = "throughput",
                  .title = "throughput",
                  .x_label = "step",
                  .y_label = "throughput, windows/s",
                  .from_zero = true,
                  .height = 240};
  if (const double middle = median(rate.y); std::isfinite(middle)) throughput.baselines.push_back({"median", middle});
  throughput.series = {std::move(rate)};
  draw_into(out, source, throughput, "Throughput of all ranks together.");
  return out;
}

Html summary(const std::vector<Json>& train, const std::vector<Json>& holdout, const Standing& train_end,
             const Standing& holdout_end) {
  std::set<std::string> names;
  for (const Standing* part : {&train_end, &holdout_end}) {
    for (const Level& level : part->baselines) names.insert(level.name);
  }
  HtmlTable out{{"part", "loss", "lowest loss", "at step"}, {}, {false, true, true, true}};
  for (const std::string& name : names) {
    out.titles.push_back(name);
    out.numeric.push_back(true);
  }
  out.titles.emplace_back("ratio to the best");
  out.numeric.push_back(true);
  const auto row = [&](const std::string& name, const std::vector<Json>& events, const Standing& end) {
    if (events.empty()) return;
    double lowest = std::numeric_limits<double>::infinity(), step = kNaN;
    for (const Json& event : events) {
      if (const double value = value_at(event, "loss"); value < lowest) {
        lowest = value;
        step = value_at(event, "step");
      }
    }
    std::vector<Html> cells{text(name), text(readable(end.loss)), text(std::isfinite(lowest) ? readable(lowest) : "–"),
                            text(std::isfinite(step) ? readable(step) : "–")};
    for (const std::string& baseline : names) {
      const auto at = std::find_if(end.baselines.begin(), end.baselines.end(),
                                   [&](const Level& level) { return level.name == baseline; });
      cells.push_back(text(at == end.baselines.end() ? "–" : readable(at->value)));
    }
    cells.push_back(Html{"<b>"} + text(ratio_text(end.ratio())) + Html{"</b>"});
    out.rows.push_back(std::move(cells));
  };
  row(train_end.events > 1 ? fmt::format("train (mean of the last {} logged steps)", train_end.events) : "train", train,
      train_end);
  row("hold-out", holdout, holdout_end);
  if (out.rows.empty()) return paragraph(muted("No metrics were recorded."));
  return table(out);
}

}  // namespace

PretrainParts pretrain_parts(const Source& source) {
  const std::vector<Json> train = of_split(source.metrics, "train"), holdout = of_split(source.metrics, "holdout");
  // A single batch is noisy: a twentieth of what was logged stands for the end.
  const Standing train_end = standing(last(train, std::clamp<std::size_t>(train.size() / 20, 1, 50)));
  const Standing holdout_end = standing(final_evaluation(source, holdout));
  const Verdict words_of = verdict(source, train_end, holdout_end, holdout.size());

  PretrainParts out;
  out.verdict_text = words_of.text;
  out.verdict = callout(words_of.tone, text(words_of.text));

  std::vector<Card> list;
  const auto ratio_card = [&](const char* label, const Standing& part) {
    if (part.events == 0) return;
    list.push_back({ratio_text(part.ratio()), label,
                    part.baselines.empty() ? "no baseline" : "of the best baseline: " + part.baselines.front().name,
                    tone_of(part.ratio())});
  };
  ratio_card("hold-out: loss / baseline", holdout_end);
  ratio_card("train: loss / baseline", train_end);
  if (!source.metrics.empty()) {
    const double step = value_at(source.metrics.back(), "step"), epoch = value_at(source.metrics.back(), "epoch");
    const std::string note = std::isfinite(epoch) ? "in epoch " + readable(epoch + 1) : "";
    list.push_back({readable(step), "steps", note});
  }
  if (const auto parameters = numbers_of(source.manifest.parameters); parameters.contains("model")) {
    list.push_back({readable(parameters.at("model")), "parameters",
                    report::value_text(source.manifest.parameters.value("architecture", Json("")))});
  }
  std::vector<double> rates;
  for (const Json& event : source.timings) rates.push_back(value_at(event, "windows_per_s"));
  const int ranks = source.manifest.sessions.empty() ? 1 : source.manifest.sessions.back().ranks;
  if (const double rate = median(rates); std::isfinite(rate)) {
    list.push_back({readable(rate), "windows/s", fmt::format("median, {} rank{}", ranks, ranks == 1 ? "" : "s")});
  }
  list.push_back(
      {readable_seconds(source.seconds), "time worked",
       source.manifest.sessions.size() > 1 ? fmt::format("{} sessions", source.manifest.sessions.size()) : ""});
  out.cards = cards(list);
  out.curves = curves(source, train, holdout, train_end, holdout_end);
  out.summary = summary(train, holdout, train_end, holdout_end);
  return out;
}

}  // namespace moola::record
