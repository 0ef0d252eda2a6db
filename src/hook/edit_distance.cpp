#include "hook/edit_distance.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

namespace srm {
namespace {

constexpr std::size_t kMaxNearest = 3;
constexpr std::size_t kMaxListed = 12;

/// Levenshtein's distance: how many characters have to be put in, taken out or changed.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, diagonal + 1, changed});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest_and_all(std::string_view selector, std::vector<std::string_view> addresses) {
  if (addresses.empty()) return "";
  std::vector<std::string_view> nearest = addresses;
  std::stable_sort(nearest.begin(), nearest.end(), [&](std::string_view a, std::string_view b) {
    return edit_distance(selector, a) < edit_distance(selector, b);
  });
  nearest.resize(std::min(nearest.size(), kMaxNearest));
  std::string text = fmt::format("nearest are {}", fmt::join(nearest, ", "));
  if (addresses.size() <= kMaxListed) {
    text += fmt::format(" of all: {}", fmt::join(addresses, ", "));
  } else {
    text += fmt::format(" of {} addresses", addresses.size());
  }
  return text;
}

}  // namespace srm
