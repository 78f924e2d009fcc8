#include "record/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/subprocess.h"

namespace moola::record {
namespace {

namespace fs = std::filesystem;

// gnuplot draws in marker colours #0102NN, which become CSS variables afterwards: it knows no style sheets.
struct Ink {
  int marker;
  const char* variable;
  const char* on_paper;
};
constexpr Ink kFirst{1, "--plot-first", "#1f5fd0"}, kSecond{2, "--plot-second", "#d9570a"},
    kThird{3, "--plot-third", "#0f8a5f"}, kBackdrop{4, "--plot-backdrop", "#a9c4f2"},
    kAxis{5, "--plot-axis", "#8a94a3"}, kGrid{6, "--plot-grid", "#e4e8ee"}, kText{7, "--plot-text", "#4a5361"},
    kBaseline{8, "--plot-baseline", "#6b7280"};
constexpr Ink kInks[] = {kFirst, kSecond, kThird, kBackdrop, kAxis, kGrid, kText, kBaseline};

std::string colour(const Ink& ink) {
  return fmt::format("rgb '#0102{:02x}'", ink.marker);
}

const Ink& ink_of(Series::Role role) {
  switch (role) {
    case Series::Role::first:
      return kFirst;
    case Series::Role::second:
      return kSecond;
    case Series::Role::third:
      return kThird;
    case Series::Role::backdrop:
      return kBackdrop;
  }
  return kFirst;
}

// A text for gnuplot: in single quotes nothing is substituted or escaped, and a quote is doubled.
std::string gnuplot_text(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "''";
    else
      out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + "'";
}

struct Extent {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  void take(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return low > high; }
};

std::string number(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : "NaN";
}

std::string raw_data(const Plot& plot) {
  std::string out = "series\t" + plot.x_label + "\t" + plot.y_label + "\n";
  for (const Series& series : plot.series) {
    // In the drawing a lone line needs no name, and a pale one behind another has none.
    const std::string& name = series.label.empty() ? plot.title : series.label;
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      out += fmt::format("{}\t{}\t{}\n", name, number(series.x[i]), number(series.y[i]));
    }
  }
  for (const Baseline& baseline : plot.baselines) out += fmt::format("{}\t\t{}\n", baseline.label, number(baseline.y));
  return out;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

// gnuplot's file without prolog, with our colours, and with names that do not clash with another drawing on the same
// page.
std::string for_page(std::string svg, const Plot& plot) {
  svg.erase(0, std::min(svg.find("<svg"), svg.size()));
  for (const Ink& ink : kInks) {
    const std::string variable = fmt::format("var({},{})", ink.variable, ink.on_paper);
    replace_all(svg, fmt::format("rgb(  1,   2, {:3})", ink.marker), variable);
    replace_all(svg, fmt::format("rgb(1,2,{})", ink.marker), variable);
  }
  for (const char* id : {"gnuplot_canvas", "gpDot", "gpPt", "textbox", "greybox"}) {
    for (const char* before : {"id='", "id=\"", "href='#", "href=\"#"}) {
      replace_all(svg, std::string(before) + id, std::string(before) + plot.name + "-" + id);
    }
  }
  if (const std::size_t desc = svg.find("<desc>"); desc != std::string::npos)
    svg.erase(desc, svg.find("</desc>") + 7 - desc);
  replace_all(svg, " font-family=\"Arial\"", "");
  svg.insert(
      4, " role=\"img\" font-family=\"system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif\"");
  return svg;
}

std::string standing_alone(std::string svg) {
  const std::size_t open = svg.find('>');
  svg.insert(
      open + 1,
      "\n<style>svg{background:#fff}@media (prefers-color-scheme:dark){svg{background:#12161d;--plot-first:#7ba9ff;"
      "--plot-second:#ff9d5c;--plot-third:#4fd1a0;--plot-backdrop:#33486e;--plot-axis:#6b7686;--plot-grid:#242b36;"
      "--plot-text:#aeb7c4;--plot-baseline:#98a2b0}}</style>\n");
  return "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n" + svg;
}

// Labels beside the right edge, pushed apart where levels are close; in the axis' own scale from 0 (bottom) to 1.
std::vector<double> label_heights(std::vector<double> heights, double gap) {
  std::vector<std::size_t> order(heights.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return heights[a] < heights[b]; });
  for (std::size_t k = 1; k < order.size(); ++k) {
    heights[order[k]] = std::max(heights[order[k]], heights[order[k - 1]] + gap);
  }
  double ceiling = 1;
  for (std::size_t k = order.size(); k-- > 0;) {
    heights[order[k]] = std::min(heights[order[k]], ceiling);
    ceiling = heights[order[k]] - gap;
  }
  return heights;
}

// gnuplot labels powers of ten alone, of which a decade and a half holds one or none: name the values between them.
// `low` and `high` are powers of ten.
std::string log_ticks(double low, double high) {
  std::vector<double> values;
  if (high - low < 0.3) {  // nearly linear
    const double from = std::pow(10.0, low), to = std::pow(10.0, high), rough = (to - from) / 5;
    const double unit = std::pow(10.0, std::floor(std::log10(rough))), times = rough / unit;
    const double step = unit * (times < 1.5 ? 1 : times < 3.5 ? 2 : times < 7.5 ? 5 : 10);
    for (double k = std::ceil(from / step); k * step <= to; ++k) values.push_back(k * step);
  } else {
    const std::vector<double> digits =
        high - low < 0.9 ? std::vector<double>{1, 1.5, 2, 3, 4, 5, 7} : std::vector<double>{1, 2, 5};
    for (double decade = std::floor(low); decade <= std::ceil(high); ++decade) {
      for (const double digit : digits) values.push_back(digit * std::pow(10.0, decade));
    }
  }
  std::string out;
  for (const double value : values) out += fmt::format("{}'{}' {}", out.empty() ? "" : ", ", readable(value), value);
  return "set ytics (" + out + ")\n";
}

std::string script(const Plot& plot) {
  Extent xs, ys;
  bool all_positive = true;
  std::vector<Series> drawn;
  for (const Series& series : plot.series) {
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      if (!std::isfinite(series.y[i]) || !std::isfinite(series.x[i])) continue;
      xs.take(series.x[i]);
      ys.take(series.y[i]);
    }
    drawn.push_back(thinned(series, static_cast<std::size_t>(plot.width)));
  }
  for (const Baseline& baseline : plot.baselines) ys.take(baseline.y);
  if (xs.empty() || ys.empty()) return "";
  all_positive = ys.low > 0;
  const bool log_y = plot.log_y && all_positive;
  if (plot.from_zero) ys.low = std::min(ys.low, 0.0);
  const auto scaled = [&](double y) { return log_y ? std::log10(y) : y; };
  double low = scaled(ys.low), high = scaled(ys.high);
  const double margin = high > low ? 0.06 * (high - low) : log_y ? 0.1 : std::max(std::abs(high) * 0.1, 1e-12);
  if (!(plot.from_zero && ys.low == 0)) low -= margin;
  high += margin;
  const double x_margin = xs.high > xs.low ? 0 : std::max(1.0, std::abs(xs.high) * 0.5);

  std::string out = fmt::format("set terminal svg size {},{} dynamic font 'Arial,13' name {}\n", plot.width,
                                plot.height, gnuplot_text(plot.name));
  out += "set encoding utf8\nset lmargin 10\nset bmargin 3.3\nset border 1 lc " + colour(kAxis) + "\n";
  out += "set xtics nomirror out scale 0.5 textcolor " + colour(kText) + "\nset format x '%.8g'\n";
  out += "set ytics nomirror scale 0 textcolor " + colour(kText) + "\nset format y '%.8g'\n";
  out += "set grid ytics lt 1 lw 1 dt solid lc " + colour(kGrid) + "\n";
  out += fmt::format("set xlabel {} noenhanced offset 0,0.4 textcolor {}\nset ylabel {} noenhanced textcolor {}\n",
                     gnuplot_text(plot.x_label), colour(kText), gnuplot_text(plot.y_label), colour(kText));
  out += fmt::format("set key above left Left reverse horizontal maxrows 1 samplen 2 width 1 noenhanced textcolor {}\n",
                     colour(kText));
  const auto back = [&](double value) { return log_y ? std::pow(10.0, value) : value; };
  if (log_y) {
    out += "set logscale y\n";
    if (high - low < 1.5) out += log_ticks(low, high);
  }
  out += fmt::format("set xrange [{}:{}]\nset yrange [{}:{}]\n", xs.low - x_margin, xs.high + x_margin, back(low),
                     back(high));
  if (!plot.baselines.empty()) {
    std::size_t longest = 0;
    std::vector<double> heights;
    for (const Baseline& baseline : plot.baselines) {
      longest = std::max(longest, baseline.label.size() + 1 + readable(baseline.y).size());
      heights.push_back((scaled(baseline.y) - low) / (high - low));
    }
    heights = label_heights(heights, 15.0 / (plot.height - 90));
    out += fmt::format("set rmargin {}\n", longest + 2);
    for (std::size_t i = 0; i < plot.baselines.size(); ++i) {
      const Baseline& baseline = plot.baselines[i];
      out += fmt::format("set label {} {} at graph 1.01, graph {} left noenhanced textcolor {}\n", i + 1,
                         gnuplot_text(baseline.label + " " + readable(baseline.y)), heights[i], colour(kBaseline));
      out += fmt::format("set arrow {} from graph 0, first {} to graph 1, first {} nohead back lw 1.3 dt (6,5) lc {}\n",
                         i + 1, baseline.y, baseline.y, colour(kBaseline));
    }
  } else {
    out += "set rmargin 3\n";
  }
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    out += fmt::format("$d{} << EOD\n", i);
    for (std::size_t k = 0; k < drawn[i].x.size(); ++k) {
      // An empty line breaks the line that is drawn.
      out += std::isfinite(drawn[i].y[k]) ? fmt::format("{} {}\n", drawn[i].x[k], drawn[i].y[k]) : "\n";
    }
    out += "EOD\n";
  }
  out += "plot ";
  bool first = true;
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    const auto points = std::count_if(drawn[i].y.begin(), drawn[i].y.end(), [](double y) { return std::isfinite(y); });
    if (points == 0) continue;
    const bool backdrop = drawn[i].role == Series::Role::backdrop;
    out +=
        fmt::format("{}$d{} using 1:2 with {} lw {} lc {} {}", first ? "" : ", ", i,
                    points == 1 ? "points pt 7 ps 0.7" : "lines", backdrop ? 1.0 : 2.0, colour(ink_of(drawn[i].role)),
                    drawn[i].label.empty() ? "notitle" : "title " + gnuplot_text(drawn[i].label));
    first = false;
  }
  return out + "\n";
}

}  // namespace

Series thinned(const Series& series, std::size_t columns) {
  if (series.x.size() <= 4 * columns) return series;
  Extent range;
  for (const double x : series.x) range.take(x);
  if (range.empty() || range.low == range.high) return series;
  const double scale = static_cast<double>(columns) / (range.high - range.low);
  const auto column = [&](std::size_t i) {
    return std::isfinite(series.x[i]) && std::isfinite(series.y[i])
               ? std::optional(std::floor((series.x[i] - range.low) * scale))
               : std::nullopt;
  };
  Series out{series.label, series.role, {}, {}};
  for (std::size_t begin = 0; begin < series.x.size();) {
    const auto here = column(begin);
    std::size_t end = begin + 1, low = begin, high = begin;
    while (end < series.x.size() && column(end) == here) {
      if (here) {
        if (series.y[end] < series.y[low]) low = end;
        if (series.y[end] > series.y[high]) high = end;
      }
      ++end;
    }
    std::vector<std::size_t> kept{begin, low, high, end - 1};
    std::sort(kept.begin(), kept.end());
    kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
    if (!here) kept = {begin};  // one break is as good as many
    for (const std::size_t i : kept) {
      out.x.push_back(series.x[i]);
      out.y.push_back(series.y[i]);
    }
    begin = end;
  }
  return out;
}

std::vector<double> smoothed(const std::vector<double>& values, std::size_t width) {
  const std::size_t n = values.size(), half = width / 2;
  // Prefix sums over what is finite.
  std::vector<double> sums(n + 1, 0);
  std::vector<std::size_t> counts(n + 1, 0);
  for (std::size_t i = 0; i < n; ++i) {
    const bool finite = std::isfinite(values[i]);
    sums[i + 1] = sums[i] + (finite ? values[i] : 0);
    counts[i + 1] = counts[i] + (finite ? 1 : 0);
  }
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t begin = i > half ? i - half : 0, end = std::min(n, i + half + 1);
    const std::size_t count = counts[end] - counts[begin];
    out[i] =
        count == 0 ? std::numeric_limits<double>::quiet_NaN() : (sums[end] - sums[begin]) / static_cast<double>(count);
  }
  return out;
}

std::string readable(double value) {
  if (std::isnan(value)) return "not a number";
  if (std::isinf(value)) return value > 0 ? "infinite" : "−infinite";
  const double size = std::abs(value);
  if (size != 0 && (size < 1e-4 || size >= 1e15)) return fmt::format("{:.3g}", value);
  if (size < 1000) {
    // Three significant digits, and no zeros that say nothing.
    return fmt::format("{}", std::strtod(fmt::format("{:.3g}", value).c_str(), nullptr));
  }
  std::string digits = fmt::format("{:.0f}", size);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return (value < 0 ? "-" : "") + digits;
}

Drawing draw(const Plot& plot, const fs::path& folder) {
  for (const Series& series : plot.series) {
    if (series.x.size() != series.y.size()) {
      throw std::invalid_argument("a series needs as many x as y: " + series.label);
    }
  }
  create_folders(folder);
  write_file(folder / (plot.name + ".tsv"), raw_data(plot));
  const std::string commands = script(plot);
  if (commands.empty()) return {"", "no points have been recorded for this plot"};
  if (!find_program("gnuplot")) {
    return {"", fmt::format("gnuplot is not installed, so this plot was not drawn; its data are in plots/{}.tsv. On "
                            "Debian: apt-get install "
                            "gnuplot-nox, then moola runs report RUN.",
                            plot.name)};
  }
  ProcessResult result;
  try {
    result = run_process({"gnuplot", "--default-settings"}, commands);
  } catch (const IoError& error) {
    return {"", fmt::format("gnuplot could not be started: {}", error.what())};
  }
  if (result.exit_code != 0 || result.output.find("</svg>") == std::string::npos) {
    return {"", fmt::format("gnuplot did not draw this plot (exit {}): {}", result.exit_code,
                            result.errors.substr(0, 400))};
  }
  Drawing out{for_page(std::move(result.output), plot), ""};
  write_file(folder / (plot.name + ".svg"), standing_alone(out.svg));
  return out;
}

}  // namespace moola::record
