#include "report/console_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace srm::report {
namespace {

// Eight heights of a character cell, lowest first; in ASCII by how much ink a character has.
constexpr std::array<std::string_view, 9> kBlocks = {" ",      "\u2581", "\u2582", "\u2583", "\u2584",
                                                     "\u2585", "\u2586", "\u2587", "\u2588"};
constexpr std::array<std::string_view, 9> kAscii = {" ", ".", ":", "-", "=", "+", "*", "#", "@"};
// In a bar the top cell alone is partly filled: half or whole is what ASCII can say.
constexpr std::array<std::string_view, 9> kAsciiBar = {" ", ".", ".", ".", ":", ":", ":", "#", "#"};

// Controls, what turns the direction of text, and what has no width: two names could look the same.
bool is_unseen(unsigned code) {
  struct Range {
    unsigned first, last;
  };
  constexpr Range kUnseen[] = {{0x80, 0x9F},     {0xAD, 0xAD},     {0x61C, 0x61C},
                               {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F},
                               {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE0FFF}};
  return std::any_of(std::begin(kUnseen), std::end(kUnseen),
                     [&](const Range& range) { return range.first <= code && code <= range.last; });
}

// How many bytes the UTF-8 character at the start of `text` takes, or 0 when there is none that a terminal may show.
std::size_t printable_length(std::string_view text) {
  const auto byte = [&](std::size_t k) { return k < text.size() ? static_cast<unsigned char>(text[k]) : 0u; };
  const auto follows = [&](std::size_t k) { return (byte(k) & 0xC0u) == 0x80u; };
  const unsigned first = byte(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7F ? 1 : 0;
  if (first >= 0xC2 && first < 0xE0 && follows(1)) return is_unseen((first & 0x1Fu) << 6 | (byte(1) & 0x3Fu)) ? 0 : 2;
  if (first >= 0xE0 && first < 0xF0 && follows(1) && follows(2)) {
    const unsigned code = (first & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
    return code < 0x800 || (code >= 0xD800 && code < 0xE000) || is_unseen(code) ? 0 : 3;
  }
  if (first >= 0xF0 && first < 0xF5 && follows(1) && follows(2) && follows(3)) {
    const unsigned code = (first & 0x07u) << 18 | (byte(1) & 0x3Fu) << 12;
    return code < 0x10000 || code >= 0x110000 || is_unseen(code) ? 0 : 4;
  }
  return 0;
}

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return a / b + (a % b > 0 ? 1 : 0); }

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; }

std::string_view gap_of(bool unicode) { return unicode ? "\u2026" : ".."; }

// Filled up or, with a gap behind its first `head` columns, cut to `width` columns.
std::string cut(std::string_view text, int width, int head, bool unicode) {
  const int columns = num_columns(text);
  if (columns <= width) return std::string(text) + std::string(static_cast<std::size_t>(width - columns), ' ');
  const std::string_view gap = gap_of(unicode);
  const int tail = std::max(0, width - num_columns(gap)) - head;
  std::string kept;
  int column = -1;
  for (const char c : text) {
    if (starts_character(c) && ++column == head) kept += gap;
    if (column < head || column >= columns - tail) kept += c;
  }
  return kept;
}

// How many bytes up to a dot all names begin with.
std::size_t shared_folder(const std::vector<std::string>& names) {
  if (names.size() < 2) return 0;
  std::string_view shared = names.front();
  for (const std::string_view name : names) {
    const auto [end, other] = std::mismatch(shared.begin(), shared.end(), name.begin(), name.end());
    shared = shared.substr(0, static_cast<std::size_t>(end - shared.begin()));
  }
  const std::size_t dot = shared.rfind('.');
  return dot == std::string_view::npos ? 0 : dot + 1;
}

}  // namespace

std::string Paint::with(std::string_view code, std::string_view text) const {
  return colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

std::string terminal_text(std::string_view name, bool unicode) {
  std::string shown;
  while (!name.empty()) {
    const std::size_t length = printable_length(name);
    if (length == 1 || (length > 1 && unicode)) {
      shown += name.substr(0, length);
      name.remove_prefix(length);
    } else {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(name.front()));
      name.remove_prefix(1);
    }
  }
  return shown;
}

int num_columns(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), starts_character));
}

std::string fit(std::string_view text, int width, bool unicode) {
  return cut(text, width, std::max(0, width - num_columns(gap_of(unicode))) / 2, unicode);
}

std::vector<std::string> fit_names(const std::vector<std::string>& names, int width, bool unicode) {
  const bool all_fit =
      std::all_of(names.begin(), names.end(), [&](const std::string& name) { return num_columns(name) <= width; });
  const std::size_t shared = all_fit ? 0 : shared_folder(names);
  std::vector<std::string> rests;
  for (const std::string& name : names) {
    const bool is_shorter = shared > gap_of(false).size();
    rests.emplace_back(is_shorter ? gap_of(unicode) : "");
    rests.back() += std::string_view(name).substr(is_shorter ? shared : 0);
  }
  const int kept = std::max(0, width - num_columns(gap_of(unicode)));
  std::vector<std::string> best;
  std::size_t most_apart = 0;
  // From the middle outwards: kept / 2, one less, one more, ...
  for (int k = 0; k <= kept; ++k) {
    const int head = kept / 2 + (k % 2 == 0 ? k / 2 : -(k + 1) / 2);
    std::vector<std::string> cuts;
    for (const std::string& rest : rests) cuts.push_back(cut(rest, width, std::clamp(head, 0, kept), unicode));
    const std::size_t num_apart = std::set<std::string>(cuts.begin(), cuts.end()).size();
    if (num_apart > most_apart) {
      best = std::move(cuts);
      most_apart = num_apart;
    }
    if (most_apart == names.size()) break;
  }
  return best;
}

std::string wrapped(std::string_view text, int width, std::string_view indent) {
  std::string lines;
  int column = 0;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (word.empty()) continue;
    const int columns = num_columns(word);
    if (column > 0 && column + 1 + columns <= width) {
      lines += ' ';
      column += 1 + columns;
    } else {
      if (!lines.empty()) (lines += '\n') += indent;
      column = columns + (lines.empty() ? 0 : num_columns(indent));
    }
    lines += word;
  }
  return lines + '\n';
}

int Column::width() const {
  int widest = num_columns(heading);
  for (const std::string& cell : cells) widest = std::max(widest, num_columns(cell));
  return widest;
}

bool Column::has_text() const {
  return std::any_of(cells.begin(), cells.end(), [](const std::string& cell) { return !cell.empty(); });
}

int total_width(const std::vector<Column>& columns) {
  int width = 0;
  for (const Column& column : columns) width += 2 + column.width();
  return width;
}

void make_room(std::vector<Column>& columns, int width, int least, int last_to_go) {
  for (int goes = 1; goes <= last_to_go; ++goes) {
    for (auto column = columns.begin(); column != columns.end();) {
      if (width - total_width(columns) - 2 >= least) return;
      column = column->goes == goes ? columns.erase(column) : column + 1;
    }
  }
}

std::string Column::filled(std::string_view cell) const {
  const std::string space(static_cast<std::size_t>(std::max(0, width() - num_columns(cell))), ' ');
  return is_text ? std::string(cell) + space : space + std::string(cell);
}

std::string score_text(double score) {
  if (std::isnan(score)) return "-";
  const std::string text = fmt::format("{:.3f}", score);
  return text == "-0.000" ? "0.000" : text;
}

std::string short_percent(double fraction) {
  const double hundredths = fraction * 100;
  if (hundredths > 0 && hundredths < 0.01) return "<0.01%";
  return fmt::format("{:.{}f}%", hundredths, hundredths >= 9.995 ? 1 : 2);
}

std::vector<double> column_peaks(std::span<const double> curve, std::int64_t num_distinct, int columns) {
  std::vector<double> peaks(static_cast<std::size_t>(columns));
  // Column c stands for the angles nearest to c / columns of a turn, so that 0 degrees is the middle of the first one
  // and an aligned curve looks the same at all four quarters.
  const std::int64_t twice = std::int64_t{2} * columns;
  for (std::int64_t column = 0; column < columns; ++column) {
    std::int64_t first = divide_up((2 * column - 1) * num_distinct, twice);
    std::int64_t last = divide_up((2 * column + 1) * num_distinct, twice);
    if (first == last) {  // fewer angles than columns: the nearest one
      first = (2 * column * num_distinct + columns) / twice;
      last = first + 1;
    }
    double& peak = peaks[static_cast<std::size_t>(column)];
    for (std::int64_t k = first; k < last; ++k) {
      peak = std::max(peak, curve[static_cast<std::size_t>((k + num_distinct) % num_distinct)]);
    }
  }
  return peaks;
}

std::string sparkline(std::span<const double> values, bool unicode) {
  const double largest = *std::max_element(values.begin(), values.end());
  std::string line;
  for (const double value : values) {
    const int level = value > 0 ? std::max(1, static_cast<int>(std::lround(8 * value / largest))) : 0;
    line += (unicode ? kBlocks : kAscii)[static_cast<std::size_t>(level)];
  }
  return line;
}

std::vector<std::string> bar_chart(std::span<const double> values, int num_lines, bool unicode) {
  const double largest = *std::max_element(values.begin(), values.end());
  std::vector<std::string> lines(static_cast<std::size_t>(num_lines));
  for (const double value : values) {
    const int eighths = value > 0 ? std::max(1, static_cast<int>(std::lround(8 * num_lines * value / largest))) : 0;
    for (int line = 0; line < num_lines; ++line) {
      const int level = std::clamp(eighths - 8 * (num_lines - 1 - line), 0, 8);
      lines[static_cast<std::size_t>(line)] += (unicode ? kBlocks : kAsciiBar)[static_cast<std::size_t>(level)];
    }
  }
  for (std::string& line : lines) line.erase(line.find_last_not_of(' ') + 1);
  return lines;
}

}  // namespace srm::report
