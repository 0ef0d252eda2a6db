#pragma once

#include <string>
#include <vector>

#include "report/console_text.h"

namespace srm::report {

/// A line of a chart, without blanks at its end, and how many columns it takes, colours not counted.
struct ChartLine {
  std::string text;
  int num_columns = 0;
};

/// Curves over the angle in one chart of `num_lines` lines and `num_columns` columns, from zero at the bottom to `top`,
/// which is above 0: in Braille, two by four dots a character, in the colour of the curve that came there first; in
/// ASCII a character a column, each curve by its own mark, which is drawn over those before it. Each of `curves` has 2
/// * num_columns values.
std::vector<ChartLine> dotted_chart(const std::vector<std::vector<double>>& curves, double top, int num_lines,
                                    int num_columns, bool unicode, const Paint& paint);

/// At which of the lines, from the top, it draws a value.
int line_of(double value, double top, int num_lines, bool unicode);

/// The text in the colour that the curve of that index has in a chart.
std::string in_curve_colour(std::size_t index, std::string_view text, const Paint& paint);
/// What the curve of that index is made of in ASCII, or a short line.
std::string curve_mark(std::size_t index, bool unicode);

}  // namespace srm::report
