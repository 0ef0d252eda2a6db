#include "io/dict_entries.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "srm/error.h"

namespace srm {

GenericDict empty_dict() { return GenericDict(c10::AnyType::get(), c10::AnyType::get()); }

GenericList empty_list() { return GenericList(c10::AnyType::get()); }

at::Tensor borrow(const void* data, const Shape& shape, at::ScalarType type) {
  return at::from_blob(const_cast<void*>(data), shape, type);
}

at::Tensor borrow(const std::vector<std::int64_t>& numbers, const Shape& shape) {
  return borrow(numbers.data(), shape, at::kLong);
}

at::Tensor borrow(const std::vector<double>& numbers, const Shape& shape) {
  return borrow(numbers.data(), shape, at::kDouble);
}

at::Tensor borrow(const std::vector<Plane>& planes) {
  static_assert(sizeof(Plane) == 2 * sizeof(std::int64_t), "planes are written as pairs of int64");
  return borrow(planes.data(), {std::ssize(planes), 2}, at::kLong);
}

DictEntries::DictEntries(const c10::IValue& dict, std::string where) : dict_(empty_dict()), where_(std::move(where)) {
  if (!dict.isGenericDict()) refuse("this must be a dict", dict.tagKind());
  dict_ = dict.toGenericDict();
}

c10::IValue DictEntries::value(const std::string& key) const {
  const auto found = dict_.find(key);
  if (found == dict_.end()) refuse(fmt::format("the key '{}' must be there", key), "none");
  return found->value();
}

std::int64_t DictEntries::integer(const std::string& key) const {
  const c10::IValue found = value(key);
  if (!found.isInt()) refuse(fmt::format("'{}' must be an integer", key), found.tagKind());
  return found.toInt();
}

double DictEntries::number(const std::string& key) const {
  const c10::IValue found = value(key);
  if (!found.isDouble()) refuse(fmt::format("'{}' must be a number of floating point", key), found.tagKind());
  return found.toDouble();
}

bool DictEntries::flag(const std::string& key) const {
  const c10::IValue found = value(key);
  if (!found.isBool()) refuse(fmt::format("'{}' must be True or False", key), found.tagKind());
  return found.toBool();
}

std::string DictEntries::text(const std::string& key) const {
  const c10::IValue found = value(key);
  if (!found.isString()) refuse(fmt::format("'{}' must be text", key), found.tagKind());
  return found.toStringRef();
}

GenericList DictEntries::list(const std::string& key) const {
  const c10::IValue found = value(key);
  if (!found.isList()) refuse(fmt::format("'{}' must be a list", key), found.tagKind());
  return found.toList();
}

at::Tensor DictEntries::tensor(const std::string& key, at::ScalarType type, const Shape& shape) const {
  const c10::IValue found = value(key);
  if (!found.isTensor()) refuse(fmt::format("'{}' must be a tensor", key), found.tagKind());
  const at::Tensor tensor = found.toTensor();
  bool is_right = tensor.scalar_type() == type && tensor.dim() == static_cast<std::int64_t>(shape.size());
  for (std::size_t d = 0; is_right && d < shape.size(); ++d) {
    is_right = shape[d] < 0 || tensor.size(static_cast<std::int64_t>(d)) == shape[d];
  }
  if (!is_right) {
    refuse(fmt::format("'{}' must be {} of shape ({})", key, c10::toString(type), fmt::join(shape, ", ")),
           fmt::format("{} of shape ({})", c10::toString(tensor.scalar_type()), fmt::join(tensor.sizes(), ", ")));
  }
  return tensor.contiguous();
}

std::vector<double> DictEntries::doubles(const std::string& key, const Shape& shape) const {
  const at::Tensor numbers = tensor(key, at::kDouble, shape);
  return {numbers.const_data_ptr<double>(), numbers.const_data_ptr<double>() + numbers.numel()};
}

std::vector<std::int64_t> DictEntries::integers(const std::string& key, const Shape& shape) const {
  const at::Tensor numbers = tensor(key, at::kLong, shape);
  return {numbers.const_data_ptr<std::int64_t>(), numbers.const_data_ptr<std::int64_t>() + numbers.numel()};
}

std::vector<Plane> DictEntries::planes(const std::string& key) const {
  const std::vector<std::int64_t> numbers = integers(key, {-1, 2});
  std::vector<Plane> planes;
  for (std::size_t k = 0; k < numbers.size(); k += 2) planes.push_back({numbers[k], numbers[k + 1]});
  return planes;
}

void DictEntries::refuse(const std::string& rule, const std::string& got) const {
  throw Error(where_, rule, got, "this result is damaged or was not written by torchsrm; make it again");
}

}  // namespace srm
