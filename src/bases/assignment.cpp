#include "bases/assignment.h"

#include <algorithm>
#include <limits>

namespace srm::bases {
namespace {

constexpr std::int64_t kNone = -1;

/// Prices of rows and columns under which every chosen pair is tight: price(row) + price(column) = its cost, the
/// negative of its value, and no pair costs less.
struct Prices {
  std::vector<double> row;
  std::vector<double> column;
};

/// The search for the cheapest path from a row without a column to a column without a row.
struct Search {
  std::vector<double> distance;          // to each column
  std::vector<std::int64_t> row_before;  // from which row its shortest path comes
  std::vector<char> is_done;             // whether the distance is final
};

}  // namespace

std::vector<std::int64_t> best_assignment(std::span<const double> values, std::int64_t num_rows,
                                          std::int64_t num_columns) {
  const auto cost = [&](std::int64_t row, std::int64_t column) { return -values[row * num_columns + column]; };
  std::vector<std::int64_t> column_of(num_rows, kNone);
  std::vector<std::int64_t> row_of(num_columns, kNone);
  Prices prices{std::vector<double>(num_rows, 0.0), std::vector<double>(num_columns, 0.0)};
  for (std::int64_t row = 0; row < num_rows; ++row) {
    prices.row[row] = cost(row, 0);
    for (std::int64_t column = 1; column < num_columns; ++column) {
      prices.row[row] = std::min(prices.row[row], cost(row, column));
    }
  }

  Search search;
  for (std::int64_t start = 0; start < num_rows; ++start) {
    search.distance.assign(num_columns, std::numeric_limits<double>::infinity());
    search.row_before.assign(num_columns, kNone);
    search.is_done.assign(num_columns, 0);
    std::int64_t row = start;
    double reached = 0;  // the length of the path to `row`
    std::int64_t end = kNone;
    while (end == kNone) {
      std::int64_t nearest = kNone;
      for (std::int64_t column = 0; column < num_columns; ++column) {
        if (search.is_done[column]) continue;
        const double through = reached + cost(row, column) - prices.row[row] - prices.column[column];
        if (through < search.distance[column]) {
          search.distance[column] = through;
          search.row_before[column] = row;
        }
        // Of columns that are equally near, a free one ends the search.
        if (nearest == kNone || search.distance[column] < search.distance[nearest] ||
            (search.distance[column] == search.distance[nearest] && row_of[column] == kNone)) {
          nearest = column;
        }
      }
      search.is_done[nearest] = 1;
      reached = search.distance[nearest];
      if (row_of[nearest] == kNone) {
        end = nearest;
      } else {
        row = row_of[nearest];
      }
    }
    // Columns that were passed become cheaper by what the path saved on them, their rows dearer.
    prices.row[start] += reached;
    for (std::int64_t column = 0; column < num_columns; ++column) {
      if (!search.is_done[column] || column == end) continue;
      prices.column[column] += search.distance[column] - reached;
      prices.row[row_of[column]] += reached - search.distance[column];
    }
    for (std::int64_t column = end; column != kNone;) {
      const std::int64_t before = search.row_before[column];
      row_of[column] = before;
      std::swap(column_of[before], column);
    }
  }
  return column_of;
}

}  // namespace srm::bases
