#include "io/unpickler.h"

#include <ATen/ATen.h>
#include <ATen/core/Dict.h>
#include <ATen/core/List.h>
#include <fmt/format.h>
#include <torch/csrc/jit/serialization/pickler_helper.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "srm/error.h"

namespace srm {
namespace {

using Op = torch::jit::PickleOpCode;
using c10::IValue;

// What a pickle may name; each is acted out here.
enum class Callable { kNone, kRebuildTensor, kRebuildTypedTensor, kRebuildParameter, kOrderedDict, kSize, kNumberType };

struct Item {
  IValue value;  // of a number type: the at::ScalarType
  Callable callable = Callable::kNone;
  int depth = 0;  // of the containers in it
};

// Values are destroyed, and walked by their users, recursively.
constexpr int kDeepest = 500;

const std::unordered_map<std::string_view, Callable> kCallables = {
    {"torch._utils._rebuild_tensor_v2", Callable::kRebuildTensor},
    {"torch._utils._rebuild_tensor_v3", Callable::kRebuildTypedTensor},
    {"torch._utils._rebuild_parameter", Callable::kRebuildParameter},
    {"torch._utils._rebuild_parameter_with_state", Callable::kRebuildParameter},
    {"collections.OrderedDict", Callable::kOrderedDict},
    {"torch.Size", Callable::kSize}};

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

class Unpickler {
 public:
  Unpickler(std::string_view pickle, const ReadStorage& read_storage, std::string_view where)
      : rest_(pickle), read_storage_(read_storage), where_(where) {}

  IValue run() {
    if (take<Op>() != Op::PROTO) fail_damaged("another beginning");
    const auto protocol = take<std::uint8_t>();
    if (protocol < 2 || protocol > 4) {
      throw Error(where_, "the pickle protocol must be 2 to 4", fmt::format("{}", protocol),
                  "save it with torch.save and its usual protocol");
    }
    for (Op op = take<Op>(); op != Op::STOP; op = take<Op>()) step(op);
    const Item result = pop();
    if (!stack_.empty() || !marks_.empty() || result.callable != Callable::kNone) fail_damaged("a loose end");
    return result.value;
  }

 private:
  [[noreturn]] void fail_damaged(const std::string& got) const {
    throw Error(where_, "the pickle in this file must be whole", got, "it is damaged; get or write it again");
  }
  [[noreturn]] void fail_foreign(const std::string& got) const {
    throw Error(where_, "a .pt must hold tensors, numbers, text and lists, tuples and dicts of them", got,
                "save the tensors alone with torch.save");
  }

  std::string_view take_bytes(std::size_t size) {
    if (size > rest_.size()) fail_damaged("an early end");
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  template <typename T>
  T take() {
    T value;
    std::memcpy(&value, take_bytes(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::string_view take_line() {
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) fail_damaged("an early end");
    const std::string_view line = take_bytes(end);
    take_bytes(1);
    return line;
  }
  std::int64_t take_long() {
    const std::string_view bytes = take_bytes(take<std::uint8_t>());
    if (bytes.size() > 8) fail_foreign("an integer of more than 64 bits");
    std::uint64_t value = !bytes.empty() && (bytes.back() & 0x80) ? ~std::uint64_t{0} : 0;
    for (std::size_t k = bytes.size(); k-- > 0;) value = value << 8 | static_cast<std::uint8_t>(bytes[k]);
    return static_cast<std::int64_t>(value);
  }

  void push(IValue value, int depth = 0) { stack_.push_back({std::move(value), Callable::kNone, depth}); }
  // No opcode reaches below the last mark but those that take it away.
  Item pop() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) fail_damaged("an operation without its operand");
    Item item = std::move(stack_.back());
    stack_.pop_back();
    return item;
  }
  std::vector<Item> pop_mark() {
    if (marks_.empty()) fail_damaged("an operation without its operands");
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Item> items(std::make_move_iterator(first), std::make_move_iterator(stack_.end()));
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return items;
  }
  std::vector<Item> pop_several(std::size_t count) {
    std::vector<Item> items(count);
    for (std::size_t k = count; k-- > 0;) items[k] = pop();
    return items;
  }

  int depth_over(std::span<const Item> items, int depth = 0) const {
    for (const Item& item : items) depth = std::max(depth, item.depth + 1);
    if (depth > kDeepest) fail_foreign(fmt::format("containers more than {} deep", kDeepest));
    return depth;
  }

  // Storages and number types stand among the arguments of a call and nowhere else; there they are looked at by name.
  void push_tuple(std::vector<Item> items) {
    const int depth = depth_over(items);
    std::vector<IValue> values;
    values.reserve(items.size());
    for (Item& item : items) values.push_back(std::move(item.value));
    push(c10::ivalue::Tuple::create(std::move(values)), depth);
  }

  void extend_list(std::vector<Item> items) {
    Item list = pop();
    if (!list.value.isList()) fail_damaged("an append to something else than a list");
    list.depth = depth_over(items, list.depth);
    for (Item& item : items) list.value.toList().push_back(std::move(item.value));
    stack_.push_back(std::move(list));
  }

  void extend_dict(std::vector<Item> items) {
    Item dict = pop();
    if (!dict.value.isGenericDict() || items.size() % 2 != 0) fail_damaged("a wrong entry of a dict");
    dict.depth = depth_over(items, dict.depth);
    for (std::size_t k = 0; k < items.size(); k += 2) {
      const IValue& key = items[k].value;
      if (!key.isString() && !key.isInt() && !key.isBool() && !key.isDouble()) {
        fail_foreign(fmt::format("a dict with a key of type {}", key.tagKind()));
      }
      dict.value.toGenericDict().insert_or_assign(key, std::move(items[k + 1].value));
    }
    stack_.push_back(std::move(dict));
  }

  void memoize(std::size_t place) {
    Item item = pop();
    memo_[place] = item;
    stack_.push_back(std::move(item));
  }
  void push_memo(std::size_t place) {
    const auto found = memo_.find(place);
    if (found == memo_.end()) fail_damaged("a reference to nothing");
    stack_.push_back(found->second);
  }

  void push_global(std::string_view module, std::string_view name) {
    const std::string full_name = fmt::format("{}.{}", module, name);
    if (const auto found = kCallables.find(full_name); found != kCallables.end()) {
      stack_.push_back({IValue(), found->second, 0});
    } else if (const auto type = kNumberTypes.find(full_name); type != kNumberTypes.end()) {
      stack_.push_back({IValue(static_cast<std::int64_t>(type->second)), Callable::kNumberType, 0});
    } else {
      fail_foreign(fmt::format("'{}'", full_name));
    }
  }

  static std::vector<std::int64_t> to_integers(const IValue& tuple) {
    std::vector<std::int64_t> integers;
    for (const IValue& value : tuple.toTupleRef().elements()) integers.push_back(value.toInt());
    return integers;
  }

  // A storage comes as a one-dimensional tensor of its type.
  void push_storage() {
    const IValue id = pop().value;
    const c10::ArrayRef<IValue> parts = id.toTupleRef().elements().asArrayRef();
    if (parts.size() != 5 || parts[0].toStringRef() != "storage") fail_damaged("a reference to something unknown");
    const auto type = static_cast<at::ScalarType>(parts[1].toInt());
    const std::int64_t num_elements = parts[4].toInt();
    std::int64_t num_bytes = 0;
    if (num_elements < 0 ||
        __builtin_mul_overflow(num_elements, static_cast<std::int64_t>(c10::elementSize(type)), &num_bytes)) {
      fail_damaged(fmt::format("a storage of {} numbers", num_elements));
    }
    const std::string& key = parts[2].toStringRef();
    const auto known = storages_.find(key);
    const at::Tensor bytes = known != storages_.end() ? known->second : read_storage_(key, num_bytes);
    storages_[key] = bytes;
    push(bytes.view(type));
  }

  at::Tensor rebuild_tensor(at::Tensor storage, const IValue& offset, const IValue& sizes, const IValue& strides) {
    const std::vector<std::int64_t> size = to_integers(sizes);
    const std::vector<std::int64_t> stride = to_integers(strides);
    const auto is_negative = [](std::int64_t number) { return number < 0; };
    if (offset.toInt() < 0 || std::any_of(size.begin(), size.end(), is_negative)) fail_damaged("a negative size");
    return storage.as_strided(size, stride, offset.toInt());  // checks that it stays inside
  }

  void push_call() {
    const Item argument_item = pop();
    const Item function = pop();
    const c10::ArrayRef<IValue> arguments = argument_item.value.toTupleRef().elements().asArrayRef();
    const auto require_arguments = [&](std::size_t count) {
      if (arguments.size() < count) fail_damaged("a call with too few arguments");
    };
    switch (function.callable) {
      case Callable::kRebuildTensor:
        require_arguments(4);
        push(rebuild_tensor(arguments[0].toTensor(), arguments[1], arguments[2], arguments[3]));
        break;
      case Callable::kRebuildTypedTensor:
        require_arguments(7);
        push(rebuild_tensor(arguments[0].toTensor().view(static_cast<at::ScalarType>(arguments[6].toInt())),
                            arguments[1], arguments[2], arguments[3]));
        break;
      case Callable::kRebuildParameter:
        require_arguments(1);
        push(arguments[0].toTensor());
        break;
      case Callable::kSize:
        require_arguments(1);
        push(arguments[0].toTuple(), argument_item.depth - 1);
        break;
      case Callable::kOrderedDict:
        if (arguments.size() != 0) fail_foreign("an OrderedDict made from something else");
        push(c10::impl::GenericDict(c10::AnyType::get(), c10::AnyType::get()));
        break;
      case Callable::kNumberType:
      case Callable::kNone:
        fail_damaged("a call of something else than a function");
    }
  }

  void step(Op op) {
    switch (op) {
      case Op::NONE:
        return push(IValue());
      case Op::NEWTRUE:
        return push(true);
      case Op::NEWFALSE:
        return push(false);
      case Op::BININT1:
        return push(static_cast<std::int64_t>(take<std::uint8_t>()));
      case Op::BININT2:
        return push(static_cast<std::int64_t>(take<std::uint16_t>()));
      case Op::BININT:
        return push(static_cast<std::int64_t>(take<std::int32_t>()));
      case Op::LONG1:
        return push(take_long());
      case Op::BINFLOAT:
        return push(std::bit_cast<double>(__builtin_bswap64(take<std::uint64_t>())));
      case Op::BINUNICODE:
        return push(std::string(take_bytes(take<std::uint32_t>())));
      case Op::SHORT_BINUNICODE:
        return push(std::string(take_bytes(take<std::uint8_t>())));
      case Op::EMPTY_TUPLE:
        return push_tuple({});
      case Op::TUPLE1:
        return push_tuple(pop_several(1));
      case Op::TUPLE2:
        return push_tuple(pop_several(2));
      case Op::TUPLE3:
        return push_tuple(pop_several(3));
      case Op::TUPLE:
        return push_tuple(pop_mark());
      case Op::EMPTY_LIST:
        return push(c10::impl::GenericList(c10::AnyType::get()));
      case Op::APPEND:
        return extend_list(pop_several(1));
      case Op::APPENDS:
        return extend_list(pop_mark());
      case Op::EMPTY_DICT:
        return push(c10::impl::GenericDict(c10::AnyType::get(), c10::AnyType::get()));
      case Op::SETITEM:
        return extend_dict(pop_several(2));
      case Op::SETITEMS:
        return extend_dict(pop_mark());
      case Op::MARK:
        return marks_.push_back(stack_.size());
      case Op::BINPUT:
        return memoize(take<std::uint8_t>());
      case Op::LONG_BINPUT:
        return memoize(take<std::uint32_t>());
      case Op::MEMOIZE:
        return memoize(memo_.size());
      case Op::BINGET:
        return push_memo(take<std::uint8_t>());
      case Op::LONG_BINGET:
        return push_memo(take<std::uint32_t>());
      case Op::GLOBAL: {
        const std::string_view module = take_line();
        return push_global(module, take_line());
      }
      case Op::STACK_GLOBAL: {
        const std::vector<Item> names = pop_several(2);
        return push_global(names[0].value.toStringRef(), names[1].value.toStringRef());
      }
      case Op::BINPERSID:
        return push_storage();
      case Op::REDUCE:
        return push_call();
      case Op::BUILD:
        // Attributes of an OrderedDict (a state_dict carries version numbers so); the entries are there already.
        pop();
        if (stack_.empty() || !stack_.back().value.isGenericDict()) fail_foreign("an object with attributes");
        return;
      case Op::FRAME:
        take<std::uint64_t>();
        return;
      default:
        fail_foreign(fmt::format("an object of another kind (pickle opcode {})", static_cast<int>(op)));
    }
  }

  std::string_view rest_;
  const ReadStorage& read_storage_;
  const std::string_view where_;
  std::vector<Item> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::size_t, Item> memo_;
  std::map<std::string, at::Tensor, std::less<>> storages_;  // by key, as bytes
};

}  // namespace

c10::IValue unpickle(std::string_view pickle, const ReadStorage& read_storage, std::string_view where) {
  try {
    return Unpickler(pickle, read_storage, where).run();
  } catch (const c10::Error& error) {
    // A value of another type than its place asks for, or a tensor that reaches beyond its storage.
    throw Error(where, "the pickle in this file must be whole", error.what_without_backtrace(),
                "it is damaged; get or write it again");
  }
}

}  // namespace srm
