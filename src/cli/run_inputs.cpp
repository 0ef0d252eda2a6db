#include "cli/run_inputs.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "srm/io.h"

namespace srm::cli {

void require_sources(const std::string& command, const RunOptions& run, const std::string& activations,
                     const std::vector<std::string>& selectors, const std::vector<std::string>& layouts) {
  const bool has_model = !run.model.empty();
  if (has_model == !activations.empty()) {
    throw Misuse(command, "there must be either a model or --activations", has_model ? "both" : "neither",
                 "the model comes first, or after `--` behind lists");
  }
  if (has_model && run.data.empty()) {
    throw Misuse(command, "a model needs --data to run on", "none", "give a .pt, .npy or .npz file of inputs");
  }
  if (!has_model && (!run.data.empty() || !selectors.empty() || run.method != RunOptions().method)) {
    throw Misuse(command, "--data, --layers and the model's method belong to a model", "--activations",
                 "leave them out");
  }
  for (const std::string& layout : layouts) {
    if (!has_model && layout.find('=') != std::string::npos) {
      throw Misuse("--layout", "without a model there is one layer, and no GLOB= to choose it", layout, "leave it out");
    }
  }
  if (run.batch_size < 1) {
    throw Misuse("--batch-size", "a batch must hold a sample", fmt::format("{}", run.batch_size), "give 1 or more");
  }
}

std::optional<std::int64_t> memory_limit_of(std::string flag, const char* name) {
  if (flag.empty()) return std::nullopt;
  const std::string got = flag;
  std::int64_t limit = 0;
  try {
    CLI::AsSizeValue(false)(flag);  // "4G" becomes "4294967296", or a message
    limit = std::stoll(flag);
  } catch (const std::exception&) {
    limit = 0;
  }
  if (limit <= 0) throw Misuse(name, "it must be a size above zero", got, "give e.g. 4G");
  return limit;
}

at::Tensor read_mask(const std::string& spec, std::int64_t num_samples) {
  const at::Tensor mask = read_tensor(spec, "mask");
  if (mask.dim() == 0 || mask.size(0) != num_samples || c10::isComplexType(mask.scalar_type())) {
    throw Error("mask " + spec, fmt::format("a mask must have {} samples in its first dimension", num_samples),
                fmt::format("{} ({})", c10::toString(mask.scalar_type()), fmt::join(mask.sizes(), ", ")),
                "give one number a token, 0 where it is only padding");
  }
  return mask;
}

at::Tensor read_activations(const std::string& spec) {
  at::Tensor activations = read_tensor(spec, "activations");
  const std::string where = "activations " + spec;
  if (activations.dim() < 2) {
    throw Error(where, "activations must be (num_samples, ...), of two dimensions or more",
                fmt::format("{}", activations.dim()), "reshape them");
  }
  if (activations.numel() == 0) throw Error(where, "there must be a sample with a number", "none", "check the file");
  if (at::isIntegralType(activations.scalar_type(), /*includeBool=*/true)) activations = activations.to(at::kDouble);
  if (!at::isFloatingType(activations.scalar_type())) {
    throw Error(where, "activations must be real numbers", c10::toString(activations.scalar_type()),
                "save their magnitudes, or their real and imaginary parts side by side");
  }
  return activations;
}

}  // namespace srm::cli
