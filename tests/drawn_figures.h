#pragma once

#include <gtest/gtest.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <regex>
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
  static const std::regex tag("<(/?)([A-Za-z]+)[^<>]*?(/?)>");
  for (std::sregex_iterator match(xml.begin(), xml.end(), tag), end; match != end; ++match) {
    if ((*match)[1].length() > 0) {
      if (open.empty() || open.back() != (*match)[2].str()) return false;
      open.pop_back();
    } else if ((*match)[3].length() == 0) {
      open.push_back((*match)[2].str());
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
