#include "cli/output_path.h"

#include <filesystem>
#include <system_error>

#include "cli/command.h"
#include "cli/console.h"
#include "files/atomic_file.h"

namespace srm::cli {
namespace {

bool is_same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
  std::error_code none;  // one that does not exist is no other's file
  return std::filesystem::equivalent(a, b, none);
}

}  // namespace

void require_output(const char* flag, const std::string& output, const std::vector<std::string>& inputs) {
  for (const std::string& input : inputs) {
    // What stands behind a ':' or '@' may belong to the name of the file, or not.
    for (std::size_t end = input.size(); end != std::string::npos && end > 0; end = input.find_last_of(":@", end - 1)) {
      const std::filesystem::path file = input.substr(0, end);
      if (is_same_file(file, output) || is_same_file(file / "results.srm.pt", output)) {
        throw Misuse(flag, "the output must not be a file that is read", printable(output), "name another file");
      }
    }
  }
  AtomicFile tried(output);
}

}  // namespace srm::cli
