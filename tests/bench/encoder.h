#pragma once

#include <torch/script.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rows.h"

namespace srm::bench {

using Inputs = std::vector<c10::IValue>;

/// In which LibTorch's executor profiles a graph and then specialises it.
constexpr int kWarmUpRuns = 3;

/// The sentence encoder, warmed up, and its inputs: as many sentences as are timed, and a few.
struct Encoder {
  Encoder(const EncoderFiles& files, std::int64_t batch);
  std::string path;
  torch::jit::Module model;
  Inputs inputs, few_inputs;
};

/// Sentences in a forward that is timed.
std::int64_t batch_of(Effort effort);
/// The one that all rows share, made when the first of them is.
std::shared_ptr<Encoder> shared_encoder(const EncoderFiles& files, Effort effort);

/// "64x32".
std::string shape_of(const Inputs& inputs);

/// CPU seconds of one forward of whatever has forward(), a copy of which is kept.
template <typename Model>
Measure forward_of(Model model, const std::shared_ptr<Encoder>& encoder) {
  return [model, encoder]() mutable { return cpu_seconds([&] { model.forward(encoder->inputs); }); };
}

/// Does it so often that the executor has specialised its graph.
void warm_up(const Measure& run);

}  // namespace srm::bench
