#include <fmt/format.h>

#include <iterator>
#include <ostream>
#include <string>

#include "report/curve_facts.h"
#include "srm/report.h"

namespace srm {
namespace {

// RFC 4180: a field with a comma, a quote or a line break is quoted, and its quotes are doubled.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

void write_planes_csv(std::ostream& out, const Results& results) {
  constexpr std::size_t kFlushBytes = std::size_t{1} << 16;
  fmt::memory_buffer lines;
  const auto flush = [&] {
    out.write(lines.data(), static_cast<std::streamsize>(lines.size()));
    lines.clear();
  };
  out << "layer,i,j,epsilon,hits,peak_angle_deg,peak,mean,group\n";
  for (const Resonance& layer : results) {
    const std::string name = csv_field(layer.address());
    const ResonanceParts& parts = layer.parts();
    const std::string group = csv_field(parts.group);
    for (std::int64_t p = 0; p < layer.num_planes(); ++p) {
      const Plane& plane = parts.planes[static_cast<std::size_t>(p)];
      for (std::int64_t e = 0; e < layer.num_epsilons(); ++e) {
        const report::PlaneFacts facts = report::plane_facts(layer, e, p);
        fmt::format_to(std::back_inserter(lines), "{},{},{},{},{},{},{},{},{}\n", name, plane.i, plane.j,
                       parts.epsilon[static_cast<std::size_t>(e)], facts.num_hits, facts.peak_angle_degrees, facts.peak,
                       facts.mean, group);
      }
      if (lines.size() >= kFlushBytes) flush();
    }
  }
  flush();
}

}  // namespace srm
