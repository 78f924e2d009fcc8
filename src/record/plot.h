#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace moola::record {

/// One line of a plot. A NaN breaks the line; a series of one point is drawn as a dot.
struct Series {
  enum class Role {
    first,  // the strongest colour: what the plot is about
    second,
    third,
    backdrop,  // thin and pale: the raw values behind a smoothed line
  };
  std::string label;
  Role role = Role::first;
  std::vector<double> x = {}, y = {};  // equally long
};

/// A dashed level across the plot, labelled with its value.
struct Baseline {
  std::string label;
  double y;
};

struct Plot {
  std::string name;              // of the files: letters, digits and '_'
  std::string title;             // for readers who can't see it
  std::string x_label, y_label;  // with units: "throughput, windows/s"
  bool log_y = false;            // ignored where a value is not positive
  bool from_zero = false;        // the y axis begins at 0
  std::vector<Series> series = {};
  std::vector<Baseline> baselines = {};
  int width = 840, height = 340;
};

struct Drawing {
  std::string svg;      // to be put into a page as it is; empty when it could not be drawn
  std::string problem;  // why not, and what to do about it
};

/// Draws with gnuplot into `folder`: NAME.svg (stands alone, light and dark) and NAME.tsv (every point of every
/// series).
///
/// Colours are CSS variables, --plot-first and the like, with defaults for light paper; a page may set its own. Series
/// are thinned to the lowest and highest point per pixel before drawing, so that a million points cost what a thousand
/// do and no spike is lost. A missing or failing gnuplot is no error: `problem` says so, the data file is written all
/// the same. Throws IoError when `folder` can't be written to, std::invalid_argument for a series whose x and y differ
/// in length.
Drawing draw(const Plot& plot, const std::filesystem::path& folder);

/// At most about 4 points per column: the first, lowest, highest and last of each of `columns` equal parts of the x
/// range, in order. Points need not be sorted by x (a column is a run of neighbours in the same part). Short series
/// come back as they are.
Series thinned(const Series& series, std::size_t columns);

/// The mean over `width` neighbours, centred; at the ends over those there are. NaN where the window has none. Cost
/// O(n).
std::vector<double> smoothed(const std::vector<double>& values, std::size_t width);

/// A number as a reader wants it: 3 to 4 significant digits, no exponent between 0.0001 and 999,999: "0.0123", "1,234",
/// "2.1e-7".
std::string readable(double value);

}  // namespace moola::record
