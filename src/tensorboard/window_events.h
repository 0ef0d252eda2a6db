// PRIVATE: what TensorBoard is shown of a window.
#pragma once

#include <string>
#include <vector>

#include "srm/history.h"
#include "tensorboard/event_file.h"

namespace srm::tensorboard {

/// By layer and phase: srm/PHASE/LAYER/A4, p where it was tested, C4 (with several epsilons C4@0.4 and so on), the
/// matched cosines of a basis learned anew as drift_previous and drift_standard; and scalars that were handed in as
/// they are called. What is undefined is left out.
std::vector<Scalar> scalars_of(const Window& window);

/// srm/PHASE/LAYER/curve, one for each epsilon as C4 is. `has_unit_vectors`: then the line of isotropic rows is known.
std::vector<Image> curves_of(const Window& window, bool has_unit_vectors);

/// A holistic curve: the share of the rows that is inside, over angles from 0 to 360 degrees; dashed what isotropic
/// rows would have.
Image curve_picture(const LayerWindow& layer, std::size_t epsilon_index, bool has_unit_vectors);

}  // namespace srm::tensorboard
