#include <ATen/ATen.h>
#include <ATen/core/Dict.h>
#include <ATen/core/List.h>
#include <caffe2/serialize/inline_container.h>
#include <fmt/format.h>
#include <torch/csrc/jit/serialization/pickler.h>

#include <exception>
#include <functional>
#include <nlohmann/json.hpp>

#include "files/atomic_file.h"
#include "files/input_file.h"
#include "files/npy.h"
#include "files/zip_archive.h"
#include "io/unpickler.h"
#include "srm/error.h"
#include "srm/io.h"

namespace srm {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& got) {
  throw Error(path.string(), "a .pt may hold tensors, numbers, text and lists, tuples and dicts of them", got,
              "convert it first");
}

// Types that Python's torch names as a storage of their own.
bool has_storage_in_python(at::ScalarType type) {
  switch (type) {
    case at::kBool:
    case at::kByte:
    case at::kChar:
    case at::kShort:
    case at::kInt:
    case at::kLong:
    case at::kHalf:
    case at::kBFloat16:
    case at::kFloat:
    case at::kDouble:
    case at::kComplexFloat:
    case at::kComplexDouble:
      return true;
    default:
      return false;
  }
}

at::Tensor plain_tensor(const at::Tensor& tensor, const std::filesystem::path& path) {
  if (!tensor.defined()) refuse(path, "an undefined tensor");
  if (tensor.layout() != at::kStrided || !tensor.device().is_cpu() || !has_storage_in_python(tensor.scalar_type())) {
    refuse(path, fmt::format("a {} tensor of layout {} on {}", at::toString(tensor.scalar_type()),
                             c10::str(tensor.layout()), tensor.device().str()));
  }
  return tensor.detach().resolve_conj().resolve_neg();
}

const std::string& plain_text(const std::string& text, const std::filesystem::path& path) {
  try {
    nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    refuse(path, "text that is not UTF-8");
  }
  return text;
}

// Lists and dicts with a type of their own are written by a call of torch.jit._pickle, which Python's
// torch.load(weights_only=True) refuses; those typed Any are not.
c10::IValue plain(const c10::IValue& value, const std::filesystem::path& path) {
  if (value.isTensor()) return plain_tensor(value.toTensor(), path);
  if (value.isString()) return plain_text(value.toStringRef(), path);
  if (value.isNone() || value.isBool() || value.isInt() || value.isDouble()) return value;
  if (value.isTuple()) {
    std::vector<c10::IValue> elements;
    for (const c10::IValue& element : value.toTupleRef().elements()) elements.push_back(plain(element, path));
    return c10::ivalue::Tuple::create(std::move(elements));
  }
  if (value.isList()) {
    c10::impl::GenericList elements(c10::AnyType::get());
    for (const c10::IValue& element : value.toListRef()) elements.push_back(plain(element, path));
    return elements;
  }
  if (value.isGenericDict()) {
    c10::impl::GenericDict entries(c10::AnyType::get(), c10::AnyType::get());
    for (const auto& entry : value.toGenericDict())
      entries.insert(plain(entry.key(), path), plain(entry.value(), path));
    return entries;
  }
  refuse(path, "a value of type " + value.tagKind());
}

// The folder that every member lies in, "archive/" or the file's name: where data.pkl is.
std::string folder_of_pickle(const ZipArchive& archive) {
  constexpr std::string_view kPickle = "/data.pkl";
  for (const std::string& name : archive.names()) {
    if (name.ends_with(kPickle) && name.find('/') == name.size() - kPickle.size()) {
      return name.substr(0, name.size() - kPickle.size() + 1);
    }
  }
  throw Error(archive.path(), "a .pt must be a file of torch.save()",
              npz_keys(archive).empty() ? "another zip archive" : "a .npz of NumPy arrays",
              "save the values with torch.save");
}

void require_plain_archive(const ZipArchive& archive, const std::string& folder) {
  if (archive.contains(folder + "constants.pkl")) {
    throw Error(archive.path(), "this must be data saved with torch.save()", "a TorchScript model",
                "a model is no data; name a file of tensors");
  }
  const std::string byte_order = folder + "byteorder";
  if (archive.contains(byte_order) && archive.read_text(byte_order) != "little") {
    throw Error(archive.path(), "numbers must be in little-endian order", archive.read_text(byte_order),
                "save it on a little-endian machine");
  }
}

at::Tensor read_storage(const ZipArchive& archive, const std::string& name, std::int64_t num_bytes) {
  ZipMember member = archive.open(name);
  if (member.num_bytes() != static_cast<std::uint64_t>(num_bytes)) {
    throw Error(archive.path(), fmt::format("{} must hold {} bytes", name, num_bytes),
                fmt::format("{}", member.num_bytes()), "it is damaged; get or write it again");
  }
  at::Tensor bytes = at::empty({num_bytes}, at::kByte);
  member.read(bytes.data_ptr(), member.num_bytes());
  member.finish();
  return bytes;
}

// Writes the archive through `write`, which may throw srm::Error.
void write_pickle(const c10::IValue& value, const std::filesystem::path& path,
                  const std::function<void(const void*, std::size_t)>& write) {
  std::string pickle;
  torch::jit::Pickler pickler([&](const char* data, std::size_t size) { pickle.append(data, size); }, nullptr, nullptr,
                              nullptr, nullptr, /*tag_aggregates=*/false);
  pickler.protocol();
  pickler.pushIValue(plain(value, path));
  pickler.stop();

  std::exception_ptr failure;
  {
    // The archive's writer is C inside and logs what goes wrong: it never hears of it.
    caffe2::serialize::PyTorchStreamWriter archive([&](const void* data, std::size_t size) {
      try {
        if (!failure) write(data, size);
      } catch (const Error&) {
        failure = std::current_exception();
      }
      return size;
    });
    archive.writeRecord("data.pkl", pickle.data(), pickle.size());
    std::size_t number = 0;
    for (const at::Tensor& tensor : pickler.tensorData()) {
      if (failure) break;
      archive.writeRecord(fmt::format("data/{}", number++), tensor.storage().data(), tensor.storage().nbytes());
    }
    archive.writeEndOfFile();
  }
  if (failure) std::rethrow_exception(failure);
}

c10::IValue read_pickle(const ZipArchive& archive) {
  const std::string folder = folder_of_pickle(archive);
  require_plain_archive(archive, folder);
  return unpickle(
      archive.read_text(folder + "data.pkl"),
      [&](const std::string& key, std::int64_t num_bytes) {
        return read_storage(archive, folder + "data/" + key, num_bytes);
      },
      archive.path());
}

}  // namespace

void save_pickle(const c10::IValue& value, const std::filesystem::path& path) {
  AtomicFile file(path);
  write_pickle(value, path, [&](const void* data, std::size_t size) { file.write(data, size); });
  file.commit();
}

std::string pickle_to_bytes(const c10::IValue& value) {
  std::string bytes;
  write_pickle(value, "bytes",
               [&](const void* data, std::size_t size) { bytes.append(static_cast<const char*>(data), size); });
  return bytes;
}

c10::IValue pickle_from_bytes(std::string_view bytes, const std::string& where) {
  return read_pickle(ZipArchive(where, bytes));
}

c10::IValue load_pickle(const std::filesystem::path& path) {
  const FileKind kind = file_kind(path);
  if (kind != FileKind::kZip) {
    throw Error(path.string(), "a .pt must be a file of torch.save()", describe(kind),
                "save the values with torch.save of PyTorch 1.6 or later, or with numpy.save");
  }
  return read_pickle(ZipArchive(path));
}

}  // namespace srm
