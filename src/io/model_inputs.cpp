#include "srm/model_inputs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "srm/error.h"
#include "srm/io.h"

namespace srm {
namespace {

// Without `self`, which the caller does not give.
std::vector<std::string> names_of(const c10::FunctionSchema& schema) {
  std::vector<std::string> names;
  for (std::size_t k = 1; k < schema.arguments().size(); ++k) names.push_back(schema.arguments()[k].name());
  return names;
}

std::string signature_of(const c10::FunctionSchema& schema) {
  return fmt::format("the model's {}({})", schema.name(), fmt::join(names_of(schema), ", "));
}

}  // namespace

ModelInputs ModelInputs::read(const std::string& file_and_key, const c10::FunctionSchema& schema) {
  const std::string where = "data " + file_and_key;
  ModelInputs inputs;
  const c10::IValue value = read_value(file_and_key);
  if (value.isGenericDict()) {
    for (const auto& entry : value.toGenericDict()) {
      if (!entry.key().isString()) {
        throw Error(where, "a dict of inputs must go by argument names", "a key of type " + entry.key().tagKind(),
                    "save {'name': tensor} for " + signature_of(schema));
      }
      inputs.named_.emplace_back(entry.key().toStringRef(), entry.value());
    }
  } else if (value.isTuple()) {
    inputs.positional_ = value.toTupleRef().elements().vec();
  } else if (value.isList()) {
    for (const auto& element : value.toListRef()) inputs.positional_.push_back(element);
  } else if (value.isTensor()) {
    inputs.positional_ = {value};
  } else {
    throw Error(where, "inputs must be a tensor, a tuple or list of arguments, or a dict by argument name",
                value.tagKind(), "save them with torch.save");
  }
  inputs.require_accepted(where, schema);
  inputs.count_samples(where, schema);
  return inputs;
}

void ModelInputs::require_accepted(const std::string& where, const c10::FunctionSchema& schema) const {
  const std::vector<std::string> names = names_of(schema);
  const std::string signature = signature_of(schema);
  if (positional_.size() > names.size()) {
    throw Error(where, fmt::format("{} takes {} arguments", signature, names.size()),
                fmt::format("{}", positional_.size()), "save as many as it takes, in its order");
  }
  for (const auto& [name, value] : named_) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    throw Error(where, "every name must be one of " + signature, "'" + name + "'", "rename it or leave it out");
  }
  for (std::size_t k = positional_.size(); k < names.size(); ++k) {
    const bool is_given = std::any_of(named_.begin(), named_.end(), [&](const auto& n) { return n.first == names[k]; });
    if (is_given || schema.arguments()[k + 1].default_value().has_value()) continue;
    throw Error(where, signature + " must be given every argument", "none for '" + names[k] + "'",
                "save a tuple of all of them, or a dict by name");
  }
}

void ModelInputs::count_samples(const std::string& where, const c10::FunctionSchema& schema) {
  std::string first_name;
  const auto count = [&](const std::string& name, const c10::IValue& value) {
    if (!value.isTensor() || value.toTensor().dim() == 0) return;
    const std::int64_t size = value.toTensor().size(0);
    if (first_name.empty()) {
      first_name = name;
      num_samples_ = size;
    } else if (size != num_samples_) {
      throw Error(where, "all arguments must hold the same number of samples in their first dimension",
                  fmt::format("{} in '{}' and {} in '{}'", num_samples_, first_name, size, name),
                  "save them with the batch first");
    }
  };
  for (std::size_t k = 0; k < positional_.size(); ++k) count(names_of(schema)[k], positional_[k]);
  for (const auto& [name, value] : named_) count(name, value);
  if (num_samples_ == 0) {
    throw Error(where, "there must be a tensor with a sample in it", first_name.empty() ? "no tensor" : "0 samples",
                "check what was saved");
  }
}

ModelInputs::Batch ModelInputs::batch(std::int64_t begin, std::int64_t end) const {
  const auto part_of = [&](const c10::IValue& value) -> c10::IValue {
    if (!value.isTensor() || value.toTensor().dim() == 0) return value;
    return value.toTensor().slice(0, begin, end).clone();
  };
  Batch batch;
  for (const c10::IValue& value : positional_) batch.first.push_back(part_of(value));
  for (const auto& [name, value] : named_) batch.second.emplace(name, part_of(value));
  return batch;
}

}  // namespace srm
