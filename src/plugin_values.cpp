#include "plugin_values.h"

#include <algorithm>
#include <limits>

namespace srm {

torch::jit::Module to_module(const c10::IValue& value, const char* where) {
  if (value.isModule()) return value.toModule();
  throw Error(where, "the first argument must be a scripted, traced or loaded module", value.tagKind(),
              "script or trace the model first");
}

std::shared_ptr<const Basis> to_basis(const c10::IValue& value, const char* where) {
  if (value.isNone()) return nullptr;
  const at::Tensor rows = value.toTensor().detach().to(at::kCPU, at::kDouble).contiguous();
  if (rows.dim() != 2) {
    throw Error(where, "a basis must be (num_vectors, dim)", std::to_string(rows.dim()) + " dimensions",
                "give one row for each basis vector");
  }
  const double* data = rows.const_data_ptr<double>();
  return std::make_shared<const Basis>(
      Basis::from_vectors("given", rows.size(0), rows.size(1), {data, data + rows.numel()}));
}

std::vector<std::string> to_texts(const c10::IValue& value) {
  std::vector<std::string> texts;
  for (const c10::IValue& text : value.toListRef()) texts.push_back(text.toStringRef());
  return texts;
}

int to_thread_count(const c10::IValue& value) {
  return static_cast<int>(std::clamp<std::int64_t>(value.toInt(), -1, std::numeric_limits<int>::max()));
}

void set_epsilon(const c10::IValue& value, std::vector<EpsilonChoice>& epsilon) {
  const std::vector<double> given = value.toDoubleVector();
  if (!given.empty()) epsilon.assign(given.begin(), given.end());
}

}  // namespace srm
