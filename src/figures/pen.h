#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "figures/palette.h"

struct _cairo;

namespace srm::figures {

/// A place in points (1/72 inch) from the upper left corner of a figure, y downwards.
struct Point {
  double x = 0, y = 0;
};

/// A rectangle in points.
struct Box {
  double left = 0, top = 0, width = 0, height = 0;
  double right() const { return left + width; }
  double bottom() const { return top + height; }
  double middle_x() const { return left + width / 2; }
  double middle_y() const { return top + height / 2; }
};

struct Stroke {
  Colour colour = kInk;
  double width = 0.8;
  std::vector<double> dashes = {};  ///< lengths on and off; none: a whole line
};

enum class Anchor { kStart, kMiddle, kEnd };

/// Sizes of letters in points; journals ask for 7 at least.
constexpr double kTextSize = 7;
constexpr double kTitleSize = 8;

struct TextLook {
  Colour colour = kInk;
  double size = kTextSize;
  Anchor anchor = Anchor::kStart;
  bool is_upright = false;  ///< read from bottom to top
};

/// Draws on whatever surface its context has; see Figure. Text is UTF-8: names go through shown_name() before.
class Pen {
 public:
  explicit Pen(_cairo* context) : context_(context) {}

  /// A line through points; a point that is not finite breaks it.
  void line(std::span<const Point> path, const Stroke& stroke);
  void line(Point from, Point to, const Stroke& stroke);
  void circle(Point middle, double radius, const Stroke& stroke);
  void dot(Point middle, double radius, Colour colour);
  void fill(std::span<const Point> polygon, Colour colour);
  void fill(const Box& box, Colour colour);
  void outline(const Box& box, const Stroke& stroke);
  /// Cells of equal size from the upper left corner on, row by row; nothing is interpolated between them.
  void cells(const Box& box, std::span<const Colour> colours, int num_columns);

  /// `at` is on the baseline, at the start, middle or end of the text.
  void text(Point at, std::string_view words, const TextLook& look = {});
  double text_width(std::string_view words, double size = kTextSize) const;
  /// The same for words of this program: the letters behind an underscore are lowered, as in "+b_i".
  void symbol(Point at, std::string_view words, const TextLook& look = {});
  double symbol_width(std::string_view words, double size = kTextSize) const;
  /// `words` or, behind an ellipsis, as much of its end as takes `width`: the end of a path tells most.
  std::string fitted(std::string_view words, double width, double size = kTextSize) const;
  /// Lines of words that are no wider than `width`, where no word is.
  std::vector<std::string> wrapped(std::string_view words, double width, double size = kTextSize) const;

  /// What is drawn while it lives stays inside the box.
  class Clip {
   public:
    Clip(Pen& pen, const Box& box);
    ~Clip();
    Clip(const Clip&) = delete;
    Clip& operator=(const Clip&) = delete;

   private:
    _cairo* context_;
  };

 private:
  void set(Colour colour);
  void stroke(const Stroke& stroke);

  _cairo* context_;
};

/// A name from a model or a file as text that can be drawn: broken UTF-8 and control characters become \xNN.
std::string shown_name(std::string_view name);

}  // namespace srm::figures
