#pragma once

#include <ATen/core/ivalue.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "cli/output_folder.h"
#include "srm/basis_learning.h"

namespace srm::cli {

/// Where learned bases go, by the word behind -o: a `.pt` for the basis of one layer, FOLDER/...{layer}....pt for a
/// file a layer, or a folder, which means FOLDER/{layer}.pt.
class BasisFiles {
 public:
  /// Throws Misuse for a word that is none of these, and srm::Error where no file can be written: before anything is
  /// computed.
  explicit BasisFiles(const std::string& out);

  /// Throws srm::Error when there is but one file for several layers.
  void require_room_for(bool has_several_layers) const;
  /// The file for a layer. What could not stand in a file's name, or would be read as something else, is %XX there.
  std::filesystem::path path_of(const std::string& address) const;

 private:
  std::filesystem::path folder_;
  std::string name_;  // with {layer} in it, unless it is for one layer
  std::optional<OutputFolder> made_;
};

/// A learned basis and how it was found, as a plain value for save_pickle(): see the table in the footer of
/// `torchsrm learn-basis --help`. The basis itself is at "basis".
c10::IValue to_value(const LearnedBasis& learned, const LearnOptions& options, const std::string& address,
                     std::int64_t num_rows_offered);

}  // namespace srm::cli
