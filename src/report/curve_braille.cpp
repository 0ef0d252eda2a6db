#include "report/curve_braille.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

namespace srm::report {
namespace {

constexpr int kDotRows = 4;  // of a character; it has two columns of them
// The bit of each dot, by column and row, in U+2800 to U+28FF.
constexpr std::array<std::array<std::uint8_t, kDotRows>, 2> kDotBits = {
    {{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}}};
// Cyan, yellow, magenta, blue: red and green are left out, which many readers cannot tell apart.
constexpr std::array<std::string_view, 4> kColours = {"36", "33", "35", "34"};
constexpr std::array<std::string_view, 4> kMarks = {"*", "o", "+", "x"};

struct Cell {
  std::uint8_t dots = 0;
  std::size_t curve = 0;  // whose dots came first
};

std::string braille(std::uint8_t dots) {
  const unsigned code = 0x2800U + dots;
  return {static_cast<char>(0xE0U | (code >> 12)), static_cast<char>(0x80U | ((code >> 6) & 0x3FU)),
          static_cast<char>(0x80U | (code & 0x3FU))};
}

// From the top; as many as there are dots or lines.
int place_of(double value, double top, int num_places) {
  const double share = std::clamp(value / top, 0.0, 1.0);
  return static_cast<int>(std::lround((1 - share) * (num_places - 1)));
}

std::vector<ChartLine> in_ascii(const std::vector<std::vector<double>>& curves, double top, int num_lines,
                                int num_columns) {
  std::vector<std::string> text(static_cast<std::size_t>(num_lines),
                                std::string(static_cast<std::size_t>(num_columns), ' '));
  for (std::size_t k = 0; k < curves.size(); ++k) {
    for (std::size_t column = 0; column < static_cast<std::size_t>(num_columns); ++column) {
      const double value = std::max(curves[k][2 * column], curves[k][2 * column + 1]);
      text[static_cast<std::size_t>(place_of(value, top, num_lines))][column] = kMarks[k % kMarks.size()].front();
    }
  }
  std::vector<ChartLine> lines;
  for (std::string& line : text) {
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back({line, static_cast<int>(line.size())});
  }
  return lines;
}

// Dots of each character; a curve's dots go up or down until they meet those beside them.
std::vector<std::vector<Cell>> cells_of(const std::vector<std::vector<double>>& curves, double top, int num_lines,
                                        int num_columns) {
  std::vector<std::vector<Cell>> cells(static_cast<std::size_t>(num_lines),
                                       std::vector<Cell>(static_cast<std::size_t>(num_columns)));
  for (std::size_t k = 0; k < curves.size(); ++k) {
    int before = -1;
    for (int x = 0; x < 2 * num_columns; ++x) {
      const int y = place_of(curves[k][static_cast<std::size_t>(x)], top, kDotRows * num_lines);
      const int first = before < 0 ? y : std::min(y, before + 1), last = before < 0 ? y : std::max(y, before - 1);
      for (int dot = first; dot <= last; ++dot) {
        Cell& cell = cells[static_cast<std::size_t>(dot / kDotRows)][static_cast<std::size_t>(x / 2)];
        if (cell.dots == 0) cell.curve = k;
        cell.dots |= kDotBits[static_cast<std::size_t>(x % 2)][static_cast<std::size_t>(dot % kDotRows)];
      }
      before = y;
    }
  }
  return cells;
}

}  // namespace

std::vector<ChartLine> dotted_chart(const std::vector<std::vector<double>>& curves, double top, int num_lines,
                                    int num_columns, bool unicode, const Paint& paint) {
  if (!unicode) return in_ascii(curves, top, num_lines, num_columns);
  std::vector<ChartLine> lines;
  for (std::vector<Cell>& row : cells_of(curves, top, num_lines, num_columns)) {
    while (!row.empty() && row.back().dots == 0) row.pop_back();
    ChartLine line{"", static_cast<int>(row.size())};
    for (std::size_t begin = 0, end = 0; begin < row.size(); begin = end) {
      std::string run;  // of one colour, or blanks
      const auto same = [&](const Cell& cell) {
        return (cell.dots == 0) == (row[begin].dots == 0) && cell.curve == row[begin].curve;
      };
      for (; end < row.size() && same(row[end]); ++end) run += row[end].dots == 0 ? " " : braille(row[end].dots);
      line.text += row[begin].dots == 0 ? run : in_curve_colour(row[begin].curve, run, paint);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

int line_of(double value, double top, int num_lines, bool unicode) {
  return unicode ? place_of(value, top, kDotRows * num_lines) / kDotRows : place_of(value, top, num_lines);
}

std::string in_curve_colour(std::size_t index, std::string_view text, const Paint& paint) {
  return paint.with(kColours[index % kColours.size()], text);
}

std::string curve_mark(std::size_t index, bool unicode) {
  return unicode ? "\u2500\u2500" : std::string(kMarks[index % kMarks.size()]);
}

}  // namespace srm::report
