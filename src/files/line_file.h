#pragma once

#include <filesystem>
#include <string>

#include "files/append_file.h"

namespace srm {

/// A file of JSON lines: an object a line, each brought to the disk when it is appended. Not thread-safe.
class LineFile {
 public:
  /// Makes the file, or goes on with it behind its last whole line: one that a dying run left torn is cut off. Throws
  /// srm::Error when it cannot be written, is being written, or holds something other than lines of objects.
  explicit LineFile(const std::filesystem::path& path);

  /// `object` without a line break. Throws srm::Error when the disk is full; then the file is what it was before.
  void append(const std::string& object) { file_.append(object + "\n"); }

 private:
  AppendFile file_;
};

}  // namespace srm
