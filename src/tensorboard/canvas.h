// PRIVATE: a picture of few parts, for the curves that TensorBoard shows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace srm::tensorboard {

struct Colour {
  std::uint8_t red = 0, green = 0, blue = 0;
};

/// Place in pixels from the upper left corner; the middle of the first pixel is (0.5, 0.5).
struct Point {
  double x = 0, y = 0;
};

class Canvas {
 public:
  Canvas(int width, int height, Colour background);

  int width() const { return width_; }
  int height() const { return height_; }

  /// A line with round ends and soft edges; what is outside the picture is left out.
  void line(Point from, Point to, double thickness, Colour colour);
  /// Digits, '.', '%', '-', and 'd' for degrees, kTextHeight pixels high; others are blanks.
  void text(int left, int top, std::string_view letters, Colour colour);
  static int text_width(std::string_view letters);
  static constexpr int kTextHeight = 9;

  /// The picture as a PNG file, RGB with 8 bits each.
  std::string png() const;

 private:
  void blend(int x, int y, double share, Colour colour);

  int width_;
  int height_;
  std::vector<std::uint8_t> pixels_;  // (height, width, 3)
};

}  // namespace srm::tensorboard
