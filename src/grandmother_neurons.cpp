#include "srm/grandmother_neurons.h"

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <tuple>

#include "srm/significance.h"

namespace srm {
namespace {

// P(X >= k) of X binomial(num_trials, rate) is I_rate(k, num_trials - k + 1).
double binomial_tail(std::int64_t k, std::int64_t num_trials, double rate) {
  return boost::math::ibeta(static_cast<double>(k), static_cast<double>(num_trials - k + 1), rate);
}

}  // namespace

std::vector<NeuronFinding> neuron_findings(const NeuronTable& table, std::int64_t epsilon_index) {
  const std::vector<std::int64_t>& totals = table.parts().class_totals;
  const auto num_seen = std::count_if(totals.begin(), totals.end(), [](std::int64_t total) { return total > 0; });
  std::vector<NeuronFinding> findings;
  std::vector<double> p;
  for (std::int64_t vector = 0; vector < table.num_vectors(); ++vector) {
    for (const Side side : {Side::kPlus, Side::kMinus}) {
      NeuronFinding finding{vector, side, table.reading(epsilon_index, vector, side)};
      const NeuronReading& reading = finding.reading;
      if (reading.num_majority > 0) {
        const double tail = binomial_tail(reading.num_majority, reading.num_labelled, reading.base_rate);
        finding.p = std::min(1.0, tail * static_cast<double>(num_seen));
      }
      p.push_back(finding.p);
      findings.push_back(finding);
    }
  }
  const std::vector<double> q = benjamini_hochberg(p);
  for (std::size_t k = 0; k < findings.size(); ++k) findings[k].q = q[k];
  return findings;
}

std::vector<NeuronFinding> grandmother_neurons(const NeuronTable& table, std::int64_t epsilon_index,
                                               const GrandmotherRule& rule) {
  std::vector<NeuronFinding> found = neuron_findings(table, epsilon_index);
  std::erase_if(found, [&](const NeuronFinding& finding) {
    const NeuronReading& reading = finding.reading;
    return reading.num_labelled == 0 || reading.num_labelled < rule.min_count || reading.purity < rule.min_purity ||
           finding.q > rule.max_q;
  });
  std::stable_sort(found.begin(), found.end(), [](const NeuronFinding& a, const NeuronFinding& b) {
    return std::tie(b.reading.purity, b.reading.recall) < std::tie(a.reading.purity, a.reading.recall);
  });
  return found;
}

}  // namespace srm
