// All planes of a layer as a square of cells.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "figures/axes.h"
#include "figures/layer_curves.h"
#include "figures/layer_figures.h"
#include "report/curve_facts.h"

namespace srm::figures {
namespace {

constexpr double kSquare = 168;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

PlaneCells cells_of(const PlaneMap& map) {
  PlaneCells cells{map.vectors, {}, /*is_c4=*/true, 0};
  const std::size_t size = map.vectors.size();
  cells.values.assign(size * size, kNone);
  for (std::size_t a = 0; a < size; ++a) {
    for (std::size_t b = a + 1; b < size; ++b) {
      cells.values[a * size + b] = cells.values[b * size + a] = map.c4[map.place(a, b)];
    }
  }
  return cells;
}

// Those in planes with most rows; of equally many the first.
std::vector<std::int64_t> strongest_vectors(const Resonance& layer, std::int64_t most) {
  const ResonanceParts& parts = layer.parts();
  std::vector<std::int64_t> hits(static_cast<std::size_t>(parts.num_vectors));
  for (std::size_t p = 0; p < parts.planes.size(); ++p) {
    hits[static_cast<std::size_t>(parts.planes[p].i)] += parts.plane_hits[p];
    hits[static_cast<std::size_t>(parts.planes[p].j)] += parts.plane_hits[p];
  }
  std::vector<std::int64_t> vectors(hits.size());
  std::iota(vectors.begin(), vectors.end(), 0);
  std::stable_sort(vectors.begin(), vectors.end(), [&](std::int64_t a, std::int64_t b) {
    return hits[static_cast<std::size_t>(a)] > hits[static_cast<std::size_t>(b)];
  });
  vectors.resize(std::min(vectors.size(), static_cast<std::size_t>(most)));
  std::sort(vectors.begin(), vectors.end());
  return vectors;
}

PlaneCells hit_rates(const Resonance& layer) {
  const ResonanceParts& parts = layer.parts();
  PlaneCells cells{strongest_vectors(layer, PlaneMap::kMostVectors), {}, /*is_c4=*/false, parts.epsilon.front()};
  const std::size_t size = cells.vectors.size();
  cells.values.assign(size * size, kNone);
  const auto place_of = [&](std::int64_t vector) {
    const auto place = std::lower_bound(cells.vectors.begin(), cells.vectors.end(), vector);
    return place != cells.vectors.end() && *place == vector ? static_cast<std::size_t>(place - cells.vectors.begin())
                                                            : size;
  };
  for (std::size_t p = 0; p < parts.planes.size(); ++p) {
    const std::size_t a = place_of(parts.planes[p].i), b = place_of(parts.planes[p].j);
    if (a == size || b == size) continue;
    const double rate = static_cast<double>(parts.plane_hits[p]) / static_cast<double>(layer.num_samples_seen());
    cells.values[a * size + b] = cells.values[b * size + a] = rate;
  }
  return cells;
}

// Where the indices of vectors stand: at every so many of them.
Axis vector_axis(const PlaneCells& cells, double low_place, double high_place) {
  constexpr std::size_t kMostTicks = 12;
  const std::size_t size = cells.vectors.size();
  Axis axis{{-0.5, static_cast<double>(size) - 0.5, low_place, high_place}};
  std::size_t step = 1;
  for (const std::size_t next : {2, 4, 5, 8, 10}) {
    if ((size + step - 1) / step > kMostTicks) step = next;
  }
  for (std::size_t k = 0; k < size; k += step) {
    axis.ticks.push_back(static_cast<double>(k));
    axis.texts.push_back(std::to_string(cells.vectors[k]));
  }
  return axis;
}

double largest_of(const PlaneCells& cells) {
  double largest = 0;
  for (const double value : cells.values) largest = std::isnan(value) ? largest : std::max(largest, std::abs(value));
  return largest;
}

std::string measure_of(const PlaneCells& cells) {
  if (cells.is_c4) return "c_4 of each plane (i, j): above 0 on axes, below on diagonals";
  return fmt::format("rows with r \u2265 \u03b5 = {:.4g} in each plane (i, j), %", cells.epsilon);
}

// "j", and of how many vectors where not all are shown.
std::string vectors_of(const Resonance& layer, const PlaneCells& cells) {
  const bool has_all = std::ssize(cells.vectors) == layer.parts().num_vectors;
  return has_all ? "j" : fmt::format("j ({} of {} vectors)", cells.vectors.size(), layer.parts().num_vectors);
}

}  // namespace

std::optional<PlaneCells> plane_cells(const Resonance& layer, const LayerTests* tests) {
  if (tests != nullptr && tests->planes && tests->planes->map && tests->planes->map->vectors.size() > 1) {
    return cells_of(*tests->planes->map);
  }
  if (layer.num_planes() == 0 || !layer.has_all_planes() || layer.num_samples_seen() == 0) return std::nullopt;
  return hit_rates(layer);
}

Figure plane_map_figure(const Resonance& layer, const PlaneCells& cells) {
  Figure figure;
  figure.height = 248;
  const std::string name = shown_name(report::layer_name(layer));
  const double largest = largest_of(cells);
  figure.title = fmt::format("Planes of {}", name);
  figure.description = fmt::format("{} A square of {} by {} vectors; the largest size is {:.3g}.",
                                   cells.is_c4 ? "c4 of each plane, above 0 on axes and below 0 on diagonals."
                                               : "Share of rows that come near each plane.",
                                   cells.vectors.size(), cells.vectors.size(), largest);
  figure.draw = [figure, &layer, cells, largest](Pen& pen) {
    draw_title(pen, layer, figure.width);
    pen.symbol({kEdge, kSecondLine}, measure_of(cells), {.colour = kSoftInk});
    const double limit = largest > 0 ? largest : 1;
    const auto colour_of = [&](double value) {
      if (std::isnan(value)) return kBlank;
      // As verdicts are everywhere: blue on axes, orange on diagonals.
      return cells.is_c4 ? diverging_colour(-value / limit) : sequential_colour(value / limit);
    };
    std::vector<Colour> colours;
    for (const double value : cells.values) colours.push_back(colour_of(value));
    const Box box{(figure.width - kSquare) / 2 + 6, 30, kSquare, kSquare};
    pen.cells(box, colours, static_cast<int>(cells.vectors.size()));
    const Axis x = vector_axis(cells, box.left, box.right()), y = vector_axis(cells, box.top, box.bottom());
    for (std::size_t k = 0; k < x.ticks.size(); ++k) {
      pen.text({x.scale(x.ticks[k]), box.bottom() + 8.5}, x.texts[k], {.anchor = Anchor::kMiddle});
      pen.text({box.left - 3, y.scale(y.ticks[k]) + 0.36 * kTextSize}, y.texts[k], {.anchor = Anchor::kEnd});
    }
    pen.text({box.left - 22, box.middle_y() + 2}, "i", {.anchor = Anchor::kMiddle});
    pen.text({box.middle_x(), box.bottom() + 17}, vectors_of(layer, cells), {.anchor = Anchor::kMiddle});
    const Box bar{box.left, box.bottom() + 24, box.width, 6};
    // Shares are told in percent.
    const double scale = cells.is_c4 ? 1 : 100;
    const Axis axis = value_axis(cells.is_c4 ? -limit : 0, limit * scale, bar.left, bar.right(), 6);
    draw_colour_bar(pen, bar, axis, [&](double value) { return colour_of(value / scale); });
  };
  return figure;
}

}  // namespace srm::figures
