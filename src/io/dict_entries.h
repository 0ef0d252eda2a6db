#pragma once

#include <ATen/core/Dict.h>
#include <ATen/core/List.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <cstdint>
#include <string>
#include <vector>

#include "srm/plane_set.h"

namespace srm {

using Shape = std::vector<std::int64_t>;
using GenericDict = c10::impl::GenericDict;
using GenericList = c10::impl::GenericList;

/// A dict and a list of anything.
GenericDict empty_dict();
GenericList empty_list();

/// A tensor over memory of a result, which must outlive the writing: tables may be most of the machine's memory.
at::Tensor borrow(const void* data, const Shape& shape, at::ScalarType type);
at::Tensor borrow(const std::vector<std::int64_t>& numbers, const Shape& shape);
at::Tensor borrow(const std::vector<double>& numbers, const Shape& shape);

/// Planes as pairs (num_planes, 2) int64 over their memory.
at::Tensor borrow(const std::vector<Plane>& planes);

/// The entries of a dict of a result file: they must be there and be what they should. `where` names the file and the
/// place in it. All members throw srm::Error that names it and the key.
class DictEntries {
 public:
  DictEntries(const c10::IValue& dict, std::string where);

  bool has(const std::string& key) const { return dict_.contains(key); }
  c10::IValue value(const std::string& key) const;
  std::int64_t integer(const std::string& key) const;
  double number(const std::string& key) const;
  bool flag(const std::string& key) const;
  std::string text(const std::string& key) const;
  /// The one of two enumerators that is called what the file says.
  template <typename Enum>
  Enum choice(const std::string& key, Enum first, Enum second) const {
    const std::string name = text(key);
    if (name == to_string(first)) return first;
    if (name != to_string(second)) {
      refuse("'" + key + "' must be '" + to_string(first) + "' or '" + to_string(second) + "'", name);
    }
    return second;
  }
  /// -1 in `shape` takes any size.
  at::Tensor tensor(const std::string& key, at::ScalarType type, const Shape& shape) const;
  std::vector<double> doubles(const std::string& key, const Shape& shape) const;
  std::vector<std::int64_t> integers(const std::string& key, const Shape& shape) const;
  /// Pairs (num_planes, 2) int64.
  std::vector<Plane> planes(const std::string& key) const;
  GenericList list(const std::string& key) const;
  /// The entries of the dict at `key`.
  DictEntries inside(const std::string& key) const { return {value(key), where_ + ": " + key}; }

  const std::string& where() const { return where_; }
  [[noreturn]] void refuse(const std::string& rule, const std::string& got) const;

 private:
  GenericDict dict_;
  std::string where_;
};

}  // namespace srm
