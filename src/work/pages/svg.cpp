#include "work/pages/svg.h"

#include <fmt/format.h>

#include <cmath>

#include "record/html.h"

namespace moola::work {

const char* ink_variable(ChartInk ink) {
  switch (ink) {
    case ChartInk::first:
      return "--plot-first";
    case ChartInk::second:
      return "--plot-second";
    case ChartInk::third:
      return "--plot-third";
    case ChartInk::pale:
      return "--plot-backdrop";
    case ChartInk::grey:
      return "--plot-baseline";
    case ChartInk::alarm:
      return "--bad";
  }
  return "--plot-first";
}

std::string svg_text(double x, double y, const char* anchor, std::string_view words, std::string_view more) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>", x, y, anchor, more,
                     record::text(words).markup);
}

std::string svg_opening(std::string_view title, double width, double height) {
  return fmt::format(
      "<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\" "
      "font-family=\"system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif\" font-size=\"12\" "
      "style=\"fill:var(--plot-text);max-height:none\">\n",
      width, height, record::text(title).markup);
}

// A line of no length with round ends is a dot: all of them are one path.
std::string svg_dots(const std::vector<ChartPoint>& at, ChartInk ink, double size, double opacity) {
  std::string path;
  for (const ChartPoint& each : at) {
    if (std::isfinite(each.x) && std::isfinite(each.y)) path += fmt::format("M{:.1f} {:.1f}h0", each.x, each.y);
  }
  if (path.empty()) return "";
  return fmt::format(
      "<path d=\"{}\" style=\"fill:none;stroke:var({});stroke-width:{};stroke-linecap:round;stroke-opacity:{}\"/>\n",
      path, ink_variable(ink), size, opacity);
}

}  // namespace moola::work
