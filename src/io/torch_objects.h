#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace srm {

/// The bytes of the storage called `key`, as a one-dimensional uint8 tensor; `num_bytes` is what the pickle says.
using ReadStorage = std::function<at::Tensor(const std::string& key, std::int64_t num_bytes)>;

/// What a pickle of torch.save() may name. A number type is a value, the others are called; each is acted out here.
enum class TorchName {
  kNone,
  kRebuildTensor,
  kRebuildTypedTensor,
  kRebuildParameter,
  kOrderedDict,
  kSize,
  kNumberType
};

/// A name and, for a number type, its at::ScalarType.
struct TorchNamed {
  TorchName name = TorchName::kNone;
  c10::IValue value;
};

/// Tensors and their storages as one pickle describes them. Throws srm::Error naming `where`, and c10::Error for values
/// of other types than their places ask for.
class TorchObjects {
 public:
  /// Both must outlive it.
  TorchObjects(const ReadStorage& read_storage, std::string_view where) : read_storage_(read_storage), where_(where) {}

  /// Throws for every name that is not among those above.
  TorchNamed find(std::string_view module, std::string_view name) const;
  c10::IValue call(TorchName function, c10::ArrayRef<c10::IValue> arguments) const;
  /// ("storage", number type, key, device, number of elements) as a one-dimensional tensor of that type.
  at::Tensor storage(c10::ArrayRef<c10::IValue> id);

 private:
  const ReadStorage& read_storage_;
  std::string_view where_;
  std::map<std::string, at::Tensor, std::less<>> storages_;  // by key, as bytes
};

/// The pickle is not whole.
[[noreturn]] void fail_damaged_pickle(std::string_view where, std::string_view got);
/// There is something in it that is no plain value.
[[noreturn]] void fail_foreign_pickle(std::string_view where, std::string_view got);

}  // namespace srm
