#include "work/pages/report_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <map>

#include "record/plot.h"
#include "work/pages/svg.h"

namespace moola::work {
namespace {

using record::Html;

constexpr double kWidth = 840;
// Further out, differences and factors of two ends would be no numbers.
constexpr double kLargest = 1e300, kLeast = 1e-300;
constexpr double kMinute = 60e9, kHour = 60 * kMinute, kDay = 24 * kHour;

// The part of a drawing in which there are data, in its own units.
struct Field {
  double left, top, right, bottom;
  const ChartAxis &across, &up;

  double x(double value) const { return left + place_on(across, value) * (right - left); }
  double y(double value) const { return bottom - place_on(up, value) * (bottom - top); }
};

double room_below(const ChartAxis& axis) {
  return axis.label.empty() ? 26 : 44;
}

// The axis below: its line, ticks with their words, and what it counts.
std::string axis_below(const Field& field) {
  std::string marks, words;
  for (const ChartAxis::Tick& tick : field.across.ticks) {
    const double x = field.x(tick.at);
    if (!std::isfinite(x) || x < field.left - 0.5 || x > field.right + 0.5) continue;
    marks += fmt::format("M{:.1f} {:.1f}v4", x, field.bottom);
    words += svg_text(x, field.bottom + 17, "middle", tick.label);
  }
  words += svg_text((field.left + field.right) / 2, field.bottom + 36, "middle", field.across.label);
  return fmt::format("<path d=\"M{:.1f} {:.1f}H{:.1f}{}\" style=\"fill:none;stroke:var(--plot-axis)\"/>{}\n",
                     field.left, field.bottom, field.right, marks, words);
}

std::string dashed(const std::string& path) {
  if (path.empty()) return "";
  return fmt::format(
      "<path d=\"{}\" style=\"fill:none;stroke:var(--plot-baseline);stroke-width:1.3;stroke-dasharray:6 5\"/>\n", path);
}

std::string drawn_line(const Field& field, const ChartLine& line) {
  std::string path, fill;
  const double zero = line.filled ? std::clamp(field.y(0), field.top, field.bottom) : 0;
  double last_x = 0, last_y = 0;
  bool open = false;
  const auto close = [&] {
    if (open && line.filled) fill += fmt::format("V{:.1f}z", zero);
    open = false;
  };
  for (const ChartPoint& point : line.points) {
    const double x = field.x(point.x), y = field.y(point.y);
    if (!std::isfinite(x) || !std::isfinite(y)) {
      close();
      continue;
    }
    const std::string to =
        line.steps && open ? fmt::format("H{:.1f}V{:.1f}", x, y) : fmt::format("L{:.1f} {:.1f}", x, y);
    path += open ? to : fmt::format("M{:.1f} {:.1f}", x, y);
    if (line.filled) fill += open ? to : fmt::format("M{:.1f} {:.1f}V{:.1f}", x, zero, y);
    open = true;
    last_x = x;
    last_y = y;
  }
  close();
  if (path.empty()) return "";
  if (path.find_first_of("LHV") == std::string::npos) return svg_dots({{last_x, last_y}}, line.ink, 5, 1);
  std::string out;
  if (line.filled)
    out = fmt::format("<path d=\"{}\" style=\"fill:var({});fill-opacity:0.18\"/>", fill, ink_variable(line.ink));
  const std::string pale = line.opacity < 1 ? fmt::format(";stroke-opacity:{}", line.opacity) : "";
  return out +
         fmt::format("<path d=\"{}\" style=\"fill:none;stroke:var({});stroke-width:{};stroke-linejoin:round{}\"/>\n",
                     path, ink_variable(line.ink), line.of_second ? 1.2 : 2.0, pale);
}

std::string drawn_bars(const Field& field, const ChartBars& bars) {
  std::string path;
  for (const ChartBars::Bar& bar : bars.bars) {
    const double left = field.x(bar.from), right = field.x(bar.to), top = field.y(bar.high), bottom = field.y(bar.low);
    if (!std::isfinite(left + right + top + bottom) || top >= bottom) continue;
    const double gap = right - left > 4 ? 0.75 : 0;
    path += fmt::format("M{:.1f} {:.1f}H{:.1f}V{:.1f}H{:.1f}z", left + gap, bottom, right - gap, top, left + gap);
  }
  if (path.empty()) return "";
  return fmt::format("<path d=\"{}\" style=\"fill:var({})\"/>\n", path, ink_variable(bars.ink));
}

// Cells of one strength are one path.
std::string drawn_shades(const Field& field, const ChartShades& shades) {
  constexpr int kStrengths = 12;
  std::array<std::string, kStrengths + 1> paths;
  for (const ChartShades::Cell& cell : shades.cells) {
    const double left = field.x(cell.left), right = field.x(cell.right), top = field.y(cell.top),
                 bottom = field.y(cell.bottom);
    if (!std::isfinite(left + right + top + bottom + cell.strength)) continue;
    const auto strength = static_cast<std::size_t>(std::lround(std::clamp(cell.strength, 0.0, 1.0) * kStrengths));
    paths[strength] += fmt::format("M{:.1f} {:.1f}H{:.1f}V{:.1f}H{:.1f}z", left, bottom, right, top, left);
  }
  std::string out;
  for (std::size_t i = 1; i < paths.size(); ++i) {
    if (!paths[i].empty())
      out += fmt::format("<path d=\"{}\" style=\"fill:var({});fill-opacity:{:.2f}\"/>\n", paths[i],
                         ink_variable(shades.ink), 0.85 * static_cast<double>(i) / kStrengths);
  }
  return out;
}

// In letters, which may take several bytes.
std::size_t length_of(std::string_view words) {
  return static_cast<std::size_t>(
      std::ranges::count_if(words, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// Left out in the middle: names of one family differ at their ends.
std::string shortened(const std::string& words, std::size_t most) {
  constexpr std::size_t kTail = 12;
  const std::size_t all = length_of(words);
  if (all <= most) return words;
  std::string out;
  std::size_t letter = 0;
  for (const char c : words) {
    letter += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
    if (letter == most - kTail && out.find("…") == std::string::npos) out += "…";
    if (letter < most - kTail || letter > all - kTail) out += c;
  }
  return out;
}

Html in_figure(const Html& legend, std::string svg, std::string_view caption) {
  return Html{"<figure>"} + legend + Html{"<div class=\"scroll plot\">" + std::move(svg) + "</div><figcaption>"} +
         record::text(caption) + Html{"</figcaption></figure>\n"};
}

double round_step(double span, std::size_t most) {
  const double least = span / static_cast<double>(std::max<std::size_t>(1, most));
  const double power = std::pow(10.0, std::floor(std::log10(least)));
  for (const double times : {1.0, 2.0, 2.5, 5.0}) {
    if (times * power >= least * (1 - 1e-9)) return times * power;
  }
  return 10 * power;
}

std::string tick_label(double value, double step) {
  if (std::fabs(value) < step * 1e-6) return "0";
  if (step >= 1 && step == std::round(step)) return record::readable(std::round(value));
  if (step < 1e-6) return fmt::format("{:.4g}", value);
  int digits = 0;
  for (double at = step; digits < 12 && std::fabs(at - std::round(at)) > 1e-6 * at; at *= 10) ++digits;
  return fmt::format("{:.{}f}", value, digits);
}

std::string two_digits(unsigned value) {
  return fmt::format("{:02}", value);
}

using Days = std::chrono::sys_days;

std::string day_label(double time, bool with_year, bool with_clock) {
  const double day = std::floor(time / kDay);
  const std::chrono::year_month_day date{Days{std::chrono::days{static_cast<int>(day)}}};
  const auto minutes = static_cast<unsigned>(std::llround((time - day * kDay) / kMinute));
  std::string out = with_year ? fmt::format("{}-", static_cast<int>(date.year())) : "";
  out += two_digits(static_cast<unsigned>(date.month())) + "-" + two_digits(static_cast<unsigned>(date.day()));
  return with_clock ? out + " " + two_digits(minutes / 60) + ":" + two_digits(minutes % 60) : out;
}

void month_ticks(ChartAxis& axis, int step) {
  const auto begin =
      std::chrono::year_month_day{Days{std::chrono::days{static_cast<int>(std::floor(axis.low / kDay))}}};
  int month = static_cast<int>(begin.year()) * 12 + static_cast<int>(static_cast<unsigned>(begin.month())) - 1;
  month -= ((month % step) + step) % step;
  for (;; month += step) {
    const std::chrono::year year{month / 12};
    const Days first = std::chrono::year_month_day{year, std::chrono::month{static_cast<unsigned>(month % 12) + 1},
                                                   std::chrono::day{1}};
    const double at = static_cast<double>(first.time_since_epoch().count()) * kDay;
    if (at > axis.high) return;
    if (at < axis.low) continue;
    axis.ticks.push_back({at, step % 12 == 0 ? std::to_string(static_cast<int>(year))
                                             : fmt::format("{}-{:02}", static_cast<int>(year), month % 12 + 1)});
  }
}

}  // namespace

double place_on(const ChartAxis& axis, double value) {
  const double low = axis.logarithmic ? std::log10(axis.low) : axis.low,
               high = axis.logarithmic ? std::log10(axis.high) : axis.high;
  return ((axis.logarithmic ? std::log10(value) : value) - low) / (high - low);
}

void ChartExtent::take(double value) {
  if (!std::isfinite(value)) return;
  low = std::min(low, value);
  high = std::max(high, value);
}

Html chart_legend(const std::vector<std::pair<ChartInk, std::string>>& inks) {
  if (inks.empty()) return {};
  Html out{"<div class=\"legend\">"};
  for (const auto& [ink, words] : inks) {
    out += Html{fmt::format("<span><i style=\"background:var({})\"></i>", ink_variable(ink))} + record::text(words) +
           Html{"</span>"};
  }
  return out + Html{"</div>"};
}

ChartAxis number_axis(std::string label, double low, double high, std::size_t most) {
  low = std::clamp(low, -kLargest, kLargest);
  high = std::clamp(high, -kLargest, kLargest);
  if (!(high - low > 1e-9 * (std::fabs(low) + std::fabs(high)) && high - low > kLeast)) {
    const double margin = std::fabs(low) < kLeast ? 1 : std::fabs(low) / 10;
    high = low;
    low -= margin;
    high += margin;
  }
  const double step = round_step(high - low, most);
  ChartAxis out{.label = std::move(label),
                .low = step * std::floor(low / step + 1e-9),
                .high = step * std::ceil(high / step - 1e-9)};
  const auto count = static_cast<std::size_t>(std::llround((out.high - out.low) / step));
  for (std::size_t i = 0; i <= count; ++i) {
    const double at = out.low + static_cast<double>(i) * step;
    out.ticks.push_back({at, tick_label(at, step)});
  }
  return out;
}

ChartAxis count_axis(std::string label, double last, std::size_t most) {
  last = std::max(1.0, last);
  ChartAxis out{.label = std::move(label), .low = 0, .high = last};
  double step = std::max(1.0, round_step(last, most));
  if (step == 2.5) step = 5;
  for (double at = 0; at <= last; at += step) out.ticks.push_back({at, tick_label(at, step)});
  return out;
}

ChartAxis factor_axis(std::string label, double low, double high) {
  low = std::clamp(low, kLeast, kLargest);
  high = std::clamp(high, low, kLargest);
  ChartAxis out{.label = std::move(label), .low = low / 1.05, .high = high * 1.05, .logarithmic = true};
  const double first = std::floor(std::log10(out.low)), decades = std::log10(out.high) - std::log10(out.low);
  const double every = std::max(1.0, std::ceil(decades / 8));
  for (double power = first; power <= std::log10(out.high); power += every) {
    for (const double times : {1.0, 2.0, 5.0}) {
      if (decades > 3 && times > 1) continue;
      const double at = times * std::pow(10.0, power);
      if (at >= out.low && at <= out.high) out.ticks.push_back({at, record::readable(at)});
    }
  }
  return out;
}

ChartAxis time_axis(double first, double last, std::size_t most) {
  if (!(last > first)) last = first + kMinute;
  ChartAxis out{.low = first, .high = last};
  constexpr std::array kSteps{kMinute,   5 * kMinute, 15 * kMinute, 30 * kMinute, kHour,    3 * kHour,
                              6 * kHour, 12 * kHour,  kDay,         2 * kDay,     7 * kDay, 14 * kDay};
  constexpr std::array kMonths{1, 2, 3, 6, 12, 24, 60, 120, 240};
  const double least = (last - first) / static_cast<double>(std::max<std::size_t>(1, most));
  for (const double step : kSteps) {
    if (step < least) continue;
    if (step < kDay) out.label = "UTC";
    for (double at = step * std::ceil(first / step); at <= last; at += step)
      out.ticks.push_back({at, day_label(at, step >= kDay, step < kDay)});
    return out;
  }
  for (const int step : kMonths) {
    if (step * 30.5 * kDay < least && step < kMonths.back()) continue;
    month_ticks(out, step);
    break;
  }
  return out;
}

Html chart_drawing(const Chart& chart) {
  constexpr double kLetter = 6.8;
  std::size_t longest = 0;
  for (const ChartAxis::Tick& tick : chart.y.ticks) longest = std::max(longest, length_of(tick.label));
  // Words below the end of the axis reach beyond it.
  double beyond = 0;
  if (!chart.x.ticks.empty() && place_on(chart.x, chart.x.ticks.back().at) > 0.97)
    beyond = kLetter * static_cast<double>(length_of(chart.x.ticks.back().label)) / 2;
  const Field field{.left = std::max(66.0, 30 + kLetter * static_cast<double>(longest)),
                    .top = 8,
                    .right = chart.width - std::max(22.0, beyond + 2),
                    .bottom = chart.height - room_below(chart.x),
                    .across = chart.x,
                    .up = chart.y};
  std::string grid, words, across;
  for (const ChartAxis::Tick& tick : chart.y.ticks) {
    const double y = field.y(tick.at);
    grid += fmt::format("M{:.1f} {:.1f}H{:.1f}", field.left, y, field.right);
    words += svg_text(field.left - 8, y + 4, "end", tick.label);
  }
  const double middle = (field.top + field.bottom) / 2;
  words += svg_text(14, middle, "middle", chart.y.label, fmt::format(" transform=\"rotate(-90 14 {:.1f})\"", middle));
  for (const double at : chart.level)
    across += fmt::format("M{:.1f} {:.1f}H{:.1f}", field.left, field.y(at), field.right);
  for (const double at : chart.upright)
    across += fmt::format("M{:.1f} {:.1f}V{:.1f}", field.x(at), field.bottom, field.top);

  std::string svg = svg_opening(chart.title, chart.width, chart.height) + drawn_shades(field, chart.shades) +
                    fmt::format("<path d=\"{}\" style=\"fill:none;stroke:var(--plot-grid)\"/>{}\n", grid, words);
  for (const ChartBars& bars : chart.bars) svg += drawn_bars(field, bars);
  svg += dashed(across);
  for (const ChartDots& dots : chart.dots) {
    std::vector<ChartPoint> at;
    for (const ChartPoint& point : dots.points) at.push_back({field.x(point.x), field.y(point.y)});
    svg += svg_dots(at, dots.ink, dots.size, dots.opacity);
  }
  // What it is about lies on top.
  for (const bool second : {true, false}) {
    for (std::size_t i = chart.lines.size(); i-- > 0;) {
      if (chart.lines[i].of_second == second) svg += drawn_line(field, chart.lines[i]);
    }
  }
  return Html{svg + axis_below(field) + "</svg>"};
}

Html chart_figure(const Chart& chart, std::string_view caption) {
  std::vector<std::pair<ChartInk, std::string>> legend;
  const auto name = [&](const auto& each) {
    if (!each.label.empty()) legend.emplace_back(each.ink, each.label);
  };
  for (const ChartBars& bars : chart.bars) name(bars);
  for (const ChartDots& dots : chart.dots) name(dots);
  for (const ChartLine& line : chart.lines) name(line);
  return in_figure(chart_legend(legend), chart_drawing(chart).markup, caption);
}

Html row_chart_figure(const RowChart& chart, const std::vector<std::pair<ChartInk, std::string>>& legend,
                      std::string_view caption) {
  constexpr std::size_t kMost = 36;
  constexpr double kLetter = 7.2;
  std::size_t longest = 0, values = 0;
  for (const RowChart::Row& row : chart.rows) {
    longest = std::max(longest, std::min(kMost, length_of(row.label)));
    values = std::max(values, length_of(row.value));
  }
  const double top = 4, bottom = top + chart.row_height * static_cast<double>(chart.rows.size());
  const ChartAxis none;
  const Field field{.left = 18 + kLetter * static_cast<double>(longest),
                    .top = top,
                    .right = kWidth - 22 - kLetter * static_cast<double>(values),
                    .bottom = bottom,
                    .across = chart.x,
                    .up = none};
  std::string grid, words, svg;
  for (const ChartAxis::Tick& tick : chart.x.ticks)
    grid += fmt::format("M{:.1f} {:.1f}V{:.1f}", field.x(tick.at), top, bottom);
  for (std::size_t i = 0; i < chart.rows.size(); ++i) {
    const RowChart::Row& row = chart.rows[i];
    const double middle = top + chart.row_height * (static_cast<double>(i) + 0.5);
    const std::string label = shortened(row.label, kMost);
    words += label == row.label ? svg_text(field.left - 8, middle + 4, "end", label)
                                : "<g><title>" + record::text(row.label).markup + "</title>" +
                                      svg_text(field.left - 8, middle + 4, "end", label) + "</g>";
    if (!row.value.empty()) words += svg_text(kWidth - 12, middle + 4, "end", row.value);
    const double half = 0.36 * chart.row_height;
    std::map<ChartInk, std::string> paths;
    for (const RowChart::Piece& piece : row.pieces) {
      const double from = field.x(std::min(piece.from, piece.to)), to = field.x(std::max(piece.from, piece.to));
      if (!std::isfinite(piece.from) || !std::isfinite(piece.to)) continue;
      paths[piece.ink] += fmt::format("M{:.1f} {:.1f}H{:.1f}v{:.1f}H{:.1f}z", from, middle - half, to, 2 * half, from);
    }
    for (const auto& [ink, path] : paths)
      svg += fmt::format("<path d=\"{}\" style=\"fill:var({})\"/>", path, ink_variable(ink));
    std::vector<ChartPoint> at;
    for (const double each : row.dots) at.push_back({field.x(each), middle});
    svg += svg_dots(at, ChartInk::first, 6, 0.6);
    if (row.mark && std::isfinite(*row.mark)) {
      svg += fmt::format(
          "<path d=\"M{:.1f} {:.1f}v{:.1f}\" style=\"fill:none;stroke:var(--plot-second);stroke-width:3\"/>",
          field.x(*row.mark), middle - half, 2 * half);
    }
  }
  std::string across;
  if (chart.upright) across = fmt::format("M{:.1f} {:.1f}V{:.1f}", field.x(*chart.upright), bottom, top);
  return in_figure(chart_legend(legend),
                   svg_opening(chart.title, kWidth, bottom + room_below(chart.x)) +
                       fmt::format("<path d=\"{}\" style=\"fill:none;stroke:var(--plot-grid)\"/>{}\n", grid, words) +
                       dashed(across) + svg + axis_below(field) + "</svg>",
                   caption);
}

}  // namespace moola::work
