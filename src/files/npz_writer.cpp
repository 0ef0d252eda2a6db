#include "files/npz_writer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <boost/locale/encoding_utf.hpp>

#include "srm/error.h"

namespace srm {
namespace {

// The format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html

constexpr char kOrder = std::endian::native == std::endian::little ? '<' : '>';

std::string header_of(const std::string& type, const std::vector<std::int64_t>& shape) {
  constexpr std::size_t kAligned = 64;
  constexpr std::size_t kStartBytes = 10;  // magic, version and length
  std::string dict = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}{}), }}", kOrder, type,
                                 fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  const std::size_t size = (kStartBytes + dict.size() + 1 + kAligned - 1) / kAligned * kAligned - kStartBytes;
  dict.resize(size - 1, ' ');
  std::string header = "\x93NUMPY";
  header += '\x01';
  header += '\0';
  header += static_cast<char>(size % 256);
  header += static_cast<char>(size / 256);
  return header + dict + "\n";
}

}  // namespace

void NpzWriter::add_array(const std::string& name, const std::string& type, const std::vector<std::int64_t>& shape,
                          std::size_t num_elements, const void* data, std::size_t num_bytes) {
  std::size_t num_wanted = 1;
  for (const std::int64_t size : shape) num_wanted *= static_cast<std::size_t>(size);
  if (num_wanted != num_elements) {
    throw Error("npz " + name, "an array must have as many numbers as its shape says",
                fmt::format("{} for ({})", num_elements, fmt::join(shape, ", ")), "correct the shape");
  }
  archive_.add(name + ".npy", header_of(type, shape), data, num_bytes);
}

void NpzWriter::add(const std::string& name, const std::vector<std::int64_t>& shape,
                    std::span<const std::int64_t> values) {
  add_array(name, "i8", shape, values.size(), values.data(), values.size_bytes());
}

void NpzWriter::add(const std::string& name, const std::vector<std::int64_t>& shape, std::span<const double> values) {
  add_array(name, "f8", shape, values.size(), values.data(), values.size_bytes());
}

void NpzWriter::add_copy(const std::string& name, const std::vector<std::int64_t>& shape,
                         std::vector<std::int64_t> values) {
  add(name, shape, std::span<const std::int64_t>(integers_.emplace_back(std::move(values))));
}

void NpzWriter::add_copy(const std::string& name, const std::vector<std::int64_t>& shape, std::vector<double> values) {
  add(name, shape, std::span<const double>(numbers_.emplace_back(std::move(values))));
}

void NpzWriter::add_texts(const std::string& name, const std::vector<std::int64_t>& shape,
                          const std::vector<std::string>& texts) {
  std::vector<std::u32string> decoded;
  std::size_t width = 1;
  for (const std::string& text : texts) {
    decoded.push_back(boost::locale::conv::utf_to_utf<char32_t>(text));
    width = std::max(width, decoded.back().size());
  }
  std::u32string& all = texts_.emplace_back();
  for (std::u32string& text : decoded) {
    text.resize(width, U'\0');
    all += text;
  }
  add_array(name, fmt::format("U{}", width), shape, texts.size(), all.data(), all.size() * sizeof(char32_t));
}

}  // namespace srm
