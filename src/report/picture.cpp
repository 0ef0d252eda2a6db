#include "report/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

#include "report/console_text.h"
#include "report/findings_facts.h"
#include "srm/error.h"

namespace srm::report {
namespace {

constexpr double kMostColumns = 32;
constexpr std::string_view kIndent = "    ";
constexpr std::string_view kGap = "  ";

constexpr int kNumGreys = 24;
constexpr int kDarkestGrey = 232;  // of the 256 colours of a terminal; 255 is the brightest
constexpr std::string_view kUpperHalf = "\u2580";
constexpr std::array<std::string_view, 5> kBlocks = {" ", "\u2591", "\u2592", "\u2593", "\u2588"};
constexpr std::array<std::string_view, 10> kAscii = {" ", ".", ":", "-", "=", "+", "*", "#", "%", "@"};

std::size_t to_size(std::int64_t number) { return static_cast<std::size_t>(number); }

// The part of [first, last) that is in [k, k + 1).
double overlap(double first, double last, std::int64_t k) {
  const auto low = static_cast<double>(k);
  return std::max(0.0, std::min(last, low + 1) - std::max(first, low));
}

// `height` and `width` in cells, smaller in one measure where there are too many.
Picture shrunk(const Picture& picture, double height, double width, double most_lines) {
  const double scale = std::min({1.0, most_lines / height, kMostColumns / width});
  const auto scaled = [&](double size) { return std::max<std::int64_t>(1, std::llround(size * scale)); };
  return resampled(picture, scaled(height), scaled(width));
}

// Two values a character, one above the other: a character is about twice as high as wide.
DrawnPicture drawn_in_greys(const Picture& picture) {
  const Picture cells =
      shrunk(picture, static_cast<double>(picture.height), static_cast<double>(picture.width), kMostColumns);
  const std::vector<int> shades = shades_of(cells, kNumGreys);
  DrawnPicture drawn{static_cast<int>(cells.width), {}};
  for (std::int64_t y = 0; y < cells.height; y += 2) {
    std::string line, colours;
    for (std::int64_t x = 0; x < cells.width; ++x) {
      std::string wanted = fmt::format("38;5;{}", kDarkestGrey + shades[to_size(y * cells.width + x)]);
      if (y + 1 < cells.height) {
        wanted += fmt::format(";48;5;{}", kDarkestGrey + shades[to_size((y + 1) * cells.width + x)]);
      }
      if (wanted != colours) line += fmt::format("\x1b[{}m", wanted);
      line += kUpperHalf;
      colours = std::move(wanted);
    }
    drawn.lines.push_back(line + "\x1b[0m");
  }
  return drawn;
}

// Two characters a value, beside each other, or fewer where it is wide.
DrawnPicture drawn_in_characters(const Picture& picture, bool unicode) {
  const Picture cells =
      shrunk(picture, static_cast<double>(picture.height), 2 * static_cast<double>(picture.width), kMostColumns / 2);
  const std::vector<int> shades = shades_of(cells, static_cast<int>(unicode ? kBlocks.size() : kAscii.size()));
  DrawnPicture drawn{static_cast<int>(cells.width), {}};
  for (std::int64_t y = 0; y < cells.height; ++y) {
    std::string line;
    for (std::int64_t x = 0; x < cells.width; ++x) {
      const std::size_t shade = to_size(shades[to_size(y * cells.width + x)]);
      line += unicode ? kBlocks[shade] : kAscii[shade];
    }
    drawn.lines.push_back(line);
  }
  return drawn;
}

}  // namespace

void require_whole(const Picture& picture) {
  const bool is_whole =
      picture.height > 0 && picture.width > 0 && picture.values.size() == to_size(picture.height * picture.width);
  if (!is_whole) {
    throw Error("picture", "a picture must have height * width values, and some",
                fmt::format("{} x {} and {} values", picture.height, picture.width, picture.values.size()),
                "give a number for each pixel");
  }
}

Picture resampled(const Picture& picture, std::int64_t height, std::int64_t width) {
  if (height == picture.height && width == picture.width) return picture;
  const double lines = static_cast<double>(picture.height) / static_cast<double>(height);
  const double columns = static_cast<double>(picture.width) / static_cast<double>(width);
  Picture cells{height, width, {}};
  for (std::int64_t line = 0; line < height; ++line) {
    const double top = static_cast<double>(line) * lines;
    for (std::int64_t column = 0; column < width; ++column) {
      const double left = static_cast<double>(column) * columns;
      double sum = 0, area = 0;
      for (auto y = static_cast<std::int64_t>(top); y < picture.height && overlap(top, top + lines, y) > 0; ++y) {
        for (auto x = static_cast<std::int64_t>(left); x < picture.width; ++x) {
          const double share = overlap(top, top + lines, y) * overlap(left, left + columns, x);
          if (share == 0) break;
          sum += share * picture.values[to_size(y * picture.width + x)];
          area += share;
        }
      }
      cells.values.push_back(sum / area);
    }
  }
  return cells;
}

std::vector<int> shades_of(const Picture& cells, int num_shades) {
  double lowest = std::numeric_limits<double>::infinity(), highest = -lowest;
  for (const double value : cells.values) {
    if (!std::isfinite(value)) continue;
    lowest = std::min(lowest, value);
    highest = std::max(highest, value);
  }
  std::vector<int> shades;
  for (const double value : cells.values) {
    const bool has_shade = std::isfinite(value) && highest > lowest;
    const double height = has_shade ? (value / 2 - lowest / 2) / (highest / 2 - lowest / 2) : 0;
    shades.push_back(std::min(num_shades - 1, static_cast<int>(height * num_shades)));
  }
  return shades;
}

DrawnPicture drawn(const Picture& picture, const ConsoleOptions& options) {
  require_whole(picture);
  return options.colour && options.unicode ? drawn_in_greys(picture) : drawn_in_characters(picture, options.unicode);
}

std::string side_by_side(const std::vector<TitledPicture>& pictures, const ConsoleOptions& options) {
  std::vector<std::string> lines(1, std::string(kIndent));
  int column = num_columns(kIndent);
  std::size_t height = 0;
  for (const TitledPicture& one : pictures) height = std::max(height, one.picture.lines.size());
  lines.resize(1 + height, std::string(kIndent));
  for (std::size_t k = 0; k < pictures.size(); ++k) {
    const auto& [title, picture] = pictures[k];
    const int width = std::max(num_columns(title), picture.num_columns);
    if (k > 0 && column + width > options.width) break;
    column += width + num_columns(kGap);
    const auto add = [&](std::string& line, std::string_view text, int text_columns) {
      line += text;
      line += std::string(static_cast<std::size_t>(width - text_columns), ' ');
      line += kGap;
    };
    add(lines[0], title, num_columns(title));
    for (std::size_t line = 0; line < height; ++line) {
      const bool is_below = line >= picture.lines.size();
      add(lines[line + 1], is_below ? "" : picture.lines[line], is_below ? 0 : picture.num_columns);
    }
  }
  std::string text;
  for (std::string& line : lines) text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  return text;
}

std::string nearest_pictures(const NeuronTable& neurons, std::int64_t vector, Side side, const PictureOf& picture_of,
                             const ConsoleOptions& options) {
  const bool with_position = has_positions(neurons);
  std::vector<TitledPicture> pictures;
  std::vector<std::int64_t> samples;
  for (const NearestRow& row : neurons.nearest(vector, side)) {
    if (std::find(samples.begin(), samples.end(), row.sample) != samples.end()) continue;
    samples.push_back(row.sample);
    const std::string of_class = row.label < 0 ? "" : fmt::format(" ({})", row.label);
    pictures.push_back({row_name(row, with_position) + of_class, drawn(picture_of(row.sample), options)});
  }
  return pictures.empty() ? "" : side_by_side(pictures, options);
}

}  // namespace srm::report
