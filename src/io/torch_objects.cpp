#include "io/torch_objects.h"

#include <ATen/ATen.h>
#include <ATen/core/Dict.h>
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "srm/error.h"

namespace srm {
namespace {

using c10::IValue;

const std::unordered_map<std::string_view, TorchName> kFunctions = {
    {"torch._utils._rebuild_tensor_v2", TorchName::kRebuildTensor},
    {"torch._utils._rebuild_tensor_v3", TorchName::kRebuildTypedTensor},
    {"torch._utils._rebuild_parameter", TorchName::kRebuildParameter},
    {"torch._utils._rebuild_parameter_with_state", TorchName::kRebuildParameter},
    {"collections.OrderedDict", TorchName::kOrderedDict},
    {"torch.Size", TorchName::kSize}};

const std::unordered_map<std::string_view, at::ScalarType> kNumberTypes = {
    {"torch.BoolStorage", at::kBool},
    {"torch.ByteStorage", at::kByte},
    {"torch.CharStorage", at::kChar},
    {"torch.ShortStorage", at::kShort},
    {"torch.IntStorage", at::kInt},
    {"torch.LongStorage", at::kLong},
    {"torch.HalfStorage", at::kHalf},
    {"torch.BFloat16Storage", at::kBFloat16},
    {"torch.FloatStorage", at::kFloat},
    {"torch.DoubleStorage", at::kDouble},
    {"torch.ComplexFloatStorage", at::kComplexFloat},
    {"torch.ComplexDoubleStorage", at::kComplexDouble},
    {"torch.storage.UntypedStorage", at::kByte},
    // Types without a storage of their own are named beside an untyped one.
    {"torch.uint16", at::kUInt16},
    {"torch.uint32", at::kUInt32},
    {"torch.uint64", at::kUInt64}};

std::vector<std::int64_t> to_integers(const IValue& tuple) {
  std::vector<std::int64_t> integers;
  for (const IValue& value : tuple.toTupleRef().elements()) integers.push_back(value.toInt());
  return integers;
}

// A view of a storage by the first four of torch._utils' arguments: storage, offset, sizes, strides.
at::Tensor view_of_storage(const at::Tensor& storage, c10::ArrayRef<IValue> arguments, std::string_view where) {
  const std::int64_t offset = arguments[1].toInt();
  const std::vector<std::int64_t> sizes = to_integers(arguments[2]);
  const auto is_negative = [](std::int64_t number) { return number < 0; };
  if (offset < 0 || std::any_of(sizes.begin(), sizes.end(), is_negative)) fail_damaged_pickle(where, "a negative size");
  return storage.as_strided(sizes, to_integers(arguments[3]), offset);  // checks that it stays inside
}

}  // namespace

TorchNamed TorchObjects::find(std::string_view module, std::string_view name) const {
  const std::string full_name = fmt::format("{}.{}", module, name);
  if (const auto function = kFunctions.find(full_name); function != kFunctions.end()) {
    return {function->second, IValue()};
  }
  if (const auto type = kNumberTypes.find(full_name); type != kNumberTypes.end()) {
    return {TorchName::kNumberType, IValue(static_cast<std::int64_t>(type->second))};
  }
  fail_foreign_pickle(where_, fmt::format("'{}'", full_name));
}

IValue TorchObjects::call(TorchName function, c10::ArrayRef<IValue> arguments) const {
  const auto require_arguments = [&](std::size_t count) {
    if (arguments.size() < count) fail_damaged_pickle(where_, "a call with too few arguments");
  };
  switch (function) {
    case TorchName::kRebuildTensor:
      require_arguments(4);
      return view_of_storage(arguments[0].toTensor(), arguments, where_);
    case TorchName::kRebuildTypedTensor: {
      require_arguments(7);
      const auto type = static_cast<at::ScalarType>(arguments[6].toInt());
      return view_of_storage(arguments[0].toTensor().view(type), arguments, where_);
    }
    case TorchName::kRebuildParameter:
      require_arguments(1);
      return arguments[0].toTensor();
    case TorchName::kSize:
      require_arguments(1);
      return arguments[0].toTuple();
    case TorchName::kOrderedDict:
      if (!arguments.empty()) fail_foreign_pickle(where_, "an OrderedDict made from something else");
      return c10::impl::GenericDict(c10::AnyType::get(), c10::AnyType::get());
    case TorchName::kNumberType:
    case TorchName::kNone:
      break;
  }
  fail_damaged_pickle(where_, "a call of something else than a function");
}

at::Tensor TorchObjects::storage(c10::ArrayRef<IValue> id) {
  if (id.size() != 5 || id[0].toStringRef() != "storage") {
    fail_damaged_pickle(where_, "a reference to something unknown");
  }
  const auto type = static_cast<at::ScalarType>(id[1].toInt());
  const std::int64_t num_elements = id[4].toInt();
  std::int64_t num_bytes = 0;
  if (num_elements < 0 ||
      __builtin_mul_overflow(num_elements, static_cast<std::int64_t>(c10::elementSize(type)), &num_bytes)) {
    fail_damaged_pickle(where_, fmt::format("a storage of {} numbers", num_elements));
  }
  const std::string& key = id[2].toStringRef();
  const auto known = storages_.find(key);
  const at::Tensor bytes = known != storages_.end() ? known->second : read_storage_(key, num_bytes);
  storages_[key] = bytes;
  return bytes.view(type);
}

void fail_damaged_pickle(std::string_view where, std::string_view got) {
  throw Error(where, "the pickle in this file must be whole", got, "it is damaged; get or write it again");
}

void fail_foreign_pickle(std::string_view where, std::string_view got) {
  throw Error(where, "a .pt must hold tensors, numbers, text and lists, tuples and dicts of them", got,
              "save the tensors alone with torch.save");
}

}  // namespace srm
