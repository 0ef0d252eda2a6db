#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <ostream>

#include "export/exported_planes.h"
#include "report/curve_facts.h"
#include "report/layer_json.h"
#include "srm/export.h"
#include "srm/report.h"

namespace srm {
namespace {

using nlohmann::ordered_json;

template <typename Numbers>
void write_list(std::ostream& out, const Numbers& numbers) {
  out << fmt::format("[{}]", fmt::join(numbers, ","));
}

// A list of what `write_one` writes for 0 to size - 1.
template <typename WriteOne>
void write_each(std::ostream& out, std::int64_t size, const WriteOne& write_one) {
  out << "[";
  for (std::int64_t k = 0; k < size; ++k) {
    if (k > 0) out << ",";
    write_one(k);
  }
  out << "]";
}

std::span<const std::int64_t> part(const std::vector<std::int64_t>& values, std::int64_t place, std::int64_t size) {
  return std::span(values).subspan(static_cast<std::size_t>(place * size), static_cast<std::size_t>(size));
}

void write_holistic(std::ostream& out, const Resonance& layer) {
  const std::int64_t num_epsilons = layer.num_epsilons();
  out << ",\"holistic_counts\":";
  write_each(out, num_epsilons, [&](std::int64_t e) { write_list(out, layer.holistic_counts(e)); });
  out << ",\"holistic_std\":";
  if (num_epsilons == 0 || std::isnan(layer.holistic_std(0).front())) {
    out << "null";
  } else {
    write_each(out, num_epsilons, [&](std::int64_t e) { write_list(out, layer.holistic_std(e)); });
  }
  if (!layer.is_signed()) return;
  out << ",\"holistic_signed_counts\":";
  write_each(out, num_epsilons, [&](std::int64_t e) {
    write_list(out, part(layer.parts().holistic_signed_counts, e, layer.num_angles()));
  });
}

void write_planes(std::ostream& out, const Resonance& layer, const std::vector<std::int64_t>& places) {
  const ResonanceParts& parts = layer.parts();
  const auto num_written = static_cast<std::int64_t>(places.size());
  const auto place = [&](std::int64_t k) { return places[static_cast<std::size_t>(k)]; };
  const auto write_tables = [&](const std::vector<std::int64_t>& tables) {
    write_each(out, layer.num_epsilons(), [&](std::int64_t e) {
      write_each(out, num_written, [&](std::int64_t k) {
        write_list(out, part(tables, e * layer.num_planes() + place(k), layer.num_angles()));
      });
    });
  };
  out << ",\"planes\":";
  write_each(out, num_written, [&](std::int64_t k) {
    const Plane& plane = parts.planes[static_cast<std::size_t>(place(k))];
    out << "[" << plane.i << "," << plane.j << "]";
  });
  out << ",\"plane_hits\":";
  write_each(out, layer.num_epsilons(), [&](std::int64_t e) {
    write_each(out, num_written, [&](std::int64_t k) {
      out << parts.plane_hits[static_cast<std::size_t>(e * layer.num_planes() + place(k))];
    });
  });
  out << ",\"counts\":";
  write_tables(parts.counts);
  if (parts.signed_counts.empty()) return;
  out << ",\"signed_counts\":";
  write_tables(parts.signed_counts);
}

std::string dumped(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string head(const std::vector<std::pair<std::string, std::string>>& settings) {
  return "{\"format\":\"torchsrm-export\",\"version\":1,\"settings\":" + dumped(report::settings_json(settings));
}

}  // namespace

void write_results_json(std::ostream& out, const Results& results, const ExportPlanes& planes) {
  out << head(results.settings) << ",\"partial\":" << (results.partial ? "true" : "false") << ",\"layers\":[";
  bool is_first = true;
  for (const Resonance& layer : results) {
    const std::vector<std::int64_t> places = exports::places_of(layer, planes);
    std::string object = dumped(report::layer_json(layer, results));
    object.pop_back();  // the brace, since its lists follow
    out << (is_first ? "\n" : ",\n") << object << ",\"angles_deg\":";
    is_first = false;
    write_each(out, layer.num_angles(),
               [&](std::int64_t k) { out << fmt::format("{}", report::angle_degrees(layer.parts().grid, k)); });
    write_holistic(out, layer);
    write_planes(out, layer, places);
    out << "}";
  }
  out << "\n]}\n";
}

void write_timeline_json(std::ostream& out, const History& history) {
  out << head(history.settings) << ",\"torn_bytes\":" << history.num_bytes_torn << ",\"windows\":[";
  bool is_first = true;
  for (const Window* window : history.current()) {
    out << (is_first ? "\n" : ",\n") << dumped(window_json(*window));
    is_first = false;
  }
  out << "\n]}\n";
}

}  // namespace srm
