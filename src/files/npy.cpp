#include "files/npy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <optional>
#include <string_view>

#include "srm/error.h"

namespace srm {
namespace {

// The format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::string_view kSuffix = ".npy";
constexpr std::size_t kLongestHeader = std::size_t{1} << 16;

struct TypeEntry {
  NumberType type;
  std::string_view descr;
  std::size_t num_bytes;
  const char* name;
};
constexpr std::array kTypes = {
    TypeEntry{NumberType::kBool, "b1", 1, "bool"},       TypeEntry{NumberType::kInt8, "i1", 1, "int8"},
    TypeEntry{NumberType::kInt16, "i2", 2, "int16"},     TypeEntry{NumberType::kInt32, "i4", 4, "int32"},
    TypeEntry{NumberType::kInt64, "i8", 8, "int64"},     TypeEntry{NumberType::kUInt8, "u1", 1, "uint8"},
    TypeEntry{NumberType::kUInt16, "u2", 2, "uint16"},   TypeEntry{NumberType::kUInt32, "u4", 4, "uint32"},
    TypeEntry{NumberType::kUInt64, "u8", 8, "uint64"},   TypeEntry{NumberType::kFloat16, "f2", 2, "float16"},
    TypeEntry{NumberType::kFloat32, "f4", 4, "float32"}, TypeEntry{NumberType::kFloat64, "f8", 8, "float64"}};

const TypeEntry& entry_of(NumberType type) { return kTypes[static_cast<std::size_t>(type)]; }

[[noreturn]] void fail_damaged(std::string_view where, std::string_view got) {
  throw Error(where, "a .npy array must have a header and as many numbers as that says", got,
              "it is damaged or was cut short; write it again with numpy.save");
}

// What the array is read from, a file or a member of an archive: the next bytes, or an Error.
using ReadBytes = std::function<void(void*, std::size_t)>;

struct Header {
  const TypeEntry* type = nullptr;
  bool is_swapped = false;  // the other byte order than this machine's
  bool is_fortran_order = false;
  std::vector<std::int64_t> shape;
  std::size_t num_elements = 1;
};

// The text after 'key': in the header, which is a Python dict.
std::string_view text_after(std::string_view header, std::string_view key, std::string_view where) {
  const std::string quoted = fmt::format("'{}':", key);
  const std::size_t found = header.find(quoted);
  if (found == std::string_view::npos) fail_damaged(where, fmt::format("a header without {}", key));
  header.remove_prefix(found + quoted.size());
  return header.substr(std::min(header.find_first_not_of(' '), header.size()));
}

void parse_type(std::string_view text, Header& header, std::string_view where) {
  const std::size_t end = text.starts_with('\'') ? text.find('\'', 1) : std::string_view::npos;
  const std::string_view descr = end == std::string_view::npos ? "" : text.substr(1, end - 1);
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeEntry& entry) {
    return descr.size() == 3 && descr.substr(1) == entry.descr;
  });
  if (found == kTypes.end() || std::string_view("<>|=").find(descr[0]) == std::string_view::npos) {
    throw Error(where, "numbers must be bool, int8 to int64, uint8 to uint64 or float16 to float64",
                descr.empty() ? "a structure" : fmt::format("the NumPy type '{}'", descr),
                "convert them with numpy.astype and save again");
  }
  header.type = &*found;
  constexpr char kOtherOrder = std::endian::native == std::endian::little ? '>' : '<';
  header.is_swapped = descr[0] == kOtherOrder && found->num_bytes > 1;
}

void parse_shape(std::string_view text, Header& header, std::string_view where) {
  const std::size_t end = text.find(')');
  if (!text.starts_with('(') || end == std::string_view::npos) fail_damaged(where, "a header without a shape");
  text = text.substr(1, end - 1);
  if (text.find_first_not_of("0123456789, L") != std::string_view::npos)
    fail_damaged(where, "a shape of other than sizes");
  std::size_t num_bytes = header.type->num_bytes;
  while (text.find_first_of("0123456789") != std::string_view::npos) {
    text.remove_prefix(text.find_first_of("0123456789"));
    std::int64_t size = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc() || __builtin_mul_overflow(num_bytes, static_cast<std::size_t>(size), &num_bytes)) {
      fail_damaged(where, "a shape too large for any file");
    }
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
    header.shape.push_back(size);
  }
  header.num_elements = num_bytes / header.type->num_bytes;
}

// Reads up to the first number and says how many bytes that took.
std::pair<Header, std::uint64_t> read_header(const ReadBytes& read, std::string_view where) {
  std::array<char, 8> start{};
  read(start.data(), start.size());
  if (std::string_view(start.data(), kMagic.size()) != kMagic) fail_damaged(where, "another beginning");
  const int version = start[6];
  if (version < 1 || version > 3) {
    throw Error(where, "the .npy format must be of version 1 to 3", fmt::format("version {}", version),
                "save it again with numpy.save");
  }
  std::array<unsigned char, 4> length_bytes{};
  const std::size_t num_length_bytes = version == 1 ? 2 : 4;
  read(length_bytes.data(), num_length_bytes);
  std::size_t length = 0;
  for (std::size_t k = num_length_bytes; k-- > 0;) length = length * 256 + length_bytes[k];
  if (length > kLongestHeader) fail_damaged(where, fmt::format("a header of {} bytes", length));
  std::string text(length, '\0');
  read(text.data(), length);

  Header header;
  parse_type(text_after(text, "descr", where), header, where);
  const std::string_view order = text_after(text, "fortran_order", where);
  header.is_fortran_order = order.starts_with("True");
  if (!header.is_fortran_order && !order.starts_with("False")) fail_damaged(where, "a header without fortran_order");
  parse_shape(text_after(text, "shape", where), header, where);
  return {std::move(header), start.size() + num_length_bytes + length};
}

void swap_bytes(std::byte* data, std::size_t num_elements, std::size_t num_bytes) {
  for (std::size_t k = 0; k < num_elements; ++k) std::reverse(data + k * num_bytes, data + (k + 1) * num_bytes);
}

// From the first index running fastest to the last one.
std::shared_ptr<std::byte[]> to_c_order(const std::byte* data, const Header& header) {
  const std::size_t num_bytes = header.type->num_bytes;
  auto ordered = std::make_shared_for_overwrite<std::byte[]>(header.num_elements * num_bytes);
  const std::size_t num_dims = header.shape.size();
  std::vector<std::size_t> stride(num_dims, 1);
  for (std::size_t d = 1; d < num_dims; ++d) stride[d] = stride[d - 1] * static_cast<std::size_t>(header.shape[d - 1]);
  std::vector<std::int64_t> index(num_dims, 0);
  std::size_t source = 0;
  for (std::size_t k = 0; k < header.num_elements; ++k) {
    std::memcpy(ordered.get() + k * num_bytes, data + source * num_bytes, num_bytes);
    for (std::size_t d = num_dims; d-- > 0;) {
      source += stride[d];
      if (++index[d] < header.shape[d]) break;
      source -= stride[d] * static_cast<std::size_t>(header.shape[d]);
      index[d] = 0;
    }
  }
  return ordered;
}

NpyArray read_array(const ReadBytes& read, std::uint64_t num_bytes, std::string_view where) {
  const auto [header, num_header_bytes] = read_header(read, where);
  const std::size_t num_data_bytes = header.num_elements * header.type->num_bytes;
  if (num_bytes - num_header_bytes != num_data_bytes) {
    fail_damaged(where, fmt::format("{} bytes for {} of shape ({}), which takes {}", num_bytes - num_header_bytes,
                                    header.type->name, fmt::join(header.shape, ", "), num_data_bytes));
  }
  NpyArray array{header.type->type, header.shape, header.num_elements,
                 std::make_shared_for_overwrite<std::byte[]>(num_data_bytes)};
  read(array.data.get(), num_data_bytes);
  if (header.is_swapped) swap_bytes(array.data.get(), header.num_elements, header.type->num_bytes);
  if (header.is_fortran_order && header.shape.size() > 1) array.data = to_c_order(array.data.get(), header);
  return array;
}

double half_to_double(std::uint16_t half) {
  const int exponent = (half >> 10) & 0x1f;
  const int fraction = half & 0x3ff;
  double value = 0;
  if (exponent == 0x1f) {
    value = fraction == 0 ? INFINITY : NAN;
  } else {
    value = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(fraction + 0x400, exponent - 25);
  }
  return half & 0x8000 ? -value : value;
}

}  // namespace

const char* to_string(NumberType type) { return entry_of(type).name; }

std::vector<double> NpyArray::to_doubles() const {
  const auto copy = [this]<typename T>(T) {
    const auto numbers = values<T>();
    return std::vector<double>(numbers.begin(), numbers.end());
  };
  switch (type) {
    case NumberType::kBool:
    case NumberType::kUInt8:
      return copy(std::uint8_t{});
    case NumberType::kInt8:
      return copy(std::int8_t{});
    case NumberType::kInt16:
      return copy(std::int16_t{});
    case NumberType::kInt32:
      return copy(std::int32_t{});
    case NumberType::kInt64:
      return copy(std::int64_t{});
    case NumberType::kUInt16:
      return copy(std::uint16_t{});
    case NumberType::kUInt32:
      return copy(std::uint32_t{});
    case NumberType::kUInt64:
      return copy(std::uint64_t{});
    case NumberType::kFloat32:
      return copy(float{});
    case NumberType::kFloat64:
      return copy(double{});
    case NumberType::kFloat16:
      break;
  }
  std::vector<double> numbers(num_elements);
  std::transform(values<std::uint16_t>().begin(), values<std::uint16_t>().end(), numbers.begin(), half_to_double);
  return numbers;
}

NpyArray read_npy(const std::filesystem::path& path) {
  const std::string where = path.string();
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(where, "the file must be readable", "a file that cannot be opened", "check the path");
  const ReadBytes read = [&](void* data, std::size_t num_bytes) {
    if (!file.read(static_cast<char*>(data), static_cast<std::streamsize>(num_bytes))) {
      fail_damaged(where, "an early end");
    }
  };
  return read_array(read, std::filesystem::file_size(path), where);
}

std::vector<std::string> npz_keys(const ZipArchive& archive) {
  std::vector<std::string> keys;
  for (const std::string& name : archive.names()) {
    if (name.ends_with(kSuffix)) keys.push_back(name.substr(0, name.size() - kSuffix.size()));
  }
  return keys;
}

NpyArray read_npz(const ZipArchive& archive, const std::string& key) {
  const std::string name = fmt::format("{}{}", key, kSuffix);
  if (!archive.contains(name)) {
    throw Error(archive.path(), "the key must be that of an array in this .npz", fmt::format("'{}'", key),
                fmt::format("choose from {}", fmt::join(npz_keys(archive), ", ")));
  }
  ZipMember member = archive.open(name);
  const NpyArray array = read_array([&](void* data, std::size_t num_bytes) { member.read(data, num_bytes); },
                                    member.num_bytes(), fmt::format("{}: {}", archive.path(), name));
  member.finish();
  return array;
}

}  // namespace srm
