#pragma once

#include <cstdint>
#include <vector>

#include "srm/neuron_table.h"

namespace srm {

// Note [Grandmother neurons and chance]
// A signed basis vector +-b_i is a grandmother neuron of a class where its spotlight holds few rows of any other class.
// Chance alone makes pure spotlights where few rows are inside, where one class is most of the data, and where many
// vectors are looked at. Under the null hypothesis that classes have nothing to do with the direction of a row, the
// rows of class y among L labelled rows inside are binomial(L, base rate of y). p is the upper tail of the majority's
// count, times the number of classes seen, since the class was chosen after looking; q is p corrected for the 2m signed
// vectors looked at (Benjamini and Hochberg). Both take rows for independent: where rows of one sample hang together
// (tokens, pixels), they are too small, and the recall and the nearest samples tell more.

/// One signed basis vector at one epsilon.
struct NeuronFinding {
  std::int64_t vector = 0;  ///< index of the basis vector
  Side side = Side::kPlus;  ///< its side: +b_i or -b_i
  NeuronReading reading;    ///< what was counted in its spotlight
  double p = 1;             ///< see Note [Grandmother neurons and chance]; 1 where no labelled row is inside
  double q = 1;             ///< false discovery rate at which it is significant
};

/// What makes a grandmother neuron.
struct GrandmotherRule {
  std::int64_t min_count = 10;  ///< labelled rows inside
  double min_purity = 0.9;      ///< share of the majority class among them
  double max_q = 0.05;          ///< false discovery rate
};

/// All 2m signed vectors at one epsilon, +b_0, -b_0, +b_1, ...; throws srm::Error for an index out of range.
std::vector<NeuronFinding> neuron_findings(const NeuronTable& table, std::int64_t epsilon_index);

/// Those of them that keep the rule: the purest first, of equal ones that of the higher recall, then +b_0, -b_0, ...
std::vector<NeuronFinding> grandmother_neurons(const NeuronTable& table, std::int64_t epsilon_index,
                                               const GrandmotherRule& rule = {});

}  // namespace srm
