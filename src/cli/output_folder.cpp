#include "cli/output_folder.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "srm/error.h"
#include "srm/io.h"
#include "srm/report.h"

namespace srm::cli {

OutputFolder::OutputFolder(std::filesystem::path path, std::string_view flag) : path_(std::move(path)) {
  std::error_code error;
  was_made_ = std::filesystem::create_directories(path_, error);
  if (!error && !std::filesystem::is_directory(path_)) error = std::make_error_code(std::errc::not_a_directory);
  if (!error && access(path_.c_str(), W_OK | X_OK) != 0) error = std::error_code(errno, std::generic_category());
  if (error) {
    throw Error(fmt::format("{} {}", flag, path_.string()), "the folder must be one that can be made and written",
                error.message(), "name another folder");
  }
}

OutputFolder::~OutputFolder() {
  std::error_code ignored;
  if (was_made_) std::filesystem::remove(path_, ignored);  // does nothing unless it is empty
}

void OutputFolder::write(const Results& results) const {
  std::error_code ignored;
  std::filesystem::create_directories(path_, ignored);  // it may have gone since, and the result matters more
  save(results, path_ / "results.srm.pt");
  write_reports(results, path_);
}

}  // namespace srm::cli
