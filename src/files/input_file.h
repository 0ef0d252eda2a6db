#pragma once

#include <filesystem>
#include <string>

namespace srm {

/// What a file is by its first bytes, whatever its name says.
enum class FileKind {
  kZip,          ///< a `.npz`, a `.pt` of torch.save(), a TorchScript model
  kNpy,          ///< one NumPy array
  kPickle,       ///< a pickle of Python itself
  kLegacyTorch,  ///< torch.save() before PyTorch 1.6, or without its zip format
  kOther
};

/// Throws srm::Error, one for each, when there is no such file, when it is a folder, empty or not to be read.
FileKind file_kind(const std::filesystem::path& path);

/// What a kind is called in a message: "a NumPy array file".
const char* describe(FileKind kind);

/// "FILE" or "FILE:KEY" taken apart; the whole text is the file when one of that name exists.
struct FileAndKey {
  std::filesystem::path path;
  std::string key;  ///< empty when none was given
};
FileAndKey split_file_and_key(const std::string& text);

}  // namespace srm
