#pragma once

#include <functional>
#include <string>

#include "figures/pen.h"

namespace srm::figures {

/// How wide a figure is that fills a column of a paper, or a page, and how high most are; in points.
constexpr double kColumnWidth = 245;  // 3.4 inch
constexpr double kPageWidth = 504;    // 7 inch
constexpr double kUsualHeight = 173;  // 2.4 inch
/// Kept free on the left and right, and the baseline of what stands below the title.
constexpr double kEdge = 8;
constexpr double kSecondLine = 22.5;
/// Of a band around a line, in the line's colour.
constexpr double kBandOpacity = 0.18;

/// Something that can be drawn, on white paper.
struct Figure {
  double width = kColumnWidth, height = kUsualHeight;
  std::string title;        ///< text; so is the next
  std::string description;  ///< for those who cannot see it
  std::function<void(Pen&)> draw;
};

/// The figure as an SVG file that has its title and description in it; letters are outlines. Equal figures give equal
/// bytes where fonts and Cairo are the same. Throws srm::Error when Cairo fails.
std::string svg_of(const Figure& figure);

/// As a PNG file with kPixelsPerPoint pixels a point, 288 an inch; fewer where a side would be longer than 32767.
std::string png_of(const Figure& figure);
constexpr double kPixelsPerPoint = 4;

/// How wide a text will be, for a figure whose size depends on it.
double text_width(const std::string& words, double size = kTextSize);

/// A figure that has words in place of a drawing.
Figure words_figure(const std::string& title, const std::string& words);

}  // namespace srm::figures
