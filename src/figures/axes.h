#pragma once

#include <functional>
#include <string>
#include <vector>

#include "figures/pen.h"

namespace srm::figures {

/// A straight mapping of values onto places: `low` at `low_place`, `high` at `high_place`.
struct Scale {
  double low = 0, high = 1;
  double low_place = 0, high_place = 1;

  double operator()(double value) const;
};

/// Multiples of 1, 2, 2.5 or 5 times a power of ten in [low, high], `most` (2 or more) at the most; none unless low <
/// high, both finite.
std::vector<double> nice_ticks(double low, double high, int most);
/// The ticks as text, with as many digits as tell them apart and a true minus.
std::vector<std::string> tick_texts(const std::vector<double>& ticks);
/// A score with so many digits behind the point and a true minus; "-" where it is not defined.
std::string shown_score(double score, int digits = 3);

/// An axis: ticks where `texts` stand. `names` stand below them, see Pen::symbol(); as many as ticks or none.
struct Axis {
  Scale scale;
  std::vector<double> ticks = {};
  std::vector<std::string> texts = {};
  std::vector<std::string> names = {};
};

/// An axis from `low` to `high` with nice ticks; where both are the same or not finite, around them.
Axis value_axis(double low, double high, double low_place, double high_place, int most_ticks);

/// Lines on the left and below the box, with ticks and their texts, and faint lines across the box at the ticks of `y`.
void draw_frame(Pen& pen, const Box& box, const Axis& x, const Axis& y);
/// What the left axis measures, beside its tick texts; at the left edge of the figure.
void draw_side_label(Pen& pen, const Box& box, const std::string& words);

/// What a mark in a figure stands for.
struct LegendItem {
  std::string words;  ///< see Pen::symbol() unless `is_name`
  Colour colour;
  enum class Mark { kLine, kDashed, kBand } mark = Mark::kLine;
  bool is_name = false;
};

/// Puts the items side by side in lines of at most `width`, the first line's baseline at `at`; returns how high the
/// lines are together. Without `is_drawn` it only measures.
double draw_legend(Pen& pen, Point at, double width, const std::vector<LegendItem>& items, bool is_drawn = true);

/// A bar of colours from left to right with ticks below; `colour_of` is given the values that the ends of the scale
/// stand for, and all between.
void draw_colour_bar(Pen& pen, const Box& box, const Axis& axis, const std::function<Colour(double value)>& colour_of);

}  // namespace srm::figures
