#pragma once

#include <gtest/gtest.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "brute_force.h"
#include "figures/pen.h"
#include "srm/resonance.h"

namespace srm::test {

/// A name that is markup, terminal control, path and broken UTF-8.
const std::string kHostile = "</title><script>alert(1)</script>&\x1b[2J/#:* \xff\"";

inline AccumulatorOptions at(std::vector<double> epsilon, AngleGrid grid = AngleGrid()) {
  AccumulatorOptions options;
  options.epsilon = std::move(epsilon);
  options.grid = grid;
  return options;
}
inline AccumulatorOptions signed_at(std::vector<double> epsilon) {
  AccumulatorOptions options = at(std::move(epsilon));
  options.is_signed = true;
  return options;
}
inline AccumulatorOptions with_planes(PlaneChoice::Kind kind, std::int64_t num_planes = 0) {
  AccumulatorOptions options = at({0.5});
  options.planes.kind = kind;
  options.planes.num_planes = num_planes;
  return options;
}

/// 40 rows of normal numbers in the standard basis.
inline Resonance layer_of(const std::string& address, std::int64_t dim, const AccumulatorOptions& options = at({0.5}),
                          const std::string& group = "") {
  ResonanceParts parts = accumulate(gaussian(40 * dim, 3), Basis::standard(dim), options).parts();
  parts.address = address;
  parts.group = group;
  return Resonance(std::move(parts));
}

struct Picture {
  png_uint_32 width = 0, height = 0;
  std::vector<unsigned char> pixels;  // (height, width, 3)
  std::array<int, 3> at(double x, double y) const {
    const auto place = 3 * (static_cast<std::size_t>(y) * width + static_cast<std::size_t>(x));
    return {pixels[place], pixels[place + 1], pixels[place + 2]};
  }
};

/// A PNG file.
inline Picture decoded(const std::string& png) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  EXPECT_TRUE(png_image_begin_read_from_memory(&image, png.data(), png.size())) << image.message;
  image.format = PNG_FORMAT_RGB;
  Picture picture{image.width, image.height, std::vector<unsigned char>(PNG_IMAGE_SIZE(image))};
  EXPECT_TRUE(png_image_finish_read(&image, nullptr, picture.pixels.data(), 0, nullptr)) << image.message;
  return picture;
}

/// Whether each tag that is opened is closed, in order; ">" in text is not expected.
inline bool is_well_formed(const std::string& xml) {
  std::vector<std::string> open;
  for (std::size_t less = xml.find('<'), more; less != std::string::npos; less = xml.find('<', more)) {
    more = xml.find('>', less);
    if (more == std::string::npos || xml.find('<', less + 1) < more) return false;
    const std::string tag = xml.substr(less + 1, more - less - 1);
    if (tag.starts_with('?')) continue;
    const bool closes = tag.starts_with('/');
    const std::string name = tag.substr(closes ? 1 : 0, tag.find_first_of(" /\n", 1) - (closes ? 1 : 0));
    if (closes) {
      if (open.empty() || open.back() != name) return false;
      open.pop_back();
    } else if (!tag.ends_with('/')) {
      open.push_back(name);
    }
  }
  const auto num_less = std::count(xml.begin(), xml.end(), '<'), num_more = std::count(xml.begin(), xml.end(), '>');
  return open.empty() && num_less == num_more;
}

/// The points of the line of the first colour in an SVG file.
inline std::vector<figures::Point> first_line_of(const std::string& svg) {
  const std::string look =
      "stroke-width:1.1;stroke-linecap:butt;stroke-linejoin:round;stroke:rgb(0%,44.705882%,69.803922%)";
  const std::size_t path = svg.find(look);
  EXPECT_NE(path, std::string::npos);
  const std::size_t begin = svg.find(" d=\"", path) + 4;
  std::istringstream words(svg.substr(begin, svg.find('"', begin) - begin));
  std::vector<figures::Point> points;
  std::string letter;
  for (figures::Point point; words >> letter >> point.x >> point.y;) points.push_back(point);
  return points;
}

}  // namespace srm::test
