#include "tensorboard/canvas.h"

#include <png.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "srm/error.h"

namespace srm::tensorboard {
namespace {

// Letters of 6 x 9 pixels, a line of bits each, the left one highest.
struct Glyph {
  char letter;
  std::array<std::uint8_t, Canvas::kTextHeight> lines;
};
constexpr int kGlyphWidth = 6;
constexpr int kAdvance = 7;
constexpr std::array<Glyph, 14> kGlyphs = {{
    {'0', {0b011110, 0b110011, 0b110011, 0b110011, 0b110011, 0b110011, 0b110011, 0b110011, 0b011110}},
    {'1', {0b001100, 0b011100, 0b111100, 0b001100, 0b001100, 0b001100, 0b001100, 0b001100, 0b111111}},
    {'2', {0b011110, 0b110011, 0b000011, 0b000011, 0b000110, 0b001100, 0b011000, 0b110000, 0b111111}},
    {'3', {0b011110, 0b110011, 0b000011, 0b000011, 0b001110, 0b000011, 0b000011, 0b110011, 0b011110}},
    {'4', {0b000110, 0b001110, 0b011110, 0b110110, 0b110110, 0b111111, 0b000110, 0b000110, 0b000110}},
    {'5', {0b111111, 0b110000, 0b110000, 0b111110, 0b000011, 0b000011, 0b000011, 0b110011, 0b011110}},
    {'6', {0b011110, 0b110011, 0b110000, 0b110000, 0b111110, 0b110011, 0b110011, 0b110011, 0b011110}},
    {'7', {0b111111, 0b000011, 0b000011, 0b000110, 0b000110, 0b001100, 0b001100, 0b011000, 0b011000}},
    {'8', {0b011110, 0b110011, 0b110011, 0b110011, 0b011110, 0b110011, 0b110011, 0b110011, 0b011110}},
    {'9', {0b011110, 0b110011, 0b110011, 0b110011, 0b011111, 0b000011, 0b000011, 0b110011, 0b011110}},
    {'.', {0, 0, 0, 0, 0, 0, 0, 0b001100, 0b001100}},
    {'-', {0, 0, 0, 0, 0b111111, 0, 0, 0, 0}},
    {'%', {0b110001, 0b110011, 0b000110, 0b000110, 0b001100, 0b011000, 0b011000, 0b110011, 0b100011}},
    {'d', {0b011000, 0b100100, 0b100100, 0b011000, 0, 0, 0, 0, 0}},
}};

double distance_to_line(Point p, Point from, Point to) {
  const double dx = to.x - from.x, dy = to.y - from.y;
  const double length_squared = dx * dx + dy * dy;
  const double along = length_squared > 0 ? ((p.x - from.x) * dx + (p.y - from.y) * dy) / length_squared : 0;
  const double t = std::clamp(along, 0.0, 1.0);
  return std::hypot(p.x - from.x - t * dx, p.y - from.y - t * dy);
}

}  // namespace

Canvas::Canvas(int width, int height, Colour background) : width_(width), height_(height) {
  pixels_.reserve(static_cast<std::size_t>(3 * width * height));
  for (int k = 0; k < width * height; ++k) {
    pixels_.insert(pixels_.end(), {background.red, background.green, background.blue});
  }
}

void Canvas::blend(int x, int y, double share, Colour colour) {
  if (x < 0 || y < 0 || x >= width_ || y >= height_) return;
  const std::array<std::uint8_t, 3> wanted = {colour.red, colour.green, colour.blue};
  std::uint8_t* pixel = pixels_.data() + 3 * (y * width_ + x);
  for (std::size_t k = 0; k < 3; ++k) {
    pixel[k] = static_cast<std::uint8_t>(std::lround(pixel[k] + share * (wanted[k] - pixel[k])));
  }
}

void Canvas::line(Point from, Point to, double thickness, Colour colour) {
  const double reach = thickness / 2 + 1;
  const auto first = [&](double a, double b) { return static_cast<int>(std::floor(std::min(a, b) - reach)); };
  const auto last = [&](double a, double b) { return static_cast<int>(std::ceil(std::max(a, b) + reach)); };
  for (int y = std::max(0, first(from.y, to.y)); y <= std::min(height_ - 1, last(from.y, to.y)); ++y) {
    for (int x = std::max(0, first(from.x, to.x)); x <= std::min(width_ - 1, last(from.x, to.x)); ++x) {
      const double distance = distance_to_line({x + 0.5, y + 0.5}, from, to);
      const double share = std::clamp(thickness / 2 + 0.5 - distance, 0.0, 1.0);
      if (share > 0) blend(x, y, share, colour);
    }
  }
}

void Canvas::text(int left, int top, std::string_view letters, Colour colour) {
  for (const char letter : letters) {
    const auto glyph = std::find_if(kGlyphs.begin(), kGlyphs.end(), [&](const Glyph& g) { return g.letter == letter; });
    for (int y = 0; glyph != kGlyphs.end() && y < kTextHeight; ++y) {
      for (int x = 0; x < kGlyphWidth; ++x) {
        if (glyph->lines[static_cast<std::size_t>(y)] >> (kGlyphWidth - 1 - x) & 1) blend(left + x, top + y, 1, colour);
      }
    }
    left += kAdvance;
  }
}

int Canvas::text_width(std::string_view letters) {
  return letters.empty() ? 0 : kAdvance * static_cast<int>(letters.size()) - (kAdvance - kGlyphWidth);
}

std::string Canvas::png() const {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width_);
  image.height = static_cast<png_uint_32>(height_);
  image.format = PNG_FORMAT_RGB;
  png_alloc_size_t num_bytes = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string bytes(num_bytes, '\0');
  if (png_image_write_to_memory(&image, bytes.data(), &num_bytes, 0, pixels_.data(), 0, nullptr) == 0) {
    throw Error("tensorboard.png", "the picture must be possible to write", image.message, "free some memory");
  }
  bytes.resize(num_bytes);
  return bytes;
}

}  // namespace srm::tensorboard
