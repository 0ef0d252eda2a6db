#include "io/unpickler.h"

#include <ATen/core/Dict.h>
#include <ATen/core/List.h>
#include <fmt/format.h>
#include <torch/csrc/jit/serialization/pickler_helper.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <unordered_map>
#include <vector>

#include "srm/error.h"

namespace srm {
namespace {

using Op = torch::jit::PickleOpCode;
using c10::IValue;

struct Item {
  IValue value;
  TorchName name = TorchName::kNone;
  int depth = 0;  // of the containers in it
};

// Values are destroyed, and walked by their users, recursively.
constexpr int kDeepest = 500;

class Unpickler {
 public:
  Unpickler(std::string_view pickle, const ReadStorage& read_storage, std::string_view where)
      : rest_(pickle), where_(where), objects_(read_storage, where) {}

  IValue run() {
    if (take<Op>() != Op::PROTO) fail_damaged("another beginning");
    const auto protocol = take<std::uint8_t>();
    if (protocol < 2 || protocol > 4) {
      throw Error(where_, "the pickle protocol must be 2 to 4", fmt::format("{}", protocol),
                  "save it with torch.save and its usual protocol");
    }
    for (Op op = take<Op>(); op != Op::STOP; op = take<Op>()) step(op);
    const Item result = pop();
    if (!stack_.empty() || !marks_.empty() || result.name != TorchName::kNone) fail_damaged("a loose end");
    return result.value;
  }

 private:
  [[noreturn]] void fail_damaged(std::string_view got) const { fail_damaged_pickle(where_, got); }
  [[noreturn]] void fail_foreign(std::string_view got) const { fail_foreign_pickle(where_, got); }

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

  void push(IValue value, int depth = 0) { stack_.push_back({std::move(value), TorchName::kNone, depth}); }
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
    TorchNamed found = objects_.find(module, name);
    stack_.push_back({std::move(found.value), found.name, 0});
  }

  void push_call() {
    const Item arguments = pop();
    const Item function = pop();
    push(objects_.call(function.name, arguments.value.toTupleRef().elements().asArrayRef()), arguments.depth);
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
        return push(objects_.storage(pop().value.toTupleRef().elements().asArrayRef()));
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
  const std::string_view where_;
  TorchObjects objects_;
  std::vector<Item> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::size_t, Item> memo_;
};

}  // namespace

c10::IValue unpickle(std::string_view pickle, const ReadStorage& read_storage, std::string_view where) {
  try {
    return Unpickler(pickle, read_storage, where).run();
  } catch (const c10::Error& error) {
    // A value of another type than its place asks for, or a tensor that reaches beyond its storage.
    fail_damaged_pickle(where, error.what_without_backtrace());
  }
}

}  // namespace srm
