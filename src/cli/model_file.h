#pragma once

#include <torch/script.h>

#include <functional>
#include <string>
#include <vector>

namespace srm::cli {

/// kEvaluation: in evaluation mode, and of an instrumented model the plain one inside.
enum class ModelMode { kEvaluation, kAsSaved };

/// Loads a TorchScript model onto the CPU. Throws srm::Error that tells a missing file, a file that is no TorchScript
/// archive, and one that is damaged apart.
torch::jit::Module load_model(const std::string& path, ModelMode mode = ModelMode::kEvaluation);

/// Saves it whole or not at all. Throws srm::Error when the file cannot be written.
void save_model(const torch::jit::Module& model, const std::string& path);

/// The schema of the model's method; throws srm::Error naming the methods there are when it has no such.
const c10::FunctionSchema& require_method(const torch::jit::Module& model, const std::string& method);

/// Calls `run`, which runs the model's method on these inputs. What the model throws becomes an srm::Error with its
/// words and with the arguments it was given; an srm::Error passes as it is.
void forward_or_explain(const torch::jit::Module& model, const std::string& method,
                        const std::vector<c10::IValue>& inputs, const torch::jit::Kwargs& kwargs,
                        const std::function<void()>& run);

}  // namespace srm::cli
