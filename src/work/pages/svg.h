#pragma once
// What drawings in a page are made of.
#include <string>
#include <string_view>
#include <vector>

#include "work/pages/report_chart.h"

namespace moola::work {

/// The variable of the page's style that holds an ink's colour.
const char* ink_variable(ChartInk ink);

/// The begin of a drawing, in units of its own; "</svg>" ends it. `title` is for readers who cannot see it.
std::string svg_opening(std::string_view title, double width, double height);

/// Words at a place, escaped; `anchor` is start, middle or end, `more` further attributes.
std::string svg_text(double x, double y, const char* anchor, std::string_view words, std::string_view more = "");

/// Round dots in a drawing's own units; nothing where there is none.
std::string svg_dots(const std::vector<ChartPoint>& at, ChartInk ink, double size, double opacity);

}  // namespace moola::work
