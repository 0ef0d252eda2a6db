#pragma once

#include <cstdint>
#include <string>

#include "io/dict_entries.h"
#include "srm/resonance.h"

namespace srm {

/// One layer as the dict that a result file has of it. Its tensors are memory of `layer`, which must outlive it: tables
/// may be most of the machine's memory.
GenericDict to_dict(const Resonance& layer);

/// The layer that such a dict of a file of `version` 1 or 2 tells. Throws srm::Error naming `where` and the key when
/// one is missing or does not hold what it should.
Resonance to_resonance(const c10::IValue& layer, std::int64_t version, const std::string& where);

}  // namespace srm
