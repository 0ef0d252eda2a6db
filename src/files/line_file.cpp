#include "files/line_file.h"

#include <fmt/format.h>

#include <string_view>

#include "srm/error.h"

namespace srm {

LineFile::LineFile(const std::filesystem::path& path) : file_(path, "file of JSON lines") {
  const std::string bytes = file_.read();
  const std::size_t num_whole_bytes = bytes.rfind('\n') + 1;  // 0 where there is none
  const std::string_view torn = std::string_view(bytes).substr(num_whole_bytes);
  // A file system that had not written the data of a longer file yet shows zeros.
  const bool is_ours = bytes.empty() || bytes.front() == '{' || bytes.find_first_not_of('\0') == std::string::npos;
  const bool is_torn_line = torn.empty() || torn.front() == '{' || torn.find_first_not_of('\0') == std::string::npos;
  if (!is_ours || !is_torn_line) {
    throw Error(path.string(), "a file that goes on must hold an object a line", "something else",
                "name another file; this one was left alone");
  }
  file_.cut_to(static_cast<std::int64_t>(num_whole_bytes));
}

}  // namespace srm
