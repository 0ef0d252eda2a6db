#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace srm::report {

/// ANSI colours, or nothing.
struct Paint {
  bool colour = false;
  std::string heading(std::string_view text) const { return with("1", text); }
  std::string warning(std::string_view text) const { return with("33", text); }
  std::string curve(std::string_view text) const { return with("36", text); }
  std::string with(std::string_view code, std::string_view text) const;
};

/// A name as a terminal may show it: control characters, broken UTF-8 and (without `unicode`) all that is not ASCII
/// become \xNN.
std::string terminal_text(std::string_view name, bool unicode);
/// Code points of valid UTF-8, which is what most terminals give a column each.
int num_columns(std::string_view text);
/// `text` filled up or, with its middle left out, cut to `width` columns: the ends of a path tell it apart.
std::string fit(std::string_view text, int width, bool unicode);

/// The largest of the values nearest to each of `columns` equally spaced angles from 0, of a curve whose first
/// `num_distinct` values are all its directions.
std::vector<double> column_peaks(std::span<const double> curve, std::int64_t num_distinct, int columns);
/// One line, a character a value, from zero (a blank) to the largest value; the lowest mark stands for "not zero".
std::string sparkline(std::span<const double> values, bool unicode);
/// `num_lines` lines from top to bottom, a column a value, as high as the largest value.
std::vector<std::string> bar_chart(std::span<const double> values, int num_lines, bool unicode);

}  // namespace srm::report
