#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

namespace srm {

/// Whether Python's torch.load(weights_only=True) opens the file, told without torch.
inline bool is_plain_for_python(const std::filesystem::path& path) {
  const char* script = TORCHSRM_SOURCE_DIR "/tests/plain_pickle.py";
  return std::system(fmt::format("'{}' '{}' '{}'", TORCHSRM_PYTHON, script, path.string()).c_str()) == 0;
}

}  // namespace srm
