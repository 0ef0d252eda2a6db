#pragma once

#include <span>

#include "srm/results.h"

namespace srm {

/// The result over the union of two disjoint sets of samples: every sum of the one plus that of the other. Throws
/// srm::Error naming the first setting that differs and both its values, and when a sum would overflow.
Resonance merge(const Resonance& a, const Resonance& b);
/// Throws as that does where a setting differs.
void require_mergeable(const Resonance& a, const Resonance& b);

/// Layers are matched by address and group; a group that a result lacks has no rows there. Any order and any grouping
/// of the same results gives the same bytes: layers keep their order where all results agree on it, else they are
/// sorted by address, each followed by its groups. Of findings neurons and densities are merged, where all results have
/// them; tests are left out, for they rest on samples of the rows of one run. Throws srm::Error for an empty list, for
/// settings that differ and for a layer that is not in all of them.
Results merge(std::span<const Results> results);

}  // namespace srm
