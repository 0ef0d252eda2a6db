#include "srm/history.h"

#include <algorithm>
#include <limits>
#include <map>

#include "srm/statistics.h"

namespace srm {

LayerWindow window_of(const Resonance& layer) {
  const ResonanceParts& parts = layer.parts();
  LayerWindow window;
  window.address = parts.address;
  window.dim = parts.dim;
  window.num_vectors = parts.num_vectors;
  window.basis_name = parts.basis_name;
  window.num_planes = parts.num_planes_summed;
  window.num_samples_seen = parts.num_samples_seen;
  window.num_samples_zero_norm = parts.num_samples_zero_norm;
  window.num_samples_nonfinite = parts.num_samples_nonfinite;
  window.num_samples_skipped = parts.num_samples_skipped;
  window.a4 = quartic_alignment(layer);
  window.a4_error = quartic_alignment_error(layer);
  window.epsilon = parts.epsilon;
  for (const double epsilon : parts.epsilon) window.c4.push_back(arc_alignment(layer, epsilon));
  window.num_hits = parts.scores.num_hits;
  window.num_angles = parts.grid.num_angles();
  window.is_inclusive = parts.grid.num_distinct() != parts.grid.num_angles();
  window.holistic_counts = parts.holistic_counts;
  return window;
}

std::vector<const Window*> History::current() const {
  std::vector<const Window*> kept;
  constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();
  std::map<std::string, std::int64_t> least_later;  // step of windows with layers behind this one, by phase
  std::int64_t least_of_all = kNone;
  for (auto window = windows.rbegin(); window != windows.rend(); ++window) {
    std::int64_t& least = least_later.try_emplace(window->phase, kNone).first->second;
    if (window->step >= least || window->step > least_of_all) continue;
    kept.push_back(&*window);
    if (window->layers.empty()) continue;
    least = window->step;
    least_of_all = std::min(least_of_all, window->step);
  }
  std::reverse(kept.begin(), kept.end());
  return kept;
}

}  // namespace srm
