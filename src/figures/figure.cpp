#include "figures/figure.h"

#include <cairo-svg.h>
#include <cairo.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "srm/error.h"

namespace srm::figures {
namespace {

constexpr double kMostPixels = 32767;  // of a picture's side, by Cairo

using Surface = std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)>;

cairo_status_t append(void* bytes, const unsigned char* data, unsigned length) {
  static_cast<std::string*>(bytes)->append(reinterpret_cast<const char*>(data), length);
  return CAIRO_STATUS_SUCCESS;
}

void require_success(cairo_status_t status) {
  if (status == CAIRO_STATUS_SUCCESS) return;
  throw Error("write_figures", "Cairo must be able to draw a figure", cairo_status_to_string(status),
              "check memory and fonts (fc-list)");
}

void draw_on(cairo_surface_t* surface, const Figure& figure, double scale) {
  const std::unique_ptr<cairo_t, decltype(&cairo_destroy)> context(cairo_create(surface), cairo_destroy);
  cairo_scale(context.get(), scale, scale);
  // Letters have the same places on either surface.
  const std::unique_ptr<cairo_font_options_t, decltype(&cairo_font_options_destroy)> options(
      cairo_font_options_create(), cairo_font_options_destroy);
  cairo_font_options_set_hint_style(options.get(), CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options.get(), CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_antialias(options.get(), CAIRO_ANTIALIAS_GRAY);
  cairo_set_font_options(context.get(), options.get());
  Pen pen(context.get());
  pen.fill(Box{0, 0, figure.width, figure.height}, kPaper);
  figure.draw(pen);
  require_success(cairo_status(context.get()));
}

std::string escaped(const std::string& text) {
  std::string markup;
  for (const char c : text) {
    if (c == '&') {
      markup += "&amp;";
    } else if (c == '<') {
      markup += "&lt;";
    } else if (c == '>') {
      markup += "&gt;";
    } else {
      markup += c;
    }
  }
  return markup;
}

// Cairo numbers surfaces through the life of a process: `prefix`N becomes `prefix`0 for the first N, and so on, so that
// a figure does not depend on those before it. Nothing else in its files looks like this: letters are outlines.
void number_anew(std::string& svg, const std::string& prefix) {
  std::vector<std::string> known;
  for (std::size_t at = svg.find(prefix); at != std::string::npos; at = svg.find(prefix, at + prefix.size())) {
    const std::size_t begin = at + prefix.size();
    const std::size_t end = svg.find_first_not_of("0123456789", begin);
    const std::string number = svg.substr(begin, end - begin);
    auto place = std::find(known.begin(), known.end(), number);
    if (place == known.end()) place = known.insert(known.end(), number);
    svg.replace(begin, number.size(), std::to_string(place - known.begin()));
  }
}

}  // namespace

std::string svg_of(const Figure& figure) {
  std::string svg;
  {
    const Surface surface(cairo_svg_surface_create_for_stream(append, &svg, figure.width, figure.height),
                          cairo_surface_destroy);
    draw_on(surface.get(), figure, 1);
    cairo_surface_finish(surface.get());
    require_success(cairo_surface_status(surface.get()));
  }
  for (const char* prefix : {"\"surface", "\"image", "\"#image"}) number_anew(svg, prefix);
  const std::size_t tag = svg.find("<svg ") + 4;
  const std::size_t behind = svg.find('>', tag) + 1;
  return fmt::format("{} role=\"img\"{}\n<title>{}</title>\n<desc>{}</desc>{}", svg.substr(0, tag),
                     svg.substr(tag, behind - tag), escaped(figure.title), escaped(figure.description),
                     svg.substr(behind));
}

std::string png_of(const Figure& figure) {
  const double scale = std::min(kPixelsPerPoint, kMostPixels / std::max(figure.width, figure.height));
  const Surface surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(std::lround(figure.width * scale)),
                                 static_cast<int>(std::lround(figure.height * scale))),
      cairo_surface_destroy);
  draw_on(surface.get(), figure, scale);
  std::string png;
  require_success(cairo_surface_write_to_png_stream(surface.get(), append, &png));
  return png;
}

double text_width(const std::string& words, double size) {
  const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1, 1), cairo_surface_destroy);
  double width = 0;
  draw_on(surface.get(),
          {.width = 1,
           .height = 1,
           .title = {},
           .description = {},
           .draw = [&](Pen& pen) { width = pen.text_width(words, size); }},
          1);
  return width;
}

Figure words_figure(const std::string& title, const std::string& words) {
  Figure figure;
  figure.height = 60;
  figure.title = title;
  figure.description = words;
  figure.draw = [title, words](Pen& pen) {
    pen.text({kEdge, 16}, pen.fitted(title, kColumnWidth - 2 * kEdge, kTitleSize), {.size = kTitleSize});
    double y = 32;
    for (const std::string& line : pen.wrapped(words, kColumnWidth - 2 * kEdge)) {
      pen.text({kEdge, y}, line, {.colour = kSoftInk});
      y += 10;
    }
  };
  return figure;
}

}  // namespace srm::figures
