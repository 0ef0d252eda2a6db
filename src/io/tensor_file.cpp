#include <ATen/ATen.h>
#include <ATen/core/Dict.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <vector>

#include "files/input_file.h"
#include "files/npy.h"
#include "files/zip_archive.h"
#include "srm/error.h"
#include "srm/io.h"

namespace srm {
namespace {

at::ScalarType torch_type(NumberType type) {
  switch (type) {
    case NumberType::kBool:
      return at::kBool;
    case NumberType::kInt8:
      return at::kChar;
    case NumberType::kInt16:
      return at::kShort;
    case NumberType::kInt32:
      return at::kInt;
    case NumberType::kInt64:
      return at::kLong;
    case NumberType::kUInt8:
      return at::kByte;
    case NumberType::kUInt16:
      return at::kUInt16;
    case NumberType::kUInt32:
      return at::kUInt32;
    case NumberType::kUInt64:
      return at::kUInt64;
    case NumberType::kFloat16:
      return at::kHalf;
    case NumberType::kFloat32:
      return at::kFloat;
    case NumberType::kFloat64:
      break;
  }
  return at::kDouble;
}

// The tensor keeps the array's memory alive; nothing is copied.
at::Tensor to_tensor(const NpyArray& array) {
  return at::from_blob(
      array.data.get(), array.shape, [data = array.data](void*) {}, torch_type(array.type));
}

std::vector<std::string> keys_of(const c10::impl::GenericDict& dict) {
  std::vector<std::string> keys;
  for (const auto& entry : dict) keys.push_back(entry.key().isString() ? entry.key().toStringRef() : "(not text)");
  return keys;
}

std::optional<c10::IValue> entry_of(const c10::impl::GenericDict& dict, std::string_view key) {
  const auto found = dict.find(c10::IValue(std::string(key)));
  return found == dict.end() ? std::nullopt : std::optional(found->value());
}

c10::IValue read_npz_value(const ZipArchive& archive, const std::string& key) {
  const std::vector<std::string> keys = npz_keys(archive);
  if (!key.empty()) return to_tensor(read_npz(archive, key));
  if (keys.size() == 1) return to_tensor(read_npz(archive, keys.front()));
  c10::impl::GenericDict arrays(c10::AnyType::get(), c10::AnyType::get());
  for (const std::string& name : keys) arrays.insert(name, to_tensor(read_npz(archive, name)));
  return arrays;
}

c10::IValue read_pickle_value(const FileAndKey& file) {
  const c10::IValue value = load_pickle(file.path);
  if (file.key.empty()) return value;
  const std::string where = file.path.string();
  if (!value.isGenericDict()) {
    throw Error(where, "a key needs a file with a dict in it", fmt::format("'{}' and a {}", file.key, value.tagKind()),
                "leave the key out");
  }
  if (const auto entry = entry_of(value.toGenericDict(), file.key)) return *entry;
  throw Error(where, "the key must be in this file's dict", fmt::format("'{}'", file.key),
              fmt::format("choose from {}", fmt::join(keys_of(value.toGenericDict()), ", ")));
}

bool is_npz(const ZipArchive& archive) { return !npz_keys(archive).empty(); }

void require_no_key(const FileAndKey& file) {
  if (file.key.empty()) return;
  throw Error(file.path.string(), "a .npy holds one array, without a key", fmt::format("the key '{}'", file.key),
              "leave the key out");
}

}  // namespace

c10::IValue read_value(const std::string& file_and_key) {
  const FileAndKey file = split_file_and_key(file_and_key);
  const FileKind kind = file_kind(file.path);
  if (kind == FileKind::kNpy) {
    require_no_key(file);
    return to_tensor(read_npy(file.path));
  }
  if (kind == FileKind::kZip) {
    const ZipArchive archive(file.path);
    if (is_npz(archive)) return read_npz_value(archive, file.key);
  }
  return read_pickle_value(file);
}

at::Tensor read_tensor(const std::string& file_and_key, std::string_view preferred_key) {
  const FileAndKey file = split_file_and_key(file_and_key);
  const std::string where = file.path.string();
  // Only the one array of an archive that is asked for is read.
  if (file.key.empty() && file_kind(file.path) == FileKind::kZip) {
    const ZipArchive archive(file.path);
    const std::vector<std::string> keys = npz_keys(archive);
    if (keys.size() > 1) return to_tensor(read_npz(archive, std::string(preferred_key)));
  }
  const c10::IValue value = read_value(file_and_key);
  if (value.isTensor()) return value.toTensor();
  if (value.isGenericDict() && file.key.empty()) {
    const c10::impl::GenericDict dict = value.toGenericDict();
    const auto preferred = entry_of(dict, preferred_key);
    if (preferred && preferred->isTensor()) return preferred->toTensor();
    if (dict.size() == 1 && dict.begin()->value().isTensor()) return dict.begin()->value().toTensor();
    throw Error(where, fmt::format("a dict needs one tensor, or one called '{}'", preferred_key),
                fmt::format("the keys {}", fmt::join(keys_of(dict), ", ")), "choose one as FILE:KEY");
  }
  throw Error(where, "this must be one tensor", fmt::format("a {}", value.tagKind()), "save the tensor alone");
}

}  // namespace srm
