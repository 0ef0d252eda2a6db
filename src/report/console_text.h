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
/// Several names filled up or cut likewise, so that they stay apart as far as can be: where one is too long, all lose
/// the folder that they share, and then the same part of the middle.
std::vector<std::string> fit_names(const std::vector<std::string>& names, int width, bool unicode);

/// `text` in lines of at most `width` columns, all but the first with `indent`; a longer word has a line of its own.
/// Lines end in \n.
std::string wrapped(std::string_view text, int width, std::string_view indent);

/// A column of a table.
struct Column {
  std::string heading;
  int goes = 0;          ///< where the terminal is narrow, the lowest first; 0: it stays
  bool is_text = false;  ///< on the left, else on the right
  std::vector<std::string> cells = {};

  int width() const;
  bool has_text() const;  ///< in any of its cells
  /// One of its cells, or its heading, filled up to its width.
  std::string filled(std::string_view cell) const;
};

/// Of columns side by side, each behind a gap of two.
int total_width(const std::vector<Column>& columns);

/// Takes those columns away that can best be missed, up to those that go at `last_to_go`, until `least` columns of
/// `width` are left beside the others.
void make_room(std::vector<Column>& columns, int width, int least, int last_to_go);

/// A score, or "-" where it is not defined.
std::string score_text(double score);
/// A fraction in six characters at the most.
std::string short_percent(double fraction);

/// The largest of the values nearest to each of `columns` equally spaced angles from 0, of a curve whose first
/// `num_distinct` values are all its directions.
std::vector<double> column_peaks(std::span<const double> curve, std::int64_t num_distinct, int columns);
/// One line, a character a value, from zero (a blank) to the largest value; the lowest mark stands for "not zero".
std::string sparkline(std::span<const double> values, bool unicode);
/// `num_lines` lines from top to bottom, a column a value, as high as the largest value.
std::vector<std::string> bar_chart(std::span<const double> values, int num_lines, bool unicode);

}  // namespace srm::report
