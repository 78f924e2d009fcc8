#pragma once
// Drawings of pages of results: markup of their own, in the colours of the page's style, with no other program
// asked. Points that are not finite are not drawn.
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "record/html.h"

namespace moola::work {

enum class ChartInk : std::uint8_t { first, second, third, pale, grey, alarm };

/// A block of an ink's colour and what it stands for. Nothing for an empty list.
record::Html chart_legend(const std::vector<std::pair<ChartInk, std::string>>& inks);

struct ChartAxis {
  struct Tick {
    double at;
    std::string label;
  };
  std::string label = {};
  double low = 0, high = 1;  // low < high
  std::vector<Tick> ticks = {};
  bool logarithmic = false;
};
/// 0 at the low end of the axis, 1 at the high one; beyond them for values beyond it.
double place_on(const ChartAxis& axis, double value);

/// What lies between `low` and `high`, out to round numbers, and around `low` where `high` is no further. Room for
/// about `most` of them. No axis goes beyond 1e300.
ChartAxis number_axis(std::string label, double low, double high, std::size_t most = 7);
/// The same by factors; `low` above 0.
ChartAxis factor_axis(std::string label, double low, double high);
/// From 0 to `last`, which need not be round: of things that are counted, with ticks at whole numbers.
ChartAxis count_axis(std::string label, double last, std::size_t most = 8);
/// Nanoseconds UTC, with ticks where years, months, days or hours begin; at most `most` + 1 of them.
ChartAxis time_axis(double first, double last, std::size_t most = 9);

/// The lowest and the highest finite value that was taken.
struct ChartExtent {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  void take(double value);
  bool empty() const { return low > high; }
};

struct ChartPoint {
  double x = 0, y = 0;
};

/// Lines break where a point is not finite.
struct ChartLine {
  std::string label;  // empty: not in the legend
  ChartInk ink = ChartInk::first;
  std::vector<ChartPoint> points = {};
  bool steps = false;      // level until the next point
  bool filled = false;     // down or up to 0
  bool of_second = false;  // thin, and drawn first
  double opacity = 1;
};
struct ChartDots {
  std::string label;
  ChartInk ink = ChartInk::first;
  std::vector<ChartPoint> points = {};
  double size = 3.5, opacity = 0.5;
};
struct ChartBars {
  std::string label;
  ChartInk ink = ChartInk::first;
  struct Bar {
    double from, to, low, high;
  };
  std::vector<Bar> bars = {};
};

/// Coloured cells below everything else, such as a map's.
struct ChartShades {
  ChartInk ink = ChartInk::first;
  struct Cell {
    double left, right, bottom, top;
    double strength;  // 0: paper, 1: the ink
  };
  std::vector<Cell> cells = {};
};

struct Chart {
  std::string title;  // for readers who cannot see it
  ChartAxis x, y;
  std::vector<ChartLine> lines = {};
  std::vector<ChartDots> dots = {};
  std::vector<ChartBars> bars = {};
  std::vector<double> upright = {}, level = {};  // dashed, across all of it
  double height = 300;
  double width = 840;
  ChartShades shades = {};
};
/// The drawing alone: for several side by side.
record::Html chart_drawing(const Chart& chart);
record::Html chart_figure(const Chart& chart, std::string_view caption);

/// A line for each thing, all on one axis.
struct RowChart {
  struct Piece {
    double from, to;
    ChartInk ink = ChartInk::first;
  };
  struct Row {
    std::string label;
    std::vector<Piece> pieces = {};
    std::vector<double> dots = {};
    std::optional<double> mark = {};
    std::string value = {};  // behind the line
  };
  std::string title;
  ChartAxis x;
  std::vector<Row> rows = {};
  std::optional<double> upright = {};
  double row_height = 20;
};
record::Html row_chart_figure(const RowChart& chart, const std::vector<std::pair<ChartInk, std::string>>& legend,
                              std::string_view caption);

}  // namespace moola::work
