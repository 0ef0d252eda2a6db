#pragma once

#include <string>

#include "io/dict_entries.h"
#include "srm/results.h"

namespace srm {

/// What a run found out about one layer as the dict that a result file has of it: "address" and, as far as they are
/// there, "tests", "neurons" and "densities". Its tensors are memory of `findings`, which must outlive it.
GenericDict to_dict(const LayerFindings& findings);

/// The findings that such a dict tells. Throws srm::Error naming `where` and the key when one is missing or does not
/// hold what it should.
LayerFindings to_findings(const c10::IValue& findings, const std::string& where);

/// Its parts. What follows from other numbers of a dict (p of a score and its null scores) stands there for other
/// programs, and is refused where it does not follow.
GenericDict to_dict(const LayerTests& tests);
LayerTests to_layer_tests(const DictEntries& entries);
GenericDict to_dict(const NeuronTable& neurons);
NeuronTable to_neuron_table(const DictEntries& entries);
GenericDict to_dict(const PlaneDensities& densities);
PlaneDensities to_plane_densities(const DictEntries& entries);

}  // namespace srm
