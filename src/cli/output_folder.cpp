#include "cli/output_folder.h"

#include <unistd.h>

#include "srm/error.h"
#include "srm/io.h"
#include "srm/report.h"

namespace srm::cli {

void prepare_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error && !std::filesystem::is_directory(folder)) error = std::make_error_code(std::errc::not_a_directory);
  if (!error && access(folder.c_str(), W_OK | X_OK) != 0) error = std::error_code(errno, std::generic_category());
  if (error) {
    throw Error("--out " + folder.string(), "the folder must be one that can be made and written", error.message(),
                "name another folder");
  }
}

void write_all(const Results& results, const std::filesystem::path& folder) {
  save(results, folder / "results.srm.pt");
  write_reports(results, folder);
}

}  // namespace srm::cli
