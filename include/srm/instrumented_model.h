#pragma once

#include <torch/script.h>

#include <vector>

#include "srm/observer.h"

namespace srm {

// Note [Instrumented models]
// An instrumented model carries its observers as attributes, objects of the TorchBind class `srm::Observer` (the plugin
// is the library of this project). Wherever it runs it goes on counting; saving it keeps what was counted, a deep copy
// has observers of its own, freezing and optimize_for_inference keep them. A hook between a convolution and its batch
// norm keeps the two apart, so that the frozen instrumented model gives the outputs of the unfrozen bare one, bit for
// bit, not those of the frozen one. A host without the plugin cannot load it.

/// `model` with observers of the layers that `options` choose. It shares the model's parameters; the model itself is
/// untouched. Throws srm::Error as ObservedModule does, for options.centre, which needs two passes, and for a model
/// that is instrumented already.
torch::jit::Module instrument(const torch::jit::Module& model, const ObserveOptions& options,
                              std::shared_ptr<MemoryBudget> budget = std::make_shared<MemoryBudget>());

/// The observers of an instrumented model, frozen or not, in the order of its layers; none for any other.
std::vector<c10::intrusive_ptr<SiteObserver>> observers_of(const torch::jit::Module& model);

/// What an instrumented model has counted so far; consistent in each layer while it runs. Throws srm::Error for a model
/// that is not instrumented.
Results collect(const torch::jit::Module& model);

/// The plain model inside an instrumented one. Throws srm::Error for a model that is not instrumented, or was frozen
/// since.
torch::jit::Module strip(const torch::jit::Module& model);

}  // namespace srm
