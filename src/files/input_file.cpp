#include "files/input_file.h"

#include <array>
#include <cerrno>
#include <fstream>
#include <string_view>
#include <system_error>

#include "srm/error.h"

namespace srm {
namespace {

using namespace std::string_view_literals;

constexpr std::array kZipStarts = {"PK\x03\x04"sv, "PK\x05\x06"sv};
constexpr std::string_view kNpyStart = "\x93NUMPY";
constexpr std::string_view kLegacyTorchStart = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e";

bool is_pickle(std::string_view start) {
  return start.size() >= 2 && start[0] == '\x80' && start[1] >= 2 && start[1] <= 5;
}

}  // namespace

FileKind file_kind(const std::filesystem::path& path) {
  const std::string where = path.string();
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    throw Error(where, "the file must exist", "no file of that name", "check the path");
  }
  if (std::filesystem::is_directory(status)) throw Error(where, "this must be a file", "a folder", "name a file in it");
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw Error(where, "the file must be readable", std::system_category().message(errno), "check its permissions");
  }
  std::array<char, 16> bytes{};
  file.read(bytes.data(), bytes.size());
  const std::string_view start(bytes.data(), static_cast<std::size_t>(file.gcount()));
  if (start.empty()) throw Error(where, "the file must hold something", "an empty file", "write it again");
  for (const std::string_view zip_start : kZipStarts) {
    if (start.starts_with(zip_start)) return FileKind::kZip;
  }
  if (start.starts_with(kNpyStart)) return FileKind::kNpy;
  if (start.starts_with(kLegacyTorchStart)) return FileKind::kLegacyTorch;
  return is_pickle(start) ? FileKind::kPickle : FileKind::kOther;
}

const char* describe(FileKind kind) {
  switch (kind) {
    case FileKind::kZip:
      return "a zip archive";
    case FileKind::kNpy:
      return "a NumPy array file";
    case FileKind::kPickle:
      return "a pickle of Python itself";
    case FileKind::kLegacyTorch:
      return "a file of torch.save() in its legacy format";
    case FileKind::kOther:
      break;
  }
  return "a file of an unknown kind";
}

FileAndKey split_file_and_key(const std::string& text) {
  std::error_code error;
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || std::filesystem::exists(text, error)) return {text, ""};
  // When neither is there, the message should name what was most likely meant.
  return {text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace srm
