#include "figures/pen.h"

#include <cairo.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <memory>
#include <numbers>

#include "report/console_text.h"

namespace srm::figures {
namespace {

constexpr double kLoweredSize = 0.75;  // of letters behind an underscore
constexpr double kLoweredBy = 0.22;    // of the size of the others

// Each cell of a map is drawn this many pixels wide and high, so that a viewer that smooths pictures blurs its edges
// alone.
constexpr int kCellPixels = 8;
constexpr int kMostPixels = 32767;  // of a picture's side, by Cairo

void select_font(cairo_t* context, double size) {
  cairo_select_font_face(context, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(context, size);
}

// The parts of "+b_i": letters, and whether they are lowered.
struct Part {
  std::string_view letters;
  bool is_lowered;
};
std::vector<Part> parts_of(std::string_view words) {
  std::vector<Part> parts;
  while (!words.empty()) {
    const std::size_t mark = words.find('_');
    if (mark != 0) parts.push_back({words.substr(0, mark), false});
    if (mark == std::string_view::npos) break;
    words.remove_prefix(mark + 1);
    std::size_t length = 0;
    while (length < words.size() && std::isalnum(static_cast<unsigned char>(words[length]))) ++length;
    parts.push_back({words.substr(0, length), true});
    words.remove_prefix(length);
  }
  return parts;
}

}  // namespace

void Pen::set(Colour colour) { cairo_set_source_rgba(context_, colour.red, colour.green, colour.blue, colour.alpha); }

void Pen::stroke(const Stroke& stroke) {
  set(stroke.colour);
  cairo_set_line_width(context_, stroke.width);
  cairo_set_line_join(context_, CAIRO_LINE_JOIN_ROUND);
  cairo_set_dash(context_, stroke.dashes.data(), static_cast<int>(stroke.dashes.size()), 0);
  cairo_stroke(context_);
}

void Pen::line(std::span<const Point> path, const Stroke& look) {
  bool goes_on = false;
  for (const auto& [x, y] : path) {
    const bool is_place = std::isfinite(x) && std::isfinite(y);
    if (is_place && goes_on) cairo_line_to(context_, x, y);
    if (is_place && !goes_on) cairo_move_to(context_, x, y);
    goes_on = is_place;
  }
  stroke(look);
}

void Pen::line(Point from, Point to, const Stroke& look) {
  cairo_move_to(context_, from.x, from.y);
  cairo_line_to(context_, to.x, to.y);
  stroke(look);
}

void Pen::circle(Point middle, double radius, const Stroke& look) {
  cairo_new_sub_path(context_);
  cairo_arc(context_, middle.x, middle.y, radius, 0, 2 * std::numbers::pi);
  stroke(look);
}

void Pen::dot(Point middle, double radius, Colour colour) {
  cairo_new_sub_path(context_);
  cairo_arc(context_, middle.x, middle.y, radius, 0, 2 * std::numbers::pi);
  set(colour);
  cairo_fill(context_);
}

void Pen::fill(std::span<const Point> polygon, Colour colour) {
  cairo_new_path(context_);
  for (const auto& [x, y] : polygon) cairo_line_to(context_, x, y);
  cairo_close_path(context_);
  set(colour);
  cairo_fill(context_);
}

void Pen::fill(const Box& box, Colour colour) {
  cairo_rectangle(context_, box.left, box.top, box.width, box.height);
  set(colour);
  cairo_fill(context_);
}

void Pen::outline(const Box& box, const Stroke& look) {
  cairo_rectangle(context_, box.left, box.top, box.width, box.height);
  stroke(look);
}

void Pen::cells(const Box& box, std::span<const Colour> colours, int num_columns) {
  const int num_rows = static_cast<int>(colours.size()) / num_columns;
  const int pixels = std::clamp(kMostPixels / std::max(num_columns, num_rows), 1, kCellPixels);
  const std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)> picture(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, num_columns * pixels, num_rows * pixels), cairo_surface_destroy);
  const std::unique_ptr<cairo_t, decltype(&cairo_destroy)> brush(cairo_create(picture.get()), cairo_destroy);
  cairo_set_antialias(brush.get(), CAIRO_ANTIALIAS_NONE);
  for (int row = 0; row < num_rows; ++row) {
    for (int column = 0; column < num_columns; ++column) {
      const Colour& colour = colours[static_cast<std::size_t>(row * num_columns + column)];
      cairo_set_source_rgb(brush.get(), colour.red, colour.green, colour.blue);
      cairo_rectangle(brush.get(), column * pixels, row * pixels, pixels, pixels);
      cairo_fill(brush.get());
    }
  }
  cairo_save(context_);
  cairo_translate(context_, box.left, box.top);
  cairo_scale(context_, box.width / (num_columns * pixels), box.height / (num_rows * pixels));
  cairo_set_source_surface(context_, picture.get(), 0, 0);
  cairo_pattern_set_filter(cairo_get_source(context_), CAIRO_FILTER_NEAREST);
  cairo_paint(context_);
  cairo_restore(context_);
}

double Pen::text_width(std::string_view words, double size) const {
  select_font(context_, size);
  cairo_text_extents_t extents;
  cairo_text_extents(context_, std::string(words).c_str(), &extents);
  return extents.x_advance;
}

double Pen::symbol_width(std::string_view words, double size) const {
  double width = 0;
  for (const Part& part : parts_of(words))
    width += text_width(part.letters, part.is_lowered ? kLoweredSize * size : size);
  return width;
}

void Pen::text(Point at, std::string_view words, const TextLook& look) {
  const double width = look.anchor == Anchor::kStart ? 0 : text_width(words, look.size);
  cairo_save(context_);
  cairo_translate(context_, at.x, at.y);
  if (look.is_upright) cairo_rotate(context_, -std::numbers::pi / 2);
  select_font(context_, look.size);
  set(look.colour);
  cairo_move_to(context_, look.anchor == Anchor::kMiddle ? -width / 2 : -width, 0);
  cairo_show_text(context_, std::string(words).c_str());
  cairo_new_path(context_);  // else its end would be the start of the next line
  cairo_restore(context_);
}

void Pen::symbol(Point at, std::string_view words, const TextLook& look) {
  const double width = symbol_width(words, look.size);
  at.x -= look.anchor == Anchor::kStart ? 0 : look.anchor == Anchor::kMiddle ? width / 2 : width;
  for (const Part& part : parts_of(words)) {
    const double size = part.is_lowered ? kLoweredSize * look.size : look.size;
    text({at.x, at.y + (part.is_lowered ? kLoweredBy * look.size : 0)}, part.letters, {look.colour, size});
    at.x += text_width(part.letters, size);
  }
}

std::string Pen::fitted(std::string_view words, double width, double size) const {
  constexpr std::size_t kMostBytes = 500;  // more never fit a page, and each cut is measured
  std::string shown(words);
  const auto cut = [&](std::size_t num_bytes) {
    words.remove_prefix(num_bytes);
    while (!words.empty() && (static_cast<unsigned char>(words.front()) & 0xC0U) == 0x80U) words.remove_prefix(1);
    shown = fmt::format("\u2026{}", words);
  };
  if (words.size() > kMostBytes) cut(words.size() - kMostBytes);
  while (!words.empty() && text_width(shown, size) > width) cut(1);
  return shown;
}

std::vector<std::string> Pen::wrapped(std::string_view words, double width, double size) const {
  std::vector<std::string> lines;
  while (!words.empty()) {
    const std::string word(words.substr(0, words.find(' ')));
    words.remove_prefix(std::min(words.size(), word.size() + 1));
    if (!lines.empty() && text_width(lines.back() + " " + word, size) <= width) {
      lines.back() += " " + word;
    } else {
      lines.push_back(word);
    }
  }
  return lines;
}

Pen::Clip::Clip(Pen& pen, const Box& box) : context_(pen.context_) {
  cairo_save(context_);
  cairo_rectangle(context_, box.left, box.top, box.width, box.height);
  cairo_clip(context_);
}

Pen::Clip::~Clip() { cairo_restore(context_); }

std::string shown_name(std::string_view name) { return report::terminal_text(name, /*unicode=*/true); }

}  // namespace srm::figures
