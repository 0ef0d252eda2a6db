#include <fmt/format.h>

#include <iterator>
#include <ostream>
#include <string>

#include "report/csv_text.h"
#include "report/curve_facts.h"
#include "report/findings_facts.h"
#include "srm/report.h"

namespace srm {
namespace {

using report::csv_field;
using report::number_or_nothing;

void write_neurons(fmt::memory_buffer& lines, const std::string& name, const NeuronTable& neurons, std::int64_t e) {
  const double epsilon = neurons.parts().epsilon[static_cast<std::size_t>(e)];
  for (const NeuronFinding& finding : neuron_findings(neurons, e)) {
    const NeuronReading& reading = finding.reading;
    const std::string majority = reading.majority_class < 0 ? std::string() : fmt::format("{}", reading.majority_class);
    fmt::format_to(std::back_inserter(lines), "{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", name, epsilon,
                   finding.vector, to_string(finding.side), reading.count, reading.num_labelled, majority,
                   number_or_nothing(reading.purity), number_or_nothing(reading.recall),
                   number_or_nothing(reading.base_rate), number_or_nothing(reading.lift), finding.p, finding.q,
                   report::nearest_rows(neurons, finding.vector, finding.side));
  }
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

void write_neurons_csv(std::ostream& out, const Results& results) {
  out << "layer,epsilon,vector,side,count,labelled,class,purity,recall,base_rate,lift,p,q,nearest\n";
  for (const LayerFindings& found : results.findings) {
    if (!found.neurons) continue;
    for (std::int64_t e = 0; e < found.neurons->num_epsilons(); ++e) {
      fmt::memory_buffer lines;
      write_neurons(lines, csv_field(found.address), *found.neurons, e);
      out.write(lines.data(), static_cast<std::streamsize>(lines.size()));
    }
  }
}

}  // namespace srm
