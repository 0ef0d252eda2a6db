#pragma once

#include <torch/script.h>

#include <functional>
#include <string>
#include <vector>

namespace srm::cli {

/// Loads a TorchScript model onto the CPU and puts it into evaluation mode. Throws srm::Error that tells a missing
/// file, a file that is no TorchScript archive, and one that is damaged apart.
torch::jit::Module load_model(const std::string& path);

/// Calls `run`, which runs the model on these inputs. What the model throws becomes an srm::Error with its words and
/// with the arguments it was given; an srm::Error passes as it is.
void forward_or_explain(const torch::jit::Module& model, const std::vector<c10::IValue>& inputs,
                        const torch::jit::Kwargs& kwargs, const std::function<void()>& run);

}  // namespace srm::cli
