#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "report/console_text.h"
#include "srm/error.h"
#include "srm/isotropic_plane.h"
#include "srm/report.h"

namespace srm {
namespace {

using report::Paint;

constexpr std::int64_t kMostColumns = 40;
constexpr double kShareShown = 0.99;

// Nothing, and then up to 1/2, to 2, to 8 and above 8 times what isotropic rows would give.
constexpr std::array<std::string_view, 5> kShades = {" ", "\u2591", "\u2592", "\u2593", "\u2588"};
constexpr std::array<std::string_view, 5> kAsciiShades = {" ", ".", "+", "*", "#"};
constexpr std::array<double, 3> kShadeBorders = {0.5, 2, 8};

// Where isotropic rows would leave less than one point, one point is no sign of anything: it counts as one for one.
std::size_t shade_of(std::int64_t count, double isotropic) {
  if (count == 0) return 0;
  const double ratio = static_cast<double>(count) / std::max(isotropic, 1.0);
  const auto border = std::upper_bound(kShadeBorders.begin(), kShadeBorders.end(), ratio);
  return 1 + static_cast<std::size_t>(border - kShadeBorders.begin());
}

std::string to_text(const std::vector<Plane>& planes) {
  std::string text;
  for (const Plane& plane : planes) text += fmt::format(" ({}, {})", plane.i, plane.j);
  return text.empty() ? " none" : text;
}

std::int64_t plane_index(const PlaneDensities& densities, const Plane& wanted, const std::string& name) {
  std::vector<Plane> planes;
  for (const PlaneDensity& density : densities.parts().planes) {
    if (density.plane == wanted) return std::ssize(planes);
    planes.push_back(density.plane);
  }
  const std::vector<Plane>& left_out = densities.parts().left_out;
  const bool is_left_out = std::find(left_out.begin(), left_out.end(), wanted) != left_out.end();
  throw Error(name, "the plane must be one whose points were counted",
              fmt::format("({}, {}){}", wanted.i, wanted.j, is_left_out ? ", of parallel vectors" : ""),
              "choose one of" + to_text(planes));
}

// The bins of a plane as counted around zero.
class Bins {
 public:
  Bins(const PlaneDensities& densities, std::int64_t p)
      : num_bins_(densities.parts().num_bins),
        counts_(densities.parts().planes[static_cast<std::size_t>(p)].counts),
        isotropic_(isotropic_counts(densities, p)) {}

  struct Cell {
    std::int64_t count = 0;
    double isotropic = 0;
  };
  // Bins u_low <= u < u_high and v_low <= v < v_high, as far as there are such; 0 is the first above zero.
  Cell sum(std::int64_t u_low, std::int64_t u_high, std::int64_t v_low, std::int64_t v_high) const {
    const std::int64_t half = num_bins_ / 2;
    Cell cell;
    for (std::int64_t v = std::max(v_low, -half); v < std::min(v_high, half); ++v) {
      for (std::int64_t u = std::max(u_low, -half); u < std::min(u_high, half); ++u) {
        const auto place = static_cast<std::size_t>((v + half) * num_bins_ + u + half);
        cell.count += counts_[place];
        cell.isotropic += isotropic_[place];
      }
    }
    return cell;
  }

  // How many bins from zero nearly all points are within.
  std::int64_t reach(std::int64_t num_points) const {
    std::vector<std::int64_t> by_distance(static_cast<std::size_t>(num_bins_ / 2), 0);
    const std::int64_t half = num_bins_ / 2;
    const auto distance = [&](std::int64_t k) { return k < half ? half - 1 - k : k - half; };
    for (std::int64_t v = 0; v < num_bins_; ++v) {
      for (std::int64_t u = 0; u < num_bins_; ++u) {
        by_distance[static_cast<std::size_t>(std::max(distance(u), distance(v)))] +=
            counts_[static_cast<std::size_t>(v * num_bins_ + u)];
      }
    }
    std::int64_t bins = 0;
    for (std::int64_t seen = 0;
         bins < half && static_cast<double>(seen) < kShareShown * static_cast<double>(num_points); ++bins) {
      seen += by_distance[static_cast<std::size_t>(bins)];
    }
    return std::max<std::int64_t>(bins, 1);
  }

 private:
  std::int64_t num_bins_;
  const std::vector<std::int64_t>& counts_;
  std::vector<double> isotropic_;
};

// A line is as high as two columns are wide: a line holds twice as many bins as a column, or a bin has two columns.
struct Raster {
  std::int64_t bins_a_line = 1;
  std::int64_t num_lines = 2;  // even
  Raster(std::int64_t reach, int width) {
    const std::int64_t half_columns = std::clamp<std::int64_t>(width - 12, 8, kMostColumns) / 4 * 2;
    const std::int64_t bins_a_column = (reach + half_columns - 1) / half_columns;
    bins_a_line = 2 * reach <= half_columns ? 1 : 2 * bins_a_column;
    num_lines = 2 * ((reach + bins_a_line - 1) / bins_a_line);
  }
  std::int64_t num_columns() const { return 2 * num_lines; }
};

std::string line_of(const Bins& bins, const Raster& raster, std::int64_t line, bool unicode) {
  const std::int64_t v = (raster.num_lines / 2 - 1 - line) * raster.bins_a_line;
  std::string text;
  for (std::int64_t column = 0; column < raster.num_columns(); ++column) {
    // Twice the column's first bin, for columns of half a bin.
    const std::int64_t twice_u = (column - raster.num_lines) * raster.bins_a_line;
    const bool is_half = raster.bins_a_line == 1;
    const std::int64_t u = is_half ? (twice_u - (twice_u & 1)) / 2 : twice_u / 2;
    const Bins::Cell cell =
        bins.sum(u, u + std::max<std::int64_t>(raster.bins_a_line / 2, 1), v, v + raster.bins_a_line);
    text += (unicode ? kShades : kAsciiShades)[shade_of(cell.count, cell.isotropic)];
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

std::string legend(bool unicode) {
  const auto& shades = unicode ? kShades : kAsciiShades;
  return fmt::format("points over those of isotropic rows: {} below 1/2, {} to 2, {} to 8, {} above; blank: none",
                     shades[1], shades[2], shades[3], shades[4]);
}

}  // namespace

std::string density_chart(const LayerFindings& findings, std::int64_t i, std::int64_t j,
                          const ConsoleOptions& options) {
  const std::string name = report::terminal_text(findings.address, options.unicode);
  if (!findings.densities) {
    throw Error(name, "the points of planes must have been counted", "a layer without them", "choose another layer");
  }
  const PlaneDensities& densities = *findings.densities;
  const PlaneDensitiesParts& parts = densities.parts();
  const std::int64_t p = plane_index(densities, {i, j}, name);
  const std::int64_t num_points = densities.num_points(p);
  const Paint paint{options.colour};
  std::string text =
      paint.heading(fmt::format("{}, points of the plane ({}, {}), r >= {} |x|", name, i, j, parts.epsilon)) + "\n";
  if (num_points == 0) return text + paint.warning(fmt::format("none of {} rows", parts.num_rows)) + "\n";
  const double isotropic = static_cast<double>(parts.num_rows) * isotropic_plane_rate(parts.dim, parts.epsilon);
  text += fmt::format("{} of {} rows; isotropic rows would give {:.{}f}\n", num_points, parts.num_rows, isotropic,
                      isotropic < 100 ? 1 : 0);

  const Bins bins(densities, p);
  const Raster raster(bins.reach(num_points), options.width);
  const std::int64_t reach = raster.num_lines / 2 * raster.bins_a_line;
  const double scale = std::ldexp(2.0 / static_cast<double>(parts.num_bins),
                                  static_cast<int>(parts.planes[static_cast<std::size_t>(p)].exponent));
  const std::string edge = fmt::format("{:+.3g}", scale * static_cast<double>(reach));
  const std::string other_edge = fmt::format("{:+.3g}", -scale * static_cast<double>(reach));
  const std::size_t label_width = edge.size();
  for (std::int64_t line = 0; line < raster.num_lines; ++line) {
    const bool is_last = line + 1 == raster.num_lines;
    const std::string label = line == 0 ? edge : is_last ? other_edge : std::string();
    text += fmt::format("{:>{}} {}{}\n", label, label_width, options.unicode ? "\u2502" : "|",
                        paint.curve(line_of(bins, raster, line, options.unicode)));
  }
  text += fmt::format("{:>{}}  {:<{}}{:>{}}\n", "", label_width, other_edge, raster.num_lines, edge, raster.num_lines);
  text += fmt::format("across: along b_{}; up: along the part of b_{} orthogonal to it\n", i, j);
  text += legend(options.unicode) + "\n";
  const std::int64_t num_inside = bins.sum(-reach, reach, -reach, reach).count;
  if (num_inside < num_points) text += fmt::format("{} points lie further out\n", num_points - num_inside);
  return text;
}

}  // namespace srm
