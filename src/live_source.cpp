#include "srm/live_source.h"

#include "srm/io.h"

namespace srm {

LiveSource live_source(const ObservedModule& module) {
  return {[&module] { return module.holistic_results(); }, [&module] { return module.results(); },
          [](const Results& results) { return to_bytes(results); }};
}

}  // namespace srm
