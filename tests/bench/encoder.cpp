#include "encoder.h"

#include <fmt/format.h>

#include <fstream>

#include "srm/io.h"

namespace srm::bench {
namespace {

constexpr std::int64_t kBatch = 64;
constexpr std::int64_t kShortBatch = 16;
constexpr std::int64_t kFew = 4;

}  // namespace

EncoderFiles::EncoderFiles(const std::string& folder)
    : model(folder + "/sentence_encoder.traced.pt"), inputs(folder + "/sentence_encoder.inputs.pt") {}

bool EncoderFiles::are_there() const { return std::ifstream(model).good() && std::ifstream(inputs).good(); }

Encoder::Encoder(const EncoderFiles& files, std::int64_t batch)
    : path(files.model), model(torch::jit::load(files.model)) {
  const c10::IValue all = read_value(files.inputs);
  for (const c10::IValue& input : all.toListRef()) {
    inputs.emplace_back(input.toTensor().slice(0, 0, batch).clone());
    few_inputs.emplace_back(input.toTensor().slice(0, 0, kFew).clone());
  }
  for (int k = 0; k < kWarmUpRuns; ++k) model.forward(inputs);
}

std::int64_t batch_of(Effort effort) { return effort == Effort::kWhole ? kBatch : kShortBatch; }

std::shared_ptr<Encoder> shared_encoder(const EncoderFiles& files, Effort effort) {
  static const auto encoder = std::make_shared<Encoder>(files, batch_of(effort));
  return encoder;
}

std::string shape_of(const Inputs& inputs) {
  return fmt::format("{}x{}", inputs.at(0).toTensor().size(0), inputs.at(0).toTensor().size(1));
}

void warm_up(const Measure& run) {
  for (int k = 0; k < kWarmUpRuns; ++k) run();
}

}  // namespace srm::bench
